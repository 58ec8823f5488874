"""One way to better images, for the pages, the HTTP interface and the command line.

`denoise` and `enlarge` take a picture and the name of a method (methods.py); large pictures are worked on in tiles, which changes nothing
but memory.
"""

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from core import latent
from core.data.normalizing import is_in_form
from core.data.page import EvenLight, even_light
from core.data.pixels import MAX_WORKING_PIXELS
from core.methods import CHECKPOINT, ENLARGERS, MAX_SCALE, METHODS, Asked, check_side, strength_for
from core.models import Model
from core.shape import SIDE
from core.watch import OnProgress, RestoreError, ShouldStop, Watch

MAX_PIXELS = MAX_WORKING_PIXELS  # of a picture: what read_image gives is never larger
MAX_ENLARGED_PIXELS = 1 << 26  # of the answer: 268 MB of float32
NEAR = 4.0  # pixels: sigma of the surroundings in which a network's changes are held against the paper's noise


# --- what pages, HTTP and the command line call -------------------------------------------------------------------------


def denoise(
    image: np.ndarray,
    method: str = "denoiser",
    strength: float | None = None,
    checkpoint: str = CHECKPOINT,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> np.ndarray:
    """A picture (H, W) in [0, 1], ink = 1 -> float32 (H, W) in [0, 1]. `method`: one of METHODS; `strength`: a classical one's, None: its
    default; `checkpoint`: for the methods that need a VAE.

    Raises RestoreError when it cannot be done, MethodMissingError where that is for want of a checkpoint, RestoreStoppedError when
    should_stop says so; it is asked every second or so.
    """
    x = _checked(image).numpy()
    return denoise_batch(x, method, strength, checkpoint, on_progress, should_stop)[0, 0]


def denoise_batch(
    x: np.ndarray,
    method: str = "denoiser",
    strength: float | None = None,
    checkpoint: str = CHECKPOINT,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> np.ndarray:
    """The same for many images of one size: (B, 1, H, W) -> float32 (B, 1, H, W)."""
    if method not in METHODS:
        raise RestoreError(f"There is no method named {method!r}; there are {', '.join(METHODS)}.")
    kind = METHODS[method]
    asked = Asked(strength_for(method, strength), checkpoint, watch=Watch(on_progress, should_stop))
    if not kind.any_size:
        check_side(kind.title, x, SIDE)
    return kind.run(torch.from_numpy(np.ascontiguousarray(x, np.float32)), asked).numpy() if len(x) else x


def denoise_page(
    image: np.ndarray,
    method: str = "denoiser",
    strength: float | None = None,
    checkpoint: str = CHECKPOINT,
    careful: bool = True,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> np.ndarray:
    """`denoise` for pictures of paper of any shade and in any light: for a network the light is made even and the ink dark, as in what it
    was trained on, and both are put back afterwards. Filters, and images in MNIST's form, need none of that.

    careful: where a network changes strokes by more than the paper's noise explains, it is trusted less, so that they come out no worse
    than they went in. Holes and scratches are then left as well. Raises what `denoise` raises.
    """
    x = _checked(image)[0, 0].numpy()
    way = METHODS.get(method)
    if way is None or not (way.is_model and way.any_size) or is_in_form(x):
        return denoise(x, method, strength, checkpoint, on_progress, should_stop)
    page = even_light(x)
    ink = np.clip(page.ink / page.darkness, 0, 1)
    answer = page.put_back(page.darkness * denoise(ink, method, strength, checkpoint, on_progress, should_stop))
    return x + _trust(x, answer, page) * (answer - x) if careful else answer


def _trust(given: np.ndarray, answer: np.ndarray, page: EvenLight) -> np.ndarray:
    """How much of a network's changes to take, (H, W) in [0, 1]: the weight that makes the expected squared error least.

    given = clean + noise, and what the network errs by has nothing to do with the noise: then (answer - given)^2 is around each pixel the
    noise's variance v and the network's squared error together, and the best weight (James & Stein 1961) is v / (answer - given)^2.
    """
    paper = ~ndimage.binary_dilation(page.strokes, iterations=8)
    if not paper.any():
        return np.ones_like(given)
    bare = page.put_back(np.zeros_like(given))
    variance = float(np.square(given - bare)[paper].mean())
    changes = ndimage.gaussian_filter(np.square(answer - given), NEAR)
    return np.minimum(1, variance / np.maximum(changes, 1e-9)).astype(np.float32)


def enlarge(
    image: np.ndarray,
    method: str = "upscaler-x2",
    scale: int | None = None,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> np.ndarray:
    """A picture (h, w) in [0, 1], ink = 1 -> float32 (h * scale, w * scale) in [0, 1]. `method`: one of ENLARGERS; `scale`: None for the
    method's own, 2 where it has none. Raises what `denoise` raises."""
    if method not in ENLARGERS:
        raise RestoreError(f"There is no method named {method!r}; there are {', '.join(ENLARGERS)}.")
    kind, x = ENLARGERS[method], _checked(image)
    scale = scale or kind.scale or 2
    if kind.scale not in (None, scale):
        raise RestoreError(f"{kind.title} makes pictures {kind.scale} times larger; {scale} was asked for.")
    if not 2 <= scale <= MAX_SCALE:
        raise RestoreError(f"{kind.title} makes pictures 2 to {MAX_SCALE} times larger; {scale} was asked for.")
    if x.numel() * scale**2 > MAX_ENLARGED_PIXELS:
        raise RestoreError(f"The picture would have more than {MAX_ENLARGED_PIXELS / 1e6:.0f} megapixels. Choose a smaller one.")
    if kind.side is not None:
        check_side(kind.title, x, kind.side)
    return kind.run(x, Asked(scale=scale, watch=Watch(on_progress, should_stop)))[0, 0].numpy()


def path_on_map(model: Model, image: np.ndarray, steps: int) -> np.ndarray:
    """The codes, float32 (steps + 1, D), of an image (H, W), of that code's decoding, of that one's, and so on: mu each time."""
    codes = [latent.encode(model, _checked(image))[0]]
    for _ in range(steps):
        codes.append(latent.encode(model, torch.from_numpy(latent.decode(model, codes[-1])).unsqueeze(1))[0])
    return np.concatenate(codes)


# --- checks -----------------------------------------------------------------------------------------------------------


def _checked(image: np.ndarray) -> Tensor:
    """The picture as (1, 1, H, W), float32 in [0, 1]; RestoreError where it is none."""
    if image.ndim != 2 or not image.size:
        raise RestoreError(f"A picture has rows and columns of pixels; this is an array of the shape {image.shape}.")
    if image.size > MAX_PIXELS:
        raise RestoreError(
            f"The picture has {image.shape[1]:,} x {image.shape[0]:,} pixels; at most {MAX_PIXELS / 1e6:.0f} megapixels can be processed. "
            "Make it smaller."
        )
    image = np.asarray(image, np.float32)
    if not np.isfinite(image).all():
        raise RestoreError("The picture holds pixels that are not numbers (nan or infinite), so it cannot be restored.")
    return torch.from_numpy(np.clip(image, 0, 1))[None, None]
