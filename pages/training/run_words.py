"""What a run's numbers mean, in words: how far it is, what its losses are, and what to try where its codes have collapsed."""

from typing import Any

from core import metrics
from core.jobs import Run
from core.training.history import final_kl_nats
from core.words import duration, plural

SILENT_S = 10.0  # without a step, what was said of the time left is no longer true
LOSSES = {  # of metrics.jsonl: what each is, for a beginner
    "negative_elbo_nats": "**−ELBO** is reconstruction plus KL: the information it takes to describe an image. Lower is better.",
    "reconstruction_nats": "**Reconstruction** is what the drawing gets wrong.",
    "kl_nats": "**KL** is what the code says about the image.",
    "generator_nats": "**Encoder against discriminator** is low while the codes pass for draws from the prior.",
    "discriminator_nats": "**Discriminator** is low while it can tell the codes from such draws.",
}
NAT = "All are in **nats** per image; a nat is a unit of information, like a bit: 1 nat = 1.44 bits."


def how_far(run: Run, now: float) -> str:
    """ "Epoch 3 of 30 · 2 min left": the epoch it is in, whole; the bar shows what is between. `now`: Unix seconds."""
    if not run.epochs:
        return run.phase
    done = int(run.epoch)
    if run.state != "running":
        return f"{done:,} of {plural(run.epochs, 'epoch')} done"
    epoch = f"Epoch {min(done + 1, run.epochs):,} of {run.epochs:,}"
    if run.phase != "training":
        return f"{epoch} · {run.phase}"
    silent = now - run.status.get("updated", now)
    if silent > SILENT_S:
        return f"{epoch} · no step has finished for {duration(silent, short=True)}"
    left = run.status.get("seconds_left")
    return epoch if left is None else f"{epoch} · {duration(left, short=True)} left"


def what_the_curves_are(groups: set[str]) -> str:
    """The losses that are drawn, and their unit, in a few sentences."""
    return " ".join([*(words for name, words in LOSSES.items() if name in groups), NAT])


def collapse(run: Run, lines: list[dict[str, Any]]) -> str:
    """That a run ended with codes that say next to nothing, and what to try; "" where it did not. `lines`: its metrics."""
    kl = None if run.active else final_kl_nats(lines)
    if kl is None or kl >= metrics.COLLAPSED_NATS:
        return ""
    model, recipe = run.config.model_settings, run.config.recipe_settings
    tries = []
    if isinstance(beta := model.get("beta"), int | float) and beta > 0:
        tries.append(f"a smaller β (now {beta:g})")
    if isinstance(warmup := recipe.get("kl_warmup_epochs"), int | float):
        tries.append(f"a longer KL warm-up (now {plural(float(warmup), 'epoch')})")
    if model.get("likelihood") in ("gaussian", "laplace") and isinstance(sigma := model.get("sigma"), int | float):
        tries.append(f"a smaller pixel scale σ (now {sigma:g})")
    return (
        f"**The codes have collapsed.** Their KL ended at {max(kl, 0.0):.2g} nats per image, so a code says almost nothing about its image "
        "and the decoder draws much the same for all of them. To tell just two kinds of image apart takes 0.69 nats. "
        f"Try {' or '.join(tries) or 'a longer KL warm-up'}."
    )
