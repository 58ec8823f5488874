"""Digits made small and enlarged again in every way there is: what each way makes of them, and how near that is to the original."""

from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F

from core import metrics, restore
from core.methods import ENLARGERS


@dataclass(frozen=True)
class Enlarged:
    """What one method makes of small pictures."""

    images: np.ndarray  # float32 (N, H, W) in [0, 1]
    psnr_db: np.ndarray  # (N,), against the originals
    ssim: np.ndarray  # (N,)


@dataclass(frozen=True)
class Comparison:
    """Pictures made small, and what each method makes of that; of those that could not, why."""

    small: np.ndarray  # float32 (N, h, w) in [0, 1]
    by: dict[str, Enlarged]  # by the method's name in ENLARGERS
    failed: dict[str, str] = field(default_factory=dict)  # sentences, by the method's name


def model_for(factor: int) -> str:
    """Our own model for that factor."""
    return f"upscaler-x{factor}"


def shrink(images: np.ndarray, factor: int) -> np.ndarray:
    """Each square of factor x factor pixels becomes its mean: (N, H, W) -> (N, H / factor, W / factor)."""
    return F.avg_pool2d(torch.from_numpy(images)[:, None], factor)[:, 0].numpy()


def compare(originals: np.ndarray, factor: int) -> Comparison:
    """Digits, float32 (N, H, W) in [0, 1], made smaller by that factor along each side and enlarged by every method that can."""
    small, by, failed = shrink(originals, factor), {}, {}
    x = torch.from_numpy(originals)[:, None]  # (N, 1, H, W)
    for method in methods_for(factor):
        try:
            images = enlarge_all(small, method, factor)
        except restore.RestoreError as error:
            failed[method] = str(error)
            continue
        x_hat = torch.from_numpy(images)[:, None]
        by[method] = Enlarged(images, metrics.psnr_db(x_hat, x).numpy(), metrics.ssim(x_hat, x).numpy())
    return Comparison(small, by, failed)


def enlarge_all(small: np.ndarray, method: str, factor: int) -> np.ndarray:
    """Pictures (N, h, w) in [0, 1] -> (N, h * factor, w * factor); RestoreError when the method cannot."""
    return np.stack([restore.enlarge(image, method, factor) for image in small])


def methods_for(factor: int) -> list[str]:
    """The methods that can enlarge by that factor, plain rules first, our model last."""
    able = [name for name, way in ENLARGERS.items() if way.scale in (None, factor)]
    return sorted(able, key=lambda name: (ENLARGERS[name].is_model, name == model_for(factor)))


def noise(kind: str, count: int, side: int, seed: int) -> np.ndarray:
    """Pictures of random pixels, float32 (count, side, side) in [0, 1]: "uniform", or "gaussian", which is clipped."""
    generator = np.random.default_rng(seed)
    draw = generator.random((count, side, side)) if kind == "uniform" else generator.normal(0.5, 0.25, (count, side, side))
    return np.clip(draw, 0, 1).astype(np.float32)
