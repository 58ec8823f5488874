"""How to read a run's curves and a model's figures, in sentences that are true of it: of its kind, its settings and its own losses."""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from core.data.datasets import DATASETS
from core.metrics import COLLAPSED_NATS
from core.models import ModelConfig
from core.models.adversarial import AdversarialConfig
from core.models.conditional_vae import ConditionalVAEConfig
from core.models.lesson_vae import LessonVAEConfig
from core.models.linear import LinearConfig
from core.training.comparable import Comparable
from core.training.config import TrainingConfig, model_of, recipe_of
from core.training.diagnosis import has_kl, warmup_epochs
from core.training.run_config import RunConfig
from core.words import joined, number, plural

TITLES = {  # the first that a run has is its loss
    "negative_elbo_nats": "−ELBO",
    "course_loss_nats": "Course’s loss",
    "reconstruction_nats": "Reconstruction",
}
DENSITIES = {"gaussian": "normal", "laplace": "Laplace"}
LOSS_NAMES = {"bernoulli": "cross-entropy (BCE)", "gaussian": "squared error (MSE)", "laplace": "absolute error (L1)"}


@dataclass(frozen=True)
class Loss:
    """A run's loss on the test images after an epoch, nats per image."""

    name: str  # in metrics.jsonl
    epoch: int
    nats: float

    @property
    def title(self) -> str:
        """Its name for people."""
        return TITLES[self.name]


@dataclass(frozen=True)
class Facts:
    """What the sentences are about."""

    config: RunConfig
    model: ModelConfig
    recipe: TrainingConfig
    loss: Loss
    reconstruction: float  # after the same epoch
    kl: list[tuple[int, float]]  # epochs, and the KL on the test images after them
    it: str = "run"  # or "model"

    @property
    def kl_counts(self) -> bool:
        """Whether there is a KL."""
        return has_kl(self.config.model_name)

    @property
    def beta(self) -> float:
        """Its weight."""
        return getattr(self.model, "beta", 1.0)


def last_loss(lines: Sequence[dict[str, Any]]) -> Loss | None:
    """The loss after the last epoch: the first of TITLES that the run has; None where it is no number, or too early."""
    test = lines[-1].get("test") if lines and lines[-1]["epoch"] > 0 else None
    name = next((name for name in TITLES if isinstance(test, dict) and name in test), None)
    return None if test is None or name is None or test[name] is None else Loss(name, lines[-1]["epoch"], test[name])


def how_to_read(config: RunConfig, loss: Loss, lines: Sequence[dict[str, Any]]) -> list[str]:
    """Sentences as Markdown, a question that people ask in front of each; ConfigError where the run's config cannot be used."""
    kl = [(line["epoch"], value) for line in lines if (value := (line.get("test") or {}).get("kl_nats")) is not None]
    reconstruction = (lines[-1].get("test") or {}).get("reconstruction_nats") or 0.0
    return _answers(Facts(config, model_of(config)[1], recipe_of(config), loss, reconstruction, kl))


def of_figures(config: RunConfig, nats: float, kl_nats: float | None) -> list[str]:
    """The same of a finished model's −ELBO, or reconstruction where it has no KL: what there is to say without curves.

    kl_nats: of its test images' codes; None where it has none.
    """
    kl = [] if kl_nats is None else [(0, kl_nats)]
    return _answers(Facts(config, model_of(config)[1], recipe_of(config), Loss("", 0, nats), nats, kl, "model"), OF_CURVES)


def _answers(facts: Facts, without: Collection[str] = ()) -> list[str]:
    return [f"**{question}** {answer}" for question, say in QUESTIONS.items() if question not in without and (answer := say(facts))]


# --- one question each -----------------------------------------------------------------------------------------------------


def _two_curves(facts: Facts) -> str:
    if isinstance(facts.model, LinearConfig):
        return (
            "Solid: on test images. Dashed: on the images that it was computed from. Neither falls, because nothing is learnt; the dashed "
            "one may waver a little: each epoch leaves out the few images that fill no batch."
        )
    return (
        "Solid: on test images, after each epoch. Dashed: on the training images, as the mean over the epoch, during which the model got "
        "better. So at first the solid curve may lie below the dashed one."
    )


def _average(facts: Facts) -> str:
    if isinstance(facts.model, LinearConfig) or not facts.recipe.ema_decay:
        return ""
    words = (
        "Solid curves, map and drawings are those of the model that you get: a running average of the weights over the last steps. It is "
        "smoother than the weights themselves, and behind them for as long as they change fast."
    )
    if isinstance(facts.model, AdversarialConfig):
        words += (
            " Here the codes move a lot while the two networks play, so halfway the average can be much worse on the test images than "
            "the dashed curves are. It catches up in the last epochs, when the learning rate falls to 0."
        )
    return words


def _sum_or_mean(facts: Facts) -> str:
    pixels, nats = facts.model.pixels, facts.loss.nats
    words = (
        f"Summed over the {pixels:,} pixels of an image, then averaged over the images. A script that averages over the pixels too would "
        f"print {number(nats / pixels, 3)} here instead of {number(nats, 1)}."
    )
    if not facts.kl_counts or facts.beta == 0:
        return words
    return (
        f"{words} One that averages the reconstruction but not the KL makes the KL {pixels:,} times as heavy: that is β = "
        f"{pixels * facts.beta:,.0f} in disguise, and the codes may well collapse."
    )


def _unit(facts: Facts) -> str:
    bits = number(facts.loss.nats / math.log(2), 1)
    return f"**Nats**: logarithms to base e. 1 nat = 1.44 bits, so {number(facts.loss.nats, 1)} nats are {bits} bits."


def _why_so_large(facts: Facts) -> str:
    if facts.model.likelihood != "bernoulli" or facts.reconstruction <= 100:
        return ""
    pixels, nats = facts.model.pixels, facts.reconstruction
    floor = (
        "each grey pixel became black or white by chance, which nobody can foresee."
        if facts.recipe.binarize
        else "the cross-entropy of a grey pixel with itself is above 0."
    )
    mean, whole = number(nats / pixels, 3), number(nats, 1)
    of_what = ", with what the code costs" if facts.it == "model" and facts.kl_counts else " for the reconstruction"
    return f"{pixels:,} pixels add up: {mean} nats for each make {whole}{of_what}. Not even a perfect one gets to 0: {floor}"


def _negative(facts: Facts) -> str:
    model = facts.model
    if model.likelihood == "bernoulli":
        kl = ", and a KL is never below 0 either" if facts.kl_counts else ""
        return f"No. With {LOSS_NAMES[model.likelihood]} a pixel has a probability, which is at most 1, so its −log is at least 0{kl}."
    peak = -math.log(model.sigma) - 0.5 * math.log(2 * math.pi) if model.likelihood == "gaussian" else -math.log(2 * model.sigma)
    lowest = number(-model.pixels * peak, 0)
    measure = (
        f"With {LOSS_NAMES[model.likelihood]} a grey pixel has no probability but a density, here a {DENSITIES[model.likelihood]} one of "
        f"scale σ = {model.sigma:g}"
    )
    if peak > 0:
        same = f"compare only {facts.it}s with the same σ"
        return f"Yes. {measure}, which can be above 1: a perfect drawing would have {lowest} nats. So {same}."
    return f"Not with this σ: {measure}, whose peak is below 1, so that a perfect drawing has {lowest} nats. With a small σ it may."


def _kl_first(facts: Facts) -> str:
    if not facts.kl_counts or (
        facts.it == "model" and facts.kl and facts.kl[-1][1] < COLLAPSED_NATS
    ):  # which never came to tell them apart
        return ""
    words = (
        "An untrained encoder gives every image the same code, which costs nothing (KL 0), and the decoder draws the mean image. Telling "
        "images apart costs KL, and saves more than that in the reconstruction: one rises, the other falls, and their sum falls."
    )
    if facts.beta == 0:
        words = (
            f"β = 0: the KL costs this {facts.it} nothing, so it only grows, while the reconstruction falls. The −ELBO counts it all the "
            "same."
        )
    warmup = warmup_epochs(facts.config)
    if warmup and facts.beta:
        words += (
            f" In the first {plural(warmup, 'epoch')} of {TRAINING[facts.it]} its weight still rises to β (KL warm-up): codes are cheap, "
            "so the KL may climb higher than where it ends."
        )
    return words + _kl_here(facts)


def _kl_here(facts: Facts) -> str:
    """Where this run's KL went."""
    if len(facts.kl) < 2:  # a model's
        return ""
    (_, before), (last, now), (top, most) = facts.kl[0], facts.kl[-1], max(facts.kl, key=lambda point: point[1])
    if number(before, 1) == number(now, 1) == number(most, 1):
        return f" Here it stayed at {number(now, 1)} until epoch {last:,}."
    peak = f", by way of {number(most, 1)} after epoch {top:,}" if most > max(1.05 * max(before, now), 0.1) and top != last else ""
    return f" Here it went from {number(before, 1)} to {number(now, 1)} by epoch {last:,}{peak}."


def _kl_size(facts: Facts) -> str:
    if not facts.kl_counts:
        return ""
    here = f" Here it is {number(facts.kl[-1][1], 1)}, on average over the test images." if facts.it == "model" and facts.kl else ""
    return (
        "How much a code says about its image. Near 0 it says nothing, and every image is drawn alike: the codes have *collapsed*. To tell "
        f"two kinds of image apart takes ln 2 = 0.69 nats; ten kinds, ln 10 = 2.3.{here}"
    )


def _beta(facts: Facts) -> str:
    if not facts.kl_counts or facts.beta in (0, 1):
        return ""
    return (
        f"Training minimises reconstruction + {facts.beta:g} × KL. The −ELBO counts the KL once, whatever β is, so that {facts.it}s can be "
        f"compared; {AFTER[facts.it]}"
    )


def _told(facts: Facts) -> str:
    if not isinstance(facts.model, ConditionalVAEConfig):
        return ""
    worth = number(math.log(facts.model.classes), 1)
    return (
        f"The model is told the class, so the code need not say it: its KL is smaller than a VAE's, by up to ln {facts.model.classes} = "
        f"{worth} nats where the classes are equally common."
    )


def _no_kl(facts: Facts) -> str:
    if facts.kl_counts:
        return ""
    between = "" if isinstance(facts.model, AdversarialConfig) else " And it says nothing of how well the space between the codes decodes."
    return (
        "There is none in this kind of model: what a code says is free. So its reconstruction alone cannot be compared with a VAE's −ELBO, "
        f"in which the code counts too.{between}"
    )


def _game(facts: Facts) -> str:
    if not isinstance(facts.model, AdversarialConfig):
        return ""
    ignored = " In this run the encoder takes no notice: its weight is 0." * (facts.model.adversarial_weight == 0)
    return (
        "They play against each other, so they go up and down and need not fall. At a tie, when codes cannot be told from draws of the "
        "prior, the encoder's loss is ln 2 = 0.69 and the discriminator's 2 ln 2 = 1.39. A discriminator near 0 has won: the codes are not "
        f"spread like the prior.{ignored}"
    )


def _lesson(facts: Facts) -> str:
    if not isinstance(facts.model, LessonVAEConfig):
        return ""
    return (
        "The course's own loss, with its mistake: its KL takes a standard deviation for a variance, so the sum is no −ELBO. The finished "
        "model is measured as it should be, so the −ELBO on its card is another."
    )


TRAINING = {"run": "this run", "model": "its training"}
AFTER = {"run": "it is not what this run is after, so it may even rise.", "model": "it is not what this model was trained for."}
OF_CURVES = ("Two curves of each?", "Which model is tested?", "What do these curves show?", "Encoder against discriminator?")
QUESTIONS: dict[str, Callable[[Facts], str]] = {
    "Two curves of each?": _two_curves,
    "Which model is tested?": _average,
    "What do these curves show?": _lesson,
    "Sum or mean?": _sum_or_mean,
    "Nats or bits?": _unit,
    "Why above 100?": _why_so_large,
    "May it be negative?": _negative,
    "Why does the KL rise first?": _kl_first,
    "What is a good KL?": _kl_size,
    "And β?": _beta,
    "And the class?": _told,
    "Where is the KL?": _no_kl,
    "Encoder against discriminator?": _game,
}


# --- what is normal --------------------------------------------------------------------------------------------------------


def normal(config: RunConfig, found: Sequence[Comparable], it: str = "run") -> str:
    """Where the shipped models ended that the run can be compared with, or why there is none; ConfigError as above."""
    (_, model), recipe = model_of(config), recipe_of(config)
    data = DATASETS[config.dataset].name if config.dataset in DATASETS else "this data set"
    if not found:
        return _nothing_comparable(model, recipe, data)
    own_beta, beta = getattr(model, "beta", None), found[0].beta
    other_beta = f" with β = {beta:g}" if beta != own_beta else ""
    ends = joined([f"**{number(one.nats, 1)} nats** (`{one.name}`, {plural(round(one.epochs), 'epoch')})" for one in found])
    models = "A model" if len(found) == 1 else "Models"
    words = f"{models} of this kind{other_beta} on {data} with {model.latent_dim}-D codes ended at {ends}."
    if other_beta:
        words += f" None with this {it}'s β = {own_beta:g} comes with the explorer."
    elif recipe.epochs < min(one.epochs for one in found):
        epochs = plural(recipe.epochs, "epoch")
        shorter = f" This run is shorter ({epochs}); a shorter one usually ends higher."
        words += shorter if it == "run" else f" This one was trained for {epochs}."
    return words


def _nothing_comparable(model: ModelConfig, recipe: TrainingConfig, data: str) -> str:
    """Why no shipped model's figure says what is normal for such a run."""
    if isinstance(model, LessonVAEConfig):
        return "No other model has the course's loss, so its curves can only be compared with those of the same model."
    made = "computed from" if isinstance(model, LinearConfig) else "trained on"
    images = f", {made} {plural(recipe.training_images, 'image')}," if recipe.training_images else ""
    if model.likelihood != "bernoulli":
        return (
            f"No model of this kind with {model.latent_dim}-D codes of {data}{images} and {LOSS_NAMES[model.likelihood]}, "
            f"σ = {model.sigma:g}, comes with the explorer. Such losses have a scale of their own, which depends on σ, and may be "
            "negative: compare only runs with the same loss and the same σ."
        )
    pixels = "" if recipe.binarize else " of grey pixels"
    return (
        f"No model of this kind with {model.latent_dim}-D codes{pixels} of {data}{images} comes with the explorer. Compare with your "
        "own runs of the same data set and loss: more numbers in a code make it lower."
    )
