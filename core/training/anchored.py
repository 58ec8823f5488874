"""Give a trained VAE an encoder that is Bayes' rule on a grid of anchors: python -m core.training.anchored --begin-with NAME --out FOLDER

Nothing is trained: the encoder's weights follow from the decoder's (core.posterior.anchored), so it answers as well for images that it has
never seen. It suits decoders whose posteriors are about as narrow as the grid is fine.
"""

import argparse
import sys
from pathlib import Path

import torch

from core.checkpoints import check_target, load_folder, save
from core.data.datasets import load
from core.posterior import anchored
from core.training.card import made_with, measure, round_weights, summary
from core.training.command import reported

SIDE = 64
WORDS = "not trained: Bayes' rule on {side} x {side} anchors, computed from the decoder (core.posterior.anchored)"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(prog="python -m core.training.anchored", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--begin-with", type=Path, required=True, metavar="FOLDER", help="the checkpoint whose decoder is kept")
    p.add_argument("--out", type=Path, required=True, help="the new checkpoint's folder; it may be the same")
    p.add_argument("--side", type=int, default=SIDE, help=f"a side of the grid ({SIDE})")
    return p


def main(arguments: list[str] | None = None) -> int:
    """Make it; 0 when a checkpoint was written, 1 with a sentence on stderr when not."""
    options = parser().parse_args(arguments)
    return reported(lambda: _make(options.begin_with, options.out, options.side), options.out)


def _make(begin_with: Path, out: Path, side: int) -> int:
    check_target(out)
    beginning = load_folder(begin_with)
    model = anchored(beginning.model, side)
    dataset = beginning.card["dataset"]["name"]
    round_weights(model, torch.float16)
    metrics, codes = measure(model, load(dataset, "train"), load(dataset, "test"))
    card = {key: value for key, value in beginning.card.items() if key != "model"} | {
        "encoder": WORDS.format(side=side),
        "decoder_commit": beginning.card.get("commit", "unknown"),
        "stored_weights": "float16",
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "metrics": metrics,
        **made_with(),
    }
    save(out, "vae", model.to(torch.float16), card, codes)
    print(f"Saved {out}:\n{summary(card)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
