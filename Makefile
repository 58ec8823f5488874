# make run | test | test-all | check | bench | quality | checkpoints | restorers | classifier.  Each sets up .venv first; PYTHON=python3.12 chooses the interpreter.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8501
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: run test test-all check bench quality checkpoints restorers classifier clean
.DELETE_ON_ERROR:

run: $(VENV)/.installed
	@echo "Latent space explorer: http://$(HOST):$(PORT)  (Ctrl-C stops it)"
	@exec $(BIN)/streamlit run app.py --server.address $(HOST) --server.port $(PORT)

test: $(VENV)/.installed-tests
	@$(BIN)/python tests/chromium.py
	$(BIN)/python -m pytest

# The same, and then what takes long.
test-all: test
	$(BIN)/python -m pytest -m slow

check: $(VENV)/.installed-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed-tests
	@$(BIN)/python tests/chromium.py
	$(BIN)/python -m benchmarks

# How good every shipped model is, into benchmarks/quality.md.
quality: $(VENV)/.installed
	$(BIN)/python -m benchmarks quality --write

# Trains the shipped model again (the data sets lie in data/ or LATENT_DATA; python -m core.data mnist brings them).
RECIPE := --epochs 200 --seed 0 --weight-decay 0.05 --encoder-hidden 1024 768 512
checkpoints: $(VENV)/.installed
	$(BIN)/python -m core.training --dataset mnist --model vae --latent-dim 2 $(RECIPE) --out checkpoints/vae-mnist-2d

# The networks from image to image. The denoiser learns digits first, then also larger pictures, and digits once more.
RESTORE = $(BIN)/python -m core.training.restoration
restorers: $(VENV)/.installed
	$(RESTORE) denoiser --epochs 24 --out checkpoints/restorers/denoiser
	$(RESTORE) denoiser-pictures --epochs 3 --learning-rate 5e-4 --begin-with denoiser --out checkpoints/restorers/denoiser
	$(RESTORE) denoiser --epochs 1 --learning-rate 3e-4 --seed 1 --begin-with denoiser --keep 0.5 --out checkpoints/restorers/denoiser
	for t in upscaler-x2 upscaler-x4; do $(RESTORE) $$t --epochs 12 --out checkpoints/restorers/$$t || exit 1; done
	for t in autoencoder denoiser upscaler; do $(RESTORE) lesson-$$t --epochs 10 --learning-rate 2e-3 --out checkpoints/restorers/lesson-$$t || exit 1; done

# What says which digit an image shows, to judge what the models draw.
classifier: $(VENV)/.installed
	$(BIN)/python -m core.training.classifier --epochs 20 --out checkpoints/classifiers/mnist

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.10 to 3.13 is needed: install it, or name it: make run PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 10) <= v <= (3, 13) else f"Python 3.10 to 3.13 is needed; $(PYTHON) is {v[0]}.{v[1]}. Name another: make run PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python could not make a virtual environment (on Debian: apt-get install python3-venv)."; exit 1; }

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	@echo "Installing requirements.txt (once; about two minutes)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.installed-tests: tests/requirements.txt $(VENV)/.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $@

clean:
	rm -rf $(VENV)
