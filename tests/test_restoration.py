"""The restorers: what they promise about sizes and reach, that they learn, their checkpoints, and the command that trains them."""

import dataclasses
import json

import pytest
import torch

from core import checkpoints, metrics
from core.checkpoints import CheckpointError
from core.data.corruptions import CORRUPTIONS, corrupt_seeded
from core.data.datasets import to_unit_images
from core.models import RESTORERS, ConfigError, Restorer, build_restorer, describe, rebuild_restorer
from core.models.objectives import negative_psnr_db
from core.models.restoration import DenoiserConfig, LessonAutoencoder, LessonConfig, RestorerConfig, UpscalerConfig
from core.training import restoration
from core.training.config import TrainingConfig
from core.training.restoration import CANVAS, TASKS, RestorationTrainer, canvases, measure, paper_grain, write_restorer

SMALL: dict[str, tuple[str, RestorerConfig]] = {  # of each kind of network
    "denoiser": ("denoiser", DenoiserConfig((8, 12, 16), (1, 1, 2))),
    "denoiser-pictures": ("denoiser", DenoiserConfig((8, 12), (1, 1))),
    "upscaler-x2": ("upscaler", UpscalerConfig(2, (8,), (2,))),
    "upscaler-x4": ("upscaler", UpscalerConfig(4, (8, 6), (2, 1))),
    "lesson-autoencoder": ("lesson", LessonConfig("reconstruct")),
    "lesson-denoiser": ("lesson", LessonConfig("denoise")),
    "lesson-upscaler": ("lesson", LessonConfig("enlarge")),
}
RECIPE = TrainingConfig(
    dataset="digits", epochs=4, batch_size=50, learning_rate=4e-3, kl_warmup_epochs=0.0, binarize=False, device="cpu", precision="float32"
)


@pytest.fixture(params=SMALL)
def task(request, monkeypatch) -> str:
    """A task, with a small network."""
    kind, config = SMALL[request.param]
    monkeypatch.setitem(TASKS, request.param, dataclasses.replace(TASKS[request.param], restorer=kind, config=config))
    return request.param


def network(task: str) -> Restorer:
    """As it begins, with every weight of some size, so that each pixel that could matter does."""
    model = build_restorer(*SMALL[task], seed=1).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0)))
    return model


def test_every_task_has_a_small_twin_here():
    assert TASKS.keys() == SMALL.keys()
    assert {task.restorer for task in TASKS.values()} == RESTORERS.keys()


# --- networks -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(28, 28), (1, 1), (7, 30), (33, 18)])
@pytest.mark.parametrize("name", ["denoiser", "upscaler-x2", "upscaler-x4"])
def test_pictures_of_any_size_are_restored(name, size):
    model = network(name)
    answer = model.restore(torch.rand(2, 1, *size))
    assert answer.shape == (2, 1, size[0] * model.scale, size[1] * model.scale)
    assert answer.min() >= 0
    assert answer.max() <= 1


@pytest.mark.parametrize("name", ["lesson-autoencoder", "lesson-denoiser", "lesson-upscaler"])
def test_the_lessons_networks_know_one_size_and_say_so(name):
    model = network(name)
    assert model.restore(torch.rand(2, 1, model.side, model.side)).shape == (2, 1, 28, 28)
    assert isinstance(model, LessonAutoencoder)
    assert model.encode(torch.rand(2, 1, model.side, model.side)).shape == (2, 8, 4, 4)
    with pytest.raises(ValueError, match=f"images of {model.side} x {model.side} pixels only; this one has 31 x 30"):
        model.restore(torch.rand(1, 1, 30, 31))


@pytest.mark.parametrize("name", ["denoiser", "upscaler-x2", "upscaler-x4"])
def test_a_pixel_matters_within_the_reach_and_no_further(name):
    """What tiles rely on. The network is made linear with positive weights, so that no influence is lost."""
    model = network(name).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.abs_()
    middle = (2 * model.reach // model.multiple + 1) * model.multiple
    touched = []
    for offset in range(model.multiple):  # of the pixel in the square that is worked on as one
        x = torch.zeros(1, 1, 2 * middle, 2 * middle, dtype=torch.double)
        x[..., middle + offset, middle + offset] = 1.0
        changed = (model(x) - model(torch.zeros_like(x))).abs()[0, 0] > 0
        rows = changed.any(1).nonzero().flatten() // model.scale
        touched.append(max(middle + offset - int(rows.min()), int(rows.max()) - middle - offset))
    assert max(touched) <= model.reach
    assert max(touched) > model.reach - 2 * model.multiple - 2  # and reach is no gross exaggeration


@pytest.mark.parametrize("name", ["denoiser", "upscaler-x2", "upscaler-x4"])
def test_a_restorer_begins_near_what_it_is_given(name):
    model = build_restorer(*SMALL[name], seed=0).eval()
    x = torch.rand(4, 1, 12, 12, generator=torch.Generator().manual_seed(0))
    enlarged = torch.nn.functional.interpolate(x, scale_factor=model.scale, mode="bilinear") if model.scale > 1 else x
    assert (model.restore(x) - enlarged).abs().mean() < 0.3


@pytest.mark.parametrize("name", SMALL)
def test_a_description_rebuilds_the_network(name):
    kind, config = SMALL[name]
    model = build_restorer(kind, config)
    again = rebuild_restorer(json.loads(json.dumps(describe(kind, model))))
    assert again.config == config
    assert again.state_dict().keys() == model.state_dict().keys()


@pytest.mark.parametrize(
    ("kind", "config", "sentence"),
    [
        ("denoiser", {"channels": [8, 8], "blocks": [1]}, "blocks must be a list of 2"),
        ("denoiser", {"channels": [8] * 5, "blocks": [1] * 5}, "levels must be a whole number from 1 to 4"),
        ("denoiser", {"channels": [8], "blocks": [17]}, "each number in blocks must be a whole number from 1 to 16"),
        ("denoiser", {"channels": [10**9], "blocks": [1]}, "each size in channels"),
        ("denoiser", {"channels": 8}, "channels must be a list"),
        ("denoiser", {"depth": 8}, "no setting named depth"),
        ("upscaler", {"scale": 3}, "scale must be 2 or 4; it is 3"),
        ("upscaler", {"scale": 4, "channels": [8], "blocks": [1]}, "channels must be a list of 2 for x4"),
        ("lesson", {"task": "colour"}, "task must be one of reconstruct, denoise, enlarge"),
        ("vae", {}, "model must be one of denoiser"),
    ],
)
def test_descriptions_that_cannot_be_used_are_sentences(kind, config, sentence):
    with pytest.raises(ConfigError, match=sentence):
        rebuild_restorer({"name": kind, "config": config})


def test_the_loss_is_the_metric():
    x, x_hat = torch.rand(2, 5, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(negative_psnr_db(x_hat, x, floor=0.0), -metrics.psnr_db(x_hat, x))
    assert negative_psnr_db(x, x).tolist() == pytest.approx([-50.0] * 5)  # the floor


# --- training -------------------------------------------------------------------------------------------------------------


def test_a_restorer_learns_on_the_digits(task, digits):
    trainer = RestorationTrainer(RECIPE, task, digits[0].images)
    losses = []
    assert trainer.run(on_epoch=lambda trainer, means: losses.append(means[trainer.model.LOSSES[0]]))
    assert losses[-1] < losses[0]
    if trainer.model.LOSSES == ("negative_psnr_db",):
        assert losses[-1] < losses[0] - 1.5  # dB


def test_the_network_is_shown_damage_and_asked_for_the_clean_image(task, digits):
    trainer = RestorationTrainer(RECIPE, task, digits[0].images)
    model: torch.nn.Module = trainer.model
    assert isinstance(model, Restorer)
    rows = torch.arange(20)
    shown, target, label = trainer.batch(rows)
    assert torch.equal(target, to_unit_images(digits[0].images[:20]))
    assert label is None
    assert shown.shape[-1] == 28 // model.scale
    if task.startswith("lesson-auto"):
        assert torch.equal(shown, target)
    elif model.scale == 1:
        assert not torch.equal(shown, target)
    else:
        torch.testing.assert_close(shown, torch.nn.functional.avg_pool2d(target, model.scale))


def test_larger_pictures_are_digits_on_empty_paper(digits):
    x = to_unit_images(digits[0].images[:100])
    sheets = canvases(x, torch.Generator().manual_seed(0))
    assert sheets.shape == (100 * 784 // CANVAS**2, 1, CANVAS, CANVAS)
    assert sheets.min() >= 0 and sheets.max() <= 1
    assert 0.5 < (sheets < 0.01).float().mean() < 0.97
    assert len({round(float(sheet.sum())) for sheet in sheets}) > 8  # other digits, places and sizes on each
    grain = paper_grain(sheets, torch.Generator().manual_seed(0))
    assert grain.shape == sheets.shape
    assert grain.min() >= 0 and 0.01 < grain.mean() < 0.1


def test_every_other_batch_is_of_larger_pictures(digits):
    trainer = RestorationTrainer(RECIPE, "denoiser-pictures", digits[0].images)
    shapes = []
    for trainer.step in (0, 1, 2):
        shown, target, _ = trainer.batch(torch.arange(100))
        assert shown.shape == target.shape
        shapes.append(shown.shape[-1])
    assert shapes == [28, CANVAS, 28]


def test_training_can_begin_with_a_checkpoint_and_the_card_tells(digits, tmp_path, monkeypatch):
    monkeypatch.setitem(TASKS, "denoiser", dataclasses.replace(TASKS["denoiser"], config=SMALL["denoiser"][1]))
    first = RestorationTrainer(RECIPE, "denoiser", digits[0].images)
    first.run()
    card = write_restorer(first, tmp_path / "first", digits[1], torch.float32)
    second = RestorationTrainer(RECIPE, "denoiser", digits[0].images)
    second.begin_with(checkpoints.load_restorer("first", tmp_path))
    for name, tensor in first.average.state_dict().items():
        assert torch.equal(second.model.state_dict()[name], tensor)
    again = write_restorer(second, tmp_path / "second", digits[1], torch.float32)
    assert again["metrics"] == card["metrics"]
    assert again["began_with"]["recipe"] == card["recipe"] and again["began_with"]["kept_share"] == 0


def test_a_share_of_the_beginning_is_kept(digits, tmp_path, monkeypatch):
    monkeypatch.setitem(TASKS, "denoiser", dataclasses.replace(TASKS["denoiser"], config=SMALL["denoiser"][1]))
    first, second = (RestorationTrainer(RECIPE, "denoiser", digits[0].images) for _ in range(2))
    first.run()
    write_restorer(first, tmp_path / "first", digits[1], torch.float32)
    second.begin_with(checkpoints.load_restorer("first", tmp_path), keep=0.25)
    second.run()
    assert write_restorer(second, tmp_path / "second", digits[1], torch.float32)["began_with"]["kept_share"] == 0.25
    begun, learnt = first.average.state_dict(), second.average.state_dict()
    for name, tensor in checkpoints.load_restorer("second", tmp_path).model.state_dict().items():
        torch.testing.assert_close(tensor, 0.25 * begun[name] + 0.75 * learnt[name])
        assert not torch.equal(begun[name], learnt[name])


def test_a_resumed_restorer_is_the_uninterrupted_one_bit_for_bit(digits, tmp_path, monkeypatch):
    monkeypatch.setitem(TASKS, "denoiser", dataclasses.replace(TASKS["denoiser"], config=SMALL["denoiser"][1]))
    whole, part, rest = (RestorationTrainer(RECIPE, "denoiser", digits[0].images) for _ in range(3))
    whole.run()
    part.run(should_stop=lambda: part.step == 9)
    part.save_state(tmp_path)
    rest.restore(tmp_path)
    rest.run()
    for name, tensor in whole.average.state_dict().items():
        assert torch.equal(tensor, rest.average.state_dict()[name]), name


def test_the_card_is_what_an_independent_reader_measures(task, digits, tmp_path):
    trainer = RestorationTrainer(RECIPE, task, digits[0].images)
    trainer.run()
    card = write_restorer(trainer, tmp_path / task, digits[1])
    stored = checkpoints.load_restorer(task, tmp_path)
    assert stored.card["metrics"] == measure(stored.model, digits[1]) == card["metrics"]
    x = to_unit_images(digits[1].images)
    if "denoiser" in task:
        assert len(card["metrics"]) == 2 * len(CORRUPTIONS)
        given, name = corrupt_seeded(x, "mask", 0.5, seed=0), "psnr_db_mask"
    else:
        given, name = torch.nn.functional.avg_pool2d(x, stored.model.scale), "psnr_db"
    with torch.no_grad():
        error = (stored.model.restore(given) - x).square().mean((1, 2, 3))
    assert card["metrics"][name]["value"] == pytest.approx((-10 * error.log10()).mean().item(), abs=2e-3)
    assert "100 test images" in card["metrics"][name]["protocol"]


# --- checkpoints and command ------------------------------------------------------------------------------------------------


def test_restorers_and_models_are_not_taken_for_each_other(tmp_path, checkpoint_root):
    kind, config = SMALL["denoiser"]
    checkpoints.save(tmp_path / "one", kind, build_restorer(kind, config), {"title": "One"})
    assert checkpoints.available(tmp_path) == ["one"]
    with pytest.raises(CheckpointError, match="model must be one of ae, vae"):
        checkpoints.load("one", tmp_path)
    with pytest.raises(CheckpointError, match="model must be one of denoiser"):
        checkpoints.load_restorer("tiny", checkpoint_root)
    with pytest.raises(CheckpointError, match=r"no checkpoint named '\.\./one'"):
        checkpoints.load_restorer("../one", tmp_path)


@pytest.mark.parametrize("name", ["runs", "restorers"])
def test_the_folders_beside_the_checkpoints_are_no_names(tmp_path, name):
    with pytest.raises(CheckpointError, match="is reserved"):
        checkpoints.check_target(tmp_path / name)
    with pytest.raises(CheckpointError, match="is reserved"):
        checkpoints.check_name(name)


def test_the_command_trains_and_resumes(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(TASKS, "denoiser", dataclasses.replace(TASKS["denoiser"], config=SMALL["denoiser"][1]))
    out = tmp_path / "denoiser"
    command = ["denoiser", "--dataset", "digits", "--epochs", "1", "--device", "cpu", "--out", str(out)]
    with monkeypatch.context() as patched:
        patched.setattr(restoration, "write_restorer", interrupt)
        with pytest.raises(KeyboardInterrupt):
            restoration.main(command)
    assert restoration.main(command) == 1
    assert "add --resume" in capsys.readouterr().err
    assert restoration.main([*command, "--resume"]) == 0
    assert "psnr_db_gaussian" in capsys.readouterr().out
    assert checkpoints.load_restorer("denoiser", tmp_path).card["finished"]
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == [".runs", "denoiser"]
    assert list((tmp_path / ".runs").iterdir()) == []


def interrupt(*arguments: object) -> None:
    raise KeyboardInterrupt


def test_the_command_explains_what_it_cannot_do(tmp_path, capsys):
    assert restoration.main(["denoiser", "--epochs", "0", "--out", str(tmp_path / "x")]) == 1
    assert "epochs must be a whole number" in capsys.readouterr().err
    assert restoration.main(["denoiser", "--resume", "--dataset", "digits", "--out", str(tmp_path / "x")]) == 1
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize("name", checkpoints.available(checkpoints.RESTORERS_ROOT))
def test_what_is_shipped_is_small_and_as_its_card_says(name):
    stored = checkpoints.load_restorer(name)
    folder = checkpoints.RESTORERS_ROOT / name
    assert sum(file.stat().st_size for file in folder.iterdir()) < 4_000_000
    assert stored.card["parameters"] == sum(parameter.numel() for parameter in stored.model.parameters())
    assert stored.model.config == TASKS[name].config
    assert stored.card["commit"] != "unknown"
