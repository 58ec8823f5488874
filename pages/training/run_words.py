"""What a run's numbers mean, in words: how far it is, and what its losses are."""

from core.jobs import Run
from core.words import duration, plural

SILENT_S = 10.0  # without a step, what was said of the time left is no longer true
LOSSES = {  # of metrics.jsonl: what each is, for a beginner
    "negative_elbo_nats": "**−ELBO** is reconstruction plus KL: the information it takes to describe an image. Lower is better.",
    "course_loss_nats": "**Course’s loss** is reconstruction plus the course’s KL, which is not the true one: no −ELBO. Lower is better.",
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
