"""Where models and runs lie: what comes with the explorer, and the folder that LATENT_CHECKPOINTS names."""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
SHIPPED_ROOT = PROJECT / "checkpoints"  # only the repository changes it
CHECKPOINTS = Path(os.environ.get("LATENT_CHECKPOINTS") or SHIPPED_ROOT).expanduser().absolute()
