"""The step as a CUDA graph. What needs a GPU runs where there is one; the rest of it is held to numbers everywhere."""

import dataclasses

import pytest
import torch
from safetensors.torch import load_file
from tiny import TINY

from core.models import MODELS
from core.training.config import TrainingConfig
from core.training.loop import Objective, Trainer, lerp_
from core.training.state import STATE_FILE

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU with CUDA")
RECIPE = TrainingConfig(dataset="digits", epochs=4, batch_size=50, learning_rate=1e-2, device="cuda", precision="float32")


def a_trainer(digits, graphed: bool = True, model: str = "vae", **changes) -> Trainer:
    config = TINY if model == "vae" else MODELS[model].config()
    trainer = Trainer(dataclasses.replace(RECIPE, **changes), model, config, digits[0].images, digits[0].labels)
    if not graphed:
        trainer.graphed = None
    return trainer


@pytest.mark.parametrize("follow", [1.0, 0.25, 0.0])
def test_the_average_moves_by_a_tensor_as_by_a_number(follow):
    weights = [torch.randn(3, 2), torch.randn(4)]
    by_number, by_tensor = ([torch.ones(3, 2), torch.ones(4)] for _ in range(2))
    lerp_(by_number, weights, follow)
    lerp_(by_tensor, weights, torch.tensor(follow))
    for a, b, weight in zip(by_number, by_tensor, weights, strict=True):
        torch.testing.assert_close(a, b)
        torch.testing.assert_close(a, 1 + follow * (weight - 1))


@pytest.mark.parametrize("model", MODELS)
def test_the_objective_takes_its_weight_as_a_tensor_too(digits, model):
    trainer = a_trainer(digits, model=model, device="cpu")
    objective, rows = Objective(trainer.model), torch.arange(20)
    losses = []
    for weight in (0.3, torch.tensor(0.3)):
        x, label = trainer.images[rows].float() / 255, None if trainer.labels is None else trainer.labels[rows]
        loss, sums = objective(x, x, label, torch.Generator().manual_seed(0), weight)
        losses.append(loss)
        assert sums.shape == (len(trainer.model.LOSSES),)
    torch.testing.assert_close(*losses)


def test_a_cpu_s_step_is_not_a_graph(digits):
    assert a_trainer(digits, device="cpu").graphed is None


@needs_cuda
@pytest.mark.parametrize("model", MODELS)
def test_replaying_gives_what_launching_one_by_one_gives(digits, model):
    runs = [a_trainer(digits, graphed, model) for graphed in (True, False)]
    for trainer in runs:
        trainer.run()
    graphed = runs[0].graphed
    assert graphed is not None and graphed.graph is not None, graphed and graphed.refused
    for one, other in zip(runs[0].model.parameters(), runs[1].model.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(runs[0].sums, runs[1].sums, rtol=1e-3, atol=1e-2)


@needs_cuda
def test_a_graphed_run_is_resumed_in_the_middle_of_an_epoch(digits, tmp_path):
    whole, part = a_trainer(digits), a_trainer(digits)
    whole.run()
    part.run(should_stop=lambda: part.step == 9)
    part.save_state(tmp_path)
    assert "noise" in load_file(tmp_path / STATE_FILE)
    again = a_trainer(digits)
    again.restore(tmp_path)
    again.run()
    for one, other in zip(whole.model.parameters(), again.model.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


@needs_cuda
def test_memory_that_runs_out_is_an_error_that_the_run_explains(digits):
    from core.training.run import explain

    with pytest.raises(torch.OutOfMemoryError) as error:
        torch.empty(1 << 50, dtype=torch.uint8, device="cuda")
    assert "ran out of memory" in explain(error.value)
