"""What a run's losses say of it: collapsed codes, overfitting, or that all is well, with what to try; from its metrics and config alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, prod
from typing import Any, Literal

from core.data.datasets import DATASETS
from core.metrics import COLLAPSED_NATS
from core.models import MODELS
from core.models.linear import LinearAutoencoder
from core.shape import SHAPE
from core.training.history import final_kl_nats
from core.training.run_config import RunConfig
from core.words import number, plural

Kind = Literal["none", "computed", "started", "learning", "healthy", "collapsed", "overfitting", "diverging"]

# Overfitting, in shares of what a run has learnt: of the nats that its objective fell from the untrained model's. So they hold for every
# data set and likelihood, whatever the size and sign of its losses. Recorded runs (tests/curves.json): healthy ones of every kind keep
# 80 to 105 % of it on the test images and lose at most 2 % again; with too few images they keep 14 to 65 %, and lose up to 61 %.
KEPT_SHARE = 0.7  # overfitting: of what it learnt on its training images, less than this holds for the test images,
LOST_SHARE = 0.05  # or so much of its best on the test images is lost again, while the training loss went on falling;
LASTING = 3  # each in so many epochs, the last ones: a single bad one is noise
LEARNT_PER_PIXEL_NATS = 0.01  # below it shares mean nothing: the mean over scikit-learn's 360 test images is itself uncertain by 0.002

BEGUN_STEPS = 200  # of those runs, all whose codes came into use at all had begun to use them by then

LAGGING = (
    "On test images its loss is still much higher. What is tested is a running average of the weights, and where two networks play "
    "against each other that can lag far behind until the last epochs."
)


@dataclass(frozen=True)
class Try:
    """A setting that may help: "{}" in `words` is its name, and `now` what it is."""

    words: str
    setting: str
    now: str


@dataclass(frozen=True)
class Diagnosis:
    """What a run's losses show: in a short sentence, what they show it by, and what to try."""

    kind: Kind
    title: str
    words: str
    tries: tuple[Try, ...] = ()

    def advice(self, name_of: Callable[[str], str]) -> str:
        """ "Try a smaller β (now 50) or a longer KL warm-up (now 4 epochs).", with each setting's name; "" where nothing is to be tried."""
        said = [f"{one.words.format(name_of(one.setting))}{f' ({one.now})' * bool(one.now)}" for one in self.tries]
        return f"Try {' or '.join(said)}." if said else ""


@dataclass(frozen=True)
class Losses:
    """What a run minimises, after each of its epochs from the first, nats per image: reconstruction + β KL, where there is a KL."""

    untrained: float  # on the test images, before the first step
    epochs: list[int]
    train: list[float]
    test: list[float]

    @property
    def best(self) -> int:
        """Where the test loss was lowest."""
        return self.test.index(min(self.test))

    @property
    def lowest(self) -> int:
        """Where the training loss was lowest."""
        return self.train.index(min(self.train))

    def learnt(self, at: int = -1) -> float:
        """By how much the training loss has fallen until then."""
        return self.untrained - self.train[at]

    def kept_share(self, at: int = -1) -> float:
        """How much of that holds for the test images; 1: all. More, because the training loss is the mean over the whole epoch."""
        return (self.untrained - self.test[at]) / self.learnt(at)

    def lost_share(self, at: int = -1) -> float:
        """How much of its best on the test images is lost again; 0 where the training loss has not fallen since."""
        if self.train[at] >= self.train[self.best] or self.test[self.best] >= self.untrained:
            return 0.0
        return (self.test[at] - self.test[self.best]) / (self.untrained - self.test[self.best])

    def rose(self) -> bool:
        """Whether the test loss has risen for good while the training loss went on falling."""
        return len(self.test) > LASTING and all(self.lost_share(at) > LOST_SHARE for at in range(-LASTING, 0))

    def apart(self) -> bool:
        """Whether too little of what was learnt holds for the test images."""
        return len(self.test) >= LASTING and all(self.kept_share(at) < KEPT_SHARE for at in range(-LASTING, 0) if self.learnt(at) > 0)


def losses_of(config: RunConfig, lines: Sequence[dict[str, Any]]) -> Losses | None:
    """The losses in a run's metrics; None before its first epoch, or where one is no finite number."""
    weight = beta_of(config)
    values = {line["epoch"]: [_objective(line.get(split), weight) for split in ("train", "test")] for line in lines}
    _, untrained = values.pop(0, (None, None))
    known = {epoch: (train, test) for epoch, (train, test) in values.items() if train is not None and test is not None}
    if untrained is None or not known or len(known) < len(values):
        return None
    return Losses(untrained, list(known), [train for train, _ in known.values()], [test for _, test in known.values()])


def diagnose(config: RunConfig, lines: Sequence[dict[str, Any]], active: bool = False, finished: bool = True) -> Diagnosis:
    """What a run's metrics show. `active`: it trains on; `finished`: it has come to its end."""
    kl = final_kl_nats(list(lines))
    past_warmup = bool(lines) and lines[-1]["epoch"] >= max(warmup_epochs(config), _rate_warmup_epochs(config))
    unused, early = kl is not None and kl < COLLAPSED_NATS, _steps(lines) < BEGUN_STEPS
    if kl is not None and unused and not early and not active and (finished or past_warmup):
        return _collapsed(config, kl)
    losses = losses_of(config, lines)
    if losses is None:
        return Diagnosis("none", "No verdict yet.", "It comes with the first epoch.") if active else Diagnosis("none", "", "")
    if config.model_name in MODELS and issubclass(MODELS[config.model_name].module, LinearAutoencoder):
        return _computed(losses)
    enough = LEARNT_PER_PIXEL_NATS * prod(shape_of(config))
    if not active and losses.learnt() < enough <= losses.learnt(losses.lowest):
        return _diverging(config, losses)
    if losses.learnt() < enough or (unused and early):
        return _started(config, losses, kl, active)
    if (finished or not _adversarial(lines)) and (losses.apart() or losses.rose()):
        return _overfitting(config, losses)
    return _well(losses, kl, active, lags=not finished and _adversarial(lines))


# --- what each is, and what to try -----------------------------------------------------------------------------------------


def _collapsed(config: RunConfig, kl: float) -> Diagnosis:
    model, tries = config.model_settings, []
    if isinstance(beta := model.get("beta"), int | float) and beta > 0:
        tries.append(Try("a smaller {}", "beta", f"now {beta:g}"))
    tries.append(_longer_warmup(config))
    if model.get("likelihood") in ("gaussian", "laplace") and isinstance(sigma := model.get("sigma"), int | float):
        tries.append(Try("a smaller {}", "sigma", f"now {sigma:g}"))
    return Diagnosis(
        "collapsed",
        "The codes have collapsed.",
        f"Their KL ended at {max(kl, 0.0):.2g} nats per image, so a code says almost nothing about its image and the decoder draws much "
        "the same for all of them. To tell just two kinds of image apart takes 0.69 nats.",
        tuple(tries),
    )


def _longer_warmup(config: RunConfig) -> Try:
    """A KL warm-up that takes half of all epochs is longer only with more of them."""
    asked, epochs = (config.recipe_settings.get(name) for name in ("kl_warmup_epochs", "epochs"))
    taken = warmup_epochs(config)
    if isinstance(epochs, int) and taken == epochs / 2:
        return Try("more {}", "epochs", f"now {epochs:,}; the KL warm-up takes at most half of them, here {taken:g}")
    return Try("a longer {}", "kl_warmup_epochs", f"now {plural(float(asked), 'epoch')}" if isinstance(asked, int | float) else "")


def _overfitting(config: RunConfig, losses: Losses) -> Diagnosis:
    lowest = f"the test loss was lowest after epoch {losses.epochs[losses.best]:,}"
    tries = [Try("fewer {}", "epochs", lowest)] if losses.rose() else []
    if recipe_images := config.recipe_settings.get("training_images"):
        tries.append(Try("more {}", "training_images", f"now {recipe_images:,}"))
    elif images := training_images_of(config):
        tries.append(Try("a larger data set", "dataset", f"this one has {plural(images, 'training image')}"))
    tries.append(Try("smaller {}", "layers", ""))
    if (beta := beta_of(config)) > 0:
        tries.append(Try("a larger {}", "beta", f"now {beta:g}"))
    train, test = number(losses.train[-1], 1), number(losses.test[-1], 1)
    return Diagnosis(
        "overfitting",
        "It is overfitting.",
        f"It learns its training images by heart: its loss is {train} nats on these, {test} on test images. {_kept(losses)}",
        tuple(tries),
    )


def _diverging(config: RunConfig, losses: Losses) -> Diagnosis:
    rate, at = config.recipe_settings.get("learning_rate"), losses.lowest
    return Diagnosis(
        "diverging",
        "Its steps are too large.",
        f"Its loss on training images came down to {number(losses.train[at], 1)} nats in epoch {losses.epochs[at]:,} and is "
        f"{number(losses.train[-1], 1)} now, as if it had learnt nothing.",
        (Try("a smaller {}", "learning_rate", f"now {rate:g}" if isinstance(rate, int | float) else ""),),
    )


def _computed(losses: Losses) -> Diagnosis:
    test, train = number(losses.test[-1], 1), number(losses.train[-1], 1)
    return Diagnosis(
        "computed",
        "There is nothing to train here.",
        f"PCA is computed from the images in one go, so no epoch changes it. Its loss is {test} nats on test images, {train} on training "
        "images.",
    )


def _started(config: RunConfig, losses: Losses, kl: float | None, active: bool) -> Diagnosis:
    code = f" Its codes say next to nothing so far (KL {number(kl)})." if kl is not None and kl < COLLAPSED_NATS else ""
    tries = () if active else (Try("more {}", "epochs", f"so far {losses.epochs[-1]:,}"),)
    return Diagnosis(
        "started",
        "It has hardly begun to learn.",
        f"Its loss is {number(losses.test[-1], 1)} nats on test images; before the first step it was {number(losses.untrained, 1)}.{code}",
        tries,
    )


def _well(losses: Losses, kl: float | None, active: bool, lags: bool) -> Diagnosis:
    """`lags`: the running average, which is what is tested, may still be far behind the weights."""
    used = "" if kl is None or kl < COLLAPSED_NATS else f" Its codes are in use (KL {number(kl, 1)})."
    title = "It is learning." if active else "This run looks healthy."
    kept = LAGGING if lags and losses.kept_share() < KEPT_SHARE else _kept(losses)
    return Diagnosis("learning" if active else "healthy", title, f"{kept}{used}")


def _kept(losses: Losses) -> str:
    if losses.kept_share() >= 1:
        return "What it learnt holds for new images too: the test loss is no higher than the training loss."
    share = f"{100 * max(0.0, losses.kept_share()):.0f} %"
    return f"Of the {number(losses.learnt(), 0)} nats that it learnt to save on its training images, {share} are saved on new ones too."


# --- reading metrics and a config ------------------------------------------------------------------------------------------------------


def _steps(lines: Sequence[dict[str, Any]]) -> float:
    """How many the run has taken; more than any where its metrics do not say."""
    steps = lines[-1].get("step") if lines else None
    return steps if isinstance(steps, int) else inf


def beta_of(config: RunConfig) -> float:
    """The weight of the KL in what a run minimises; 0 where the model has none."""
    beta = config.model_settings.get("beta", 1.0) if has_kl(config.model_name) else 0.0
    return float(beta) if isinstance(beta, int | float) else 1.0


def has_kl(kind: str) -> bool:
    """Whether that kind of model has a KL; an unknown one may."""
    return kind not in MODELS or "kl_nats" in MODELS[kind].module.LOSSES


def warmup_epochs(config: RunConfig) -> float:
    """`TrainingConfig.kl_warmup_in_effect`, from a config that may be damaged."""
    warmup, epochs = (config.recipe_settings.get(name) for name in ("kl_warmup_epochs", "epochs"))
    return min(warmup, epochs / 2) if isinstance(warmup, int | float) and isinstance(epochs, int) else 0.0


def _rate_warmup_epochs(config: RunConfig) -> float:
    """Over how many epochs the learning rate rises, from a config that may be damaged."""
    share, epochs = (config.recipe_settings.get(name) for name in ("warmup_fraction", "epochs"))
    return share * epochs if isinstance(share, int | float) and isinstance(epochs, int) else 0.0


def shape_of(config: RunConfig) -> tuple[int, ...]:
    """Of the run's images, (1, H, W)."""
    shape = config.model_settings.get("shape")
    return tuple(shape) if isinstance(shape, list | tuple) and len(shape) == 3 and all(isinstance(n, int) for n in shape) else SHAPE


def training_images_of(config: RunConfig) -> int:
    """How many images an epoch goes over; 0 when not known."""
    there = DATASETS[config.dataset].training_images if config.dataset in DATASETS else 0
    asked = config.recipe_settings.get("training_images")
    return min(asked, there or asked) if isinstance(asked, int) and asked > 0 else there


def _adversarial(lines: Sequence[dict[str, Any]]) -> bool:
    """Whether two networks play against each other: the losses then rise and fall by themselves until the end."""
    losses = lines[-1].get("test") if lines else None
    return isinstance(losses, dict) and "generator_nats" in losses


def _objective(losses: Any, beta: float) -> float | None:
    """reconstruction + beta KL of one epoch; None where one of them is no number."""
    if not isinstance(losses, dict) or losses.get("reconstruction_nats") is None or losses.get("kl_nats", 0.0) is None:
        return None
    return losses["reconstruction_nats"] + beta * losses.get("kl_nats", 0.0)
