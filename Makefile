# make run | test | test-all | check | bench | quality | checkpoints | restorers | classifier.  Each sets up .venv first; PYTHON=python3.12 chooses the interpreter.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8501
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: run test test-all check bench quality checkpoints restorers classifier clean
.DELETE_ON_ERROR:
# What Python has compiled is kept, whatever the environment says: of the tests each worker, server and command would compile it again.
export PYTHONDONTWRITEBYTECODE :=

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

# Trains the shipped models again (the data sets lie in data/ or LATENT_DATA; python -m core.data mnist fashion-mnist brings them).
RECIPE := --epochs 200 --seed 0 --weight-decay 0.05 --encoder-hidden 1024 768 512
MAIN := checkpoints/vae-mnist-2d
STAGE = $(BIN)/python -m core.training.second_stage
TRAIN = $(BIN)/python -m core.training --seed 0
SIZES := --encoder-hidden 512 256 --decoder-hidden 192 192 192 256
SHORT := --epochs 15 --learning-rate 3e-3 --weight-decay 0.05
FAMILY := --model vae $(SIZES) $(SHORT)
checkpoints: $(VENV)/.installed
	$(BIN)/python -m core.training --dataset mnist --model vae --latent-dim 2 $(RECIPE) --out $(MAIN)
	$(STAGE) decoder --epochs 28 --begin-with $(MAIN) --out $(MAIN)
	$(BIN)/python -m core.training.anchored --begin-with $(MAIN) --out $(MAIN)
	$(TRAIN) --model ae $(SIZES) $(SHORT) --out checkpoints/ae-mnist-2d
	$(TRAIN) --model pca --epochs 1 --out checkpoints/pca-mnist-2d
	$(TRAIN) $(FAMILY) --beta 0 --out checkpoints/beta-0-mnist-2d
	$(TRAIN) $(FAMILY) --beta 0.1 --out checkpoints/beta-0.1-mnist-2d
	$(TRAIN) $(FAMILY) --beta 0.3 --out checkpoints/beta-0.3-mnist-2d
	$(TRAIN) $(FAMILY) --beta 1 --out checkpoints/beta-1-mnist-2d
	$(TRAIN) $(FAMILY) --beta 3 --out checkpoints/beta-3-mnist-2d
	$(TRAIN) $(FAMILY) --beta 10 --out checkpoints/beta-10-mnist-2d
	$(BIN)/python -m core.alignment --to checkpoints/beta-1-mnist-2d checkpoints/beta-*-mnist-2d
	$(TRAIN) --model lesson-vae --epochs 30 --out checkpoints/lesson-vae-mnist-2d
	$(TRAIN) --model vae --beta 100 --kl-warmup-epochs 0 --encoder-hidden 256 --decoder-hidden 128 128 --epochs 3 --weight-decay 0.05 --out checkpoints/vae-mnist-2d-collapsed
	$(TRAIN) --model vae $(SIZES) --training-images 500 --no-binarize --epochs 120 --batch-size 25 --learning-rate 2e-3 --weight-decay 0 --out checkpoints/vae-mnist-2d-overfitted
	$(TRAIN) --model conv-vae --epochs 80 --batch-size 128 --learning-rate 4e-3 --weight-decay 0.05 --out checkpoints/conv-vae-mnist-2d
	$(TRAIN) --model cvae $(SIZES) $(SHORT) --out checkpoints/cvae-mnist-2d
	$(TRAIN) --model aae $(SIZES) $(SHORT) --out checkpoints/aae-mnist-2d
	$(TRAIN) --model vae --latent-dim 16 --encoder-hidden 512 256 --decoder-hidden 256 256 256 $(SHORT) --out checkpoints/vae-mnist-16d
	$(TRAIN) --dataset fashion-mnist $(FAMILY) --out checkpoints/vae-fashion-2d
	$(TRAIN) --dataset digits --model vae --encoder-hidden 256 128 --decoder-hidden 128 128 128 --epochs 150 --batch-size 64 --weight-decay 0.05 --out checkpoints/vae-digits-2d
	$(BIN)/python -c "from core.checkpoints import describe_shipped; describe_shipped()"

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
