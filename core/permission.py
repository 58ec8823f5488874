"""Whether people may train here, for how long, and the passwords for it: what the server's administrator has set. Standard library only."""

import hmac
import os

from core.runs import JobError
from core.training import folder
from core.turns import whole_number

PASSWORDS = {"training": "LATENT_TRAINING_PASSWORD", "admin": "LATENT_ADMIN_PASSWORD"}  # what each opens: its variable


def refusal() -> str:
    """Why this server starts no training, for people; "" when it does."""
    switch = os.environ.get("LATENT_TRAINING", "on")
    if switch == "on":
        return ""
    if switch == "off":
        return "Training is turned off on this server."
    return f"LATENT_TRAINING is {switch!r}; it must be on or off. Until its administrator has set it, this server starts no training."


def training_allowed() -> bool:
    """Whether the administrator lets people train: LATENT_TRAINING=on|off, by default on; `refusal` says why not."""
    return not refusal()


def minutes() -> int | None:
    """How long a run that is started now may train, LATENT_TRAINING_MINUTES; None: as long as it takes. JobError when it is no number."""
    return whole_number("LATENT_TRAINING_MINUTES", 0) if "LATENT_TRAINING_MINUTES" in os.environ else None


def password(role: str = "training") -> str | None:
    """What people must know to train, or to be the administrator ("admin"); None when there is no such password."""
    return os.environ.get(PASSWORDS[role]) or None


def check_password(text: str, role: str = "training") -> bool:
    """Whether this is the password, or there is none; takes as long for any wrong one."""
    expected = password(role)
    return expected is None or hmac.compare_digest(text.encode("utf-8", "replace"), os.fsencode(expected))


def environment() -> dict[str, str]:
    """This process's environment for one that it starts, which has no business with the passwords."""
    return {name: value for name, value in os.environ.items() if name not in PASSWORDS.values()}


def check() -> None:
    """JobError where this server starts no training."""
    if why := refusal():
        raise JobError(why)
    if folder.fcntl is None:
        raise JobError("Runs in the background need Linux or macOS. python -m core.training trains on this system too.")
