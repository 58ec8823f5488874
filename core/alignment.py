"""Turns the maps of two-dimensional models so that they lie like another's, and writes the turn into their weights.

    python -m core.alignment --to checkpoints/beta-1-mnist-2d checkpoints/beta-*

A VAE does not care which of its two coordinates comes first, nor which end of one is positive: after any of these eight turns it is the
same model with the same losses. (Any other rotation would need clouds that lie aslant, which its encoder cannot say.)
"""

import argparse
import sys
from itertools import permutations, product
from pathlib import Path

import numpy as np
import torch
from torch import nn

from core.checkpoints import Checkpoint, CheckpointError, Latents, load_folder, save
from core.models import Model

TURNS = [np.diag(signs)[list(order)] for order in permutations(range(2)) for signs in product((1, -1), repeat=2)]  # z -> turn @ z


def nearest_turn(codes: np.ndarray, towards: np.ndarray) -> np.ndarray:
    """The one of TURNS that brings codes (N, 2) nearest to other codes (N, 2) of the same images; where both lie and how far they are
    spread does not count."""
    a, b = codes - codes.mean(0), towards - towards.mean(0)
    return max(TURNS, key=lambda turn: float(((a @ turn.T) * b).sum()))


def parts_of(turn: np.ndarray) -> tuple[list[int], list[float]]:
    """Of a turn (2, 2): which coordinate comes to each place, and with which sign."""
    return np.abs(turn).argmax(1).tolist(), turn.sum(1).astype(float).tolist()


@torch.no_grad()
def turn_model(model: Model, turn: np.ndarray) -> None:
    """Change the weights so that turn @ z stands where z stood, turn (2, 2) and z (2,): rows of the encoder's last layer, columns of the
    decoder's first. Exact: numbers only change place and sign."""
    last, first = model.encoder[-1], model.decoder[0]
    assert isinstance(last, nn.Linear) and isinstance(first, nn.Linear)
    order, signs = parts_of(turn)
    sign = torch.tensor(signs, device=first.weight.device)
    first.weight.copy_(first.weight[:, order] * sign)
    for parameter in (last.weight, last.bias):
        mu, *logvar = parameter.unflatten(0, (-1, len(order)))  # (D, ...) each, views
        mu.copy_(mu[order] * sign.view(-1, *[1] * (mu.dim() - 1)))
        for part in logvar:
            part.copy_(part[order])


def turn_latents(latents: Latents, turn: np.ndarray) -> Latents:
    """The codes of the model after `turn_model`."""
    order, signs = parts_of(turn)
    logvar = None if latents.logvar is None else latents.logvar[:, order]
    return Latents(latents.mu[:, order] * np.array(signs, np.float32), logvar, latents.label)


def align(folder: Path, to: Checkpoint) -> np.ndarray:
    """Turn the checkpoint in a folder so that its codes of the test images come as near as they can to another's; returns the turn.

    Its card says what was done; its figures stay. Raises CheckpointError where a checkpoint cannot be used.
    """
    found = load_folder(folder)
    codes, towards = found.latents, to.latents
    if codes.mu.shape[1] != 2 or codes.mu.shape != towards.mu.shape or (codes.label != towards.label).any():
        raise CheckpointError(f"{folder} cannot be turned towards {to.name}: both must have two-dimensional codes of the same test images.")
    turn = nearest_turn(codes.mu, towards.mu)
    turn_model(found.model, turn)
    before = np.array(found.card.get("aligned", {}).get("turn", np.eye(2)))
    card = found.card | {"aligned": {"to": to.name, "turn": (turn @ before).astype(int).tolist()}}
    kind = getattr(torch, str(card.get("stored_weights", "float32")))
    save(folder, card["model"]["name"], found.model.to(kind), card, turn_latents(codes, turn))
    return turn


def main(arguments: list[str] | None = None) -> int:
    """Align each checkpoint; 1 with a sentence on stderr where one cannot be."""
    parser = argparse.ArgumentParser(prog="python -m core.alignment", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", help="checkpoints to turn")
    parser.add_argument("--to", type=Path, required=True, help="the checkpoint whose map they are turned to")
    options = parser.parse_args(arguments)
    try:
        to = load_folder(options.to)
        for folder in options.folders:
            if folder.resolve() == options.to.resolve():
                continue
            print(f"{folder}: {align(folder, to).astype(int).tolist()}")
    except CheckpointError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
