"""How fast a VAE learns, in our trainer and in the usual script (usual.py): same network, batch, rate and number of epochs."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection

import torch

from benchmarks.tables import p50, table, times
from benchmarks.usual import UsualScript, UsualVAE
from core import metrics
from core.data.datasets import data_root, load, to_unit_images
from core.models import Model, build
from core.models.vae import VAEConfig
from core.training.config import TrainingConfig
from core.training.loop import Trainer

BATCH, RATE = 128, 1e-3
SIZES = VAEConfig(latent_dim=2, encoder_hidden=(400,), decoder_hidden=(400,), activation="relu")
TARGET_NATS, TARGET_EPOCHS = 142.0, 5
USUAL = "the usual script"


class ConstantRate(Trainer):
    """Our trainer with the usual script's constant learning rate in place of its schedule."""

    def learning_rate(self) -> float:
        """The same at every step."""
        return self.config.learning_rate


class Ours:
    """Our trainer on the usual script's terms: grey x, Adam's usual betas, no weight decay, no warm-up; one epoch at a time."""

    def __init__(self, device: torch.device, precision: str, images: int, epochs: int) -> None:
        recipe = TrainingConfig(
            epochs=epochs, batch_size=BATCH, learning_rate=RATE, beta2=0.999, weight_decay=0.0, kl_warmup_epochs=0.0,
            binarize=False, device=device.type, precision=precision,
        )  # fmt: skip
        self.trainer = ConstantRate(recipe, "vae", SIZES, load("mnist", "train").images[:images])

    def epoch(self) -> int:
        """Train for one epoch; returns the number of images seen."""
        run_epoch(self.trainer)
        return self.trainer.steps_per_epoch * self.trainer.batch_size


def run_epoch(trainer: Trainer) -> None:
    """Go on to the end of the epoch."""
    trainer.run(should_stop=lambda: trainer.step % trainer.steps_per_epoch == 0)


def measure(quick: bool) -> str:
    """All tables as Markdown."""
    images, epochs = (6_000, 1) if quick else (60_000, 4)
    settings = [(torch.device("cpu"), 1), (torch.device("cpu"), 2)]
    if torch.cuda.is_available():
        settings.append((torch.device("cuda"), 1))
    rows = [row for device, threads in settings for row in against_usual(device, threads, images, epochs)]
    header = ["ours / usual", "trainer", "images/s", "test -ELBO, nats", "of the running average"]
    title = f"Training a 784-400-2 VAE: batches of {BATCH}, {images:,} images, epochs: {epochs}"
    return "\n\n".join([table(title, header, rows), time_to_target(images, 1 if quick else TARGET_EPOCHS)])


def against_usual(device: torch.device, threads: int, images: int, epochs: int) -> list[list[str]]:
    """Epochs of the usual script and of ours in turns, on so many threads, each in a process of its own; a row for each."""
    names = [USUAL, *precisions(device)]
    context = get_context("spawn")
    pipes = {}
    for name in names:
        pipes[name], theirs = context.Pipe()
        context.Process(target=take_turns, args=(theirs, name, device, threads, images, epochs), daemon=True).start()
    speeds: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(epochs):
        for name, pipe in pipes.items():
            pipe.send("go")
            speeds[name].append(pipe.recv())
    place = f"{threads} CPU thread{'s' * (threads > 1)}" if device.type == "cpu" else device.type
    usual = p50(speeds[USUAL])
    rows = []
    for name, pipe in pipes.items():
        title = f"{USUAL if name == USUAL else f'ours, {name}'}, {place}"
        rows.append([times(p50(speeds[name]) / usual), title, f"{p50(speeds[name]):,.0f}", *pipe.recv()])
    return rows


def take_turns(pipe: Connection, name: str, device: torch.device, threads: int, images: int, epochs: int) -> None:
    """One side, in its process: an epoch whenever it is told to go, answered with images/s; at last its test losses."""
    torch.set_num_threads(threads)
    torch.set_flush_denormal(name != USUAL)  # a run's process does so before torch starts its threads
    if name == USUAL:
        run: UsualScript | Ours = UsualScript(str(data_root()), device, BATCH, RATE, images)
    else:
        run = Ours(device, name, images, epochs)
    for _ in range(epochs):
        pipe.recv()
        synchronize(device)
        began = time.perf_counter()
        seen = run.epoch()
        synchronize(device)
        pipe.send(seen / (time.perf_counter() - began))
    if isinstance(run, UsualScript):
        pipe.send([test_loss(as_ours(run.model)), ""])
    else:
        pipe.send([test_loss(run.trainer.model), test_loss(run.trainer.average_model())])


def precisions(device: torch.device) -> list[str]:
    """float32, and bfloat16 where the trainer itself would choose it."""
    from core.training.config import choose_precision

    return ["float32"] + ["bfloat16"] * (choose_precision("auto", device) == torch.bfloat16)


def as_ours(usual: UsualVAE) -> Model:
    """The usual script's weights in our module, so that both are weighed by the same code."""
    model = build("vae", SIZES)
    first, last = model.encoder[0], model.encoder[2]
    pairs = [(first, usual.fc1), (model.decoder[0], usual.fc3), (model.decoder[2], usual.fc4)]
    for layer, source in pairs:
        layer.load_state_dict(source.state_dict())
    heads = {key: torch.cat([usual.fc21.state_dict()[key], usual.fc22.state_dict()[key]]) for key in ("weight", "bias")}
    last.load_state_dict(heads)
    return model


def test_loss(model: Model) -> str:
    """-ELBO of all test images: grey x, 8 samples of z."""
    x = to_unit_images(load("mnist", "test").images)
    return f"{metrics.negative_elbo_nats(model.cpu().eval(), x, samples=8, binarize=False):.2f}"


def time_to_target(images: int, epochs: int) -> str:
    """Our default recipe and sizes on one CPU thread: seconds of training and what the kept model reaches."""
    with cpu_threads(1):
        trainer = Trainer(TrainingConfig(epochs=epochs, device="cpu"), "vae", VAEConfig(), load("mnist", "train").images[:images])
        began = time.perf_counter()
        trainer.run()
        seconds = time.perf_counter() - began
        x = to_unit_images(load("mnist", "test").images)
        reached = metrics.negative_elbo_nats(trainer.average_model(), x, samples=8, binarize=True)
    verdict = "below" if reached < TARGET_NATS else "above"
    row = [f"{seconds:.0f}", f"epochs: {epochs}, {str(trainer.precision).removeprefix('torch.')}", f"{reached:.1f}", verdict]
    return table("Our default recipe, one CPU thread", ["seconds", "of training", "test -ELBO, nats", f"{TARGET_NATS:g}"], [row])


@contextmanager
def cpu_threads(count: int) -> Iterator[None]:
    """So many threads for torch inside, and as many as before after it."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def synchronize(device: torch.device) -> None:
    """Wait for the device to finish what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize()
