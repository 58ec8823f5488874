"""How fast a VAE learns, in our trainer and in the usual script (usual.py): same network, batch, rate and number of epochs."""

import copy
import dataclasses
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.connection import Connection

import torch

from benchmarks.tables import p50, table, times
from benchmarks.usual import UsualScript, UsualVAE
from core import metrics
from core.data.datasets import data_root, load, to_unit_images
from core.models import Model, build
from core.models.vae import VAEConfig
from core.training import presets
from core.training.config import TrainingConfig
from core.training.loop import Trainer
from core.training.schedule import Schedule

BATCH, RATE = 128, 1e-3
SIZES = VAEConfig(latent_dim=2, encoder_hidden=(400,), decoder_hidden=(400,), activation="relu")
TARGET_NATS = 142.0
LOOKS_PER_EPOCH = 4  # at the test loss of our model, to see when it is as good as the usual script's at its end
USUAL = "the usual script"


class ConstantRate(Trainer):
    """Our trainer with the usual script's constant learning rate in place of its schedule."""

    def schedule(self) -> Schedule:
        """Its own numbers of a step, but for the rate, which is the same at every step."""
        return dataclasses.replace(super().schedule(), learning_rate=self.config.learning_rate)


@dataclass(frozen=True)
class Side:
    """A trainer in its process: what to do in a turn, and the models it has."""

    parts: int  # of an epoch, each looked at
    advance: Callable[[], int]  # train for one part; returns the number of images seen
    last: Callable[[], Model]  # the weights of the last step
    kept: Callable[[], Model] | None = None  # the model that it keeps, if that is another


def the_usual(device: torch.device, images: int) -> Side:
    """The usual script, an epoch at a time."""
    script = UsualScript(str(data_root()), device, BATCH, RATE, images)
    return Side(1, script.epoch, lambda: as_ours(script.model))


def ours(device: torch.device, precision: str, images: int, epochs: int) -> Side:
    """Our trainer on the usual script's terms: grey x, Adam's usual betas, no weight decay, no warm-up."""
    recipe = TrainingConfig(
        epochs=epochs, batch_size=BATCH, learning_rate=RATE, beta2=0.999, weight_decay=0.0, kl_warmup_epochs=0.0,
        binarize=False, device=device.type, precision=precision,
    )  # fmt: skip
    trainer = ConstantRate(recipe, "vae", SIZES, load("mnist", "train").images[:images])
    return Side(LOOKS_PER_EPOCH, lambda: run_epoch(trainer, LOOKS_PER_EPOCH), lambda: trainer.model, trainer.average_model)


def run_epoch(trainer: Trainer, parts: int = 1) -> int:
    """Go on to the end of the epoch, or to the next of so many parts of it; returns the number of images seen."""
    began, ends = trainer.step, {trainer.steps_per_epoch * part // parts for part in range(1, parts + 1)}
    trainer.run(should_stop=lambda: (trainer.step - 1) % trainer.steps_per_epoch + 1 in ends)
    return (trainer.step - began) * trainer.batch_size


def measure(quick: bool) -> str:
    """All tables as Markdown."""
    images, epochs = (6_000, 1) if quick else (60_000, 4)
    settings = [(torch.device("cpu"), 1), (torch.device("cpu"), 2)]
    if torch.cuda.is_available():
        settings.append((torch.device("cuda"), 1))
    rows = [row for device, threads in settings for row in against_usual(device, threads, images, epochs)]
    header = ["ours / usual", "trainer", "images/s", "test -ELBO, nats", "of the running average", "the usual script's loss"]
    title = f"Training a 784-400-2 VAE: batches of {BATCH}, {images:,} images, epochs: {epochs}"
    return "\n\n".join([table(title, header, rows), time_to_target(quick)])


@dataclass(frozen=True)
class Look:
    """What a side had done when it was last looked at."""

    images: int
    seconds: float  # of training, over all its turns
    last_nats: float  # test -ELBO of the weights of the last step
    kept_nats: float  # and of the model that it keeps


def against_usual(device: torch.device, threads: int, images: int, epochs: int) -> list[list[str]]:
    """Epochs of the usual script and of ours in turns, on so many threads, each in a process of its own; a row for each."""
    names = [USUAL, *precisions(device)]
    context = get_context("spawn")
    pipes = {}
    for name in names:
        pipes[name], theirs = context.Pipe()
        context.Process(target=take_turns, args=(theirs, name, device, threads, images, epochs), daemon=True).start()
    looks: dict[str, list[list[Look]]] = {name: [] for name in names}  # of each epoch
    for _ in range(epochs):
        for name, pipe in pipes.items():
            pipe.send("go")
            looks[name].append(pipe.recv())
    place = f"{threads} CPU thread{'s' * (threads > 1)}" if device.type == "cpu" else device.type
    usual = looks[USUAL][-1][-1]
    rows = [[times(1.0), f"{USUAL}, {place}", f"{speed(looks[USUAL]):,.0f}", f"{usual.last_nats:.2f}", "", f"{usual.seconds:.0f} s"]]
    for name in names[1:]:
        last = looks[name][-1][-1]
        ratio = times(speed(looks[name]) / speed(looks[USUAL]))
        losses = [f"{last.last_nats:.2f}", f"{last.kept_nats:.2f}"]
        rows.append([ratio, f"ours, {name}, {place}", f"{speed(looks[name]):,.0f}", *losses, as_good(looks[name], usual)])
    return rows


def speed(epochs: list[list[Look]]) -> float:
    """Images per second, the median over epochs."""
    ends = [(0, 0.0)] + [(looks[-1].images, looks[-1].seconds) for looks in epochs]
    return p50([(images - before) / (at - since) for (before, since), (images, at) in pairwise(ends)])


def as_good(epochs: list[list[Look]], usual: Look) -> str:
    """When ours first kept a model as good as the usual script's at its end: seconds of training, and how many times sooner."""
    seconds = min((look.seconds for looks in epochs for look in looks if look.kept_nats <= usual.last_nats), default=math.inf)
    return f"{seconds:.0f} s: {times(usual.seconds / seconds)} sooner" if math.isfinite(seconds) else "not reached"


def take_turns(pipe: Connection, name: str, device: torch.device, threads: int, images: int, epochs: int) -> None:
    """One side, in its process: an epoch whenever it is told to go, answered with its looks; looking is not part of the time."""
    torch.set_num_threads(threads)
    torch.set_flush_denormal(name != USUAL)  # a run's process does so before torch starts its threads
    side = the_usual(device, images) if name == USUAL else ours(device, name, images, epochs)
    seen, seconds = 0, 0.0
    for _ in range(epochs):
        pipe.recv()
        looks = []
        for _ in range(side.parts):
            synchronize(device)
            began = time.perf_counter()
            seen += side.advance()
            synchronize(device)
            seconds += time.perf_counter() - began
            last = test_nats(side.last())
            looks.append(Look(seen, seconds, last, test_nats(side.kept()) if side.kept else last))
        pipe.send(looks)


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


def test_nats(model: Model) -> float:
    """-ELBO of all test images: grey x, 8 samples of z."""
    x = to_unit_images(load("mnist", "test").images)
    return metrics.negative_elbo_nats(copy.deepcopy(model).cpu().eval(), x, samples=8, binarize=False)


def time_to_target(quick: bool) -> str:
    """The quick preset with our default sizes on one CPU thread: seconds of training and what the kept model reaches."""
    recipe = dataclasses.replace(presets.recipe_for("quick", 60_000), device="cpu")
    if quick:
        recipe = dataclasses.replace(recipe, epochs=1)
    with cpu_threads(1):
        trainer = Trainer(recipe, "vae", VAEConfig(), load("mnist", "train").images)
        trainer.run()
        x = to_unit_images(load("mnist", "test").images)
        reached = metrics.negative_elbo_nats(trainer.average_model(), x, samples=8, binarize=True)
    verdict = "below" if reached < TARGET_NATS else "above"
    trained = f"epochs: {recipe.epochs}, {str(trainer.precision).removeprefix('torch.')}"
    header = ["seconds", "of training", "test -ELBO, nats", f"{TARGET_NATS:g}"]
    return table("The quick preset, one CPU thread", header, [[f"{trainer.seconds:.0f}", trained, f"{reached:.1f}", verdict]])


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
