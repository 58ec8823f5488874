"""Every way to denoise or enlarge, in two tables: trained networks, a VAE's decoder, classical filters. `restore.py` calls them."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from core import checkpoints, latent
from core.checkpoints import Checkpoint, CheckpointError
from core.code_search import most_probable_codes, starting_codes
from core.filters import NL_DISTANCE, NL_PATCH, TV_STEPS, gaussian, median, nl_means, tv
from core.models import Restorer
from core.shape import SIDE
from core.tiles import TILE, tiled
from core.watch import RestoreError, Watch

MAX_SCALE = 8
TRAINED_ON = "handwritten digits alone (MNIST, light ink on black)"  # all networks here
SEARCH_IMAGES = 32  # at a time
CHECKPOINT = "vae-mnist-2d"  # lends its codes where no other is chosen


class MethodMissingError(RestoreError):
    """A method whose network is not on this disk, or damaged."""


@dataclass(frozen=True)
class Asked:
    """What a method is told besides the images."""

    strength: float = 0.0  # of a classical filter
    checkpoint: str = ""  # of the methods that use a VAE
    scale: int = 1  # of an enlarger
    watch: Watch = field(default_factory=Watch)


Run = Callable[[Tensor, Asked], Tensor]  # images (B, 1, h, w) in [0, 1] -> (B, 1, h * scale, w * scale) in [0, 1]


@dataclass(frozen=True)
class Strength:
    """What a classical filter can be told, in words, and its range."""

    words: str  # with its unit
    low: float
    high: float
    default: float
    whole: bool = False


@dataclass(frozen=True)
class Method:
    """A way to denoise."""

    title: str
    sentence: str  # for people; "{model}" in it is the model that lends its codes
    run: Run
    any_size: bool = True  # else 28 x 28 only
    is_model: bool = True
    strength: Strength | None = None

    def summary(self, model: str = CHECKPOINT) -> str:
        """The sentence about it, with what that model is called."""
        return self.sentence.format(model=model)


@dataclass(frozen=True)
class Enlarger:
    """A way to enlarge."""

    title: str
    summary: str  # a sentence for people
    run: Run
    scale: int | None = None  # None: whatever is asked for, 2 to MAX_SCALE
    side: int | None = None  # of the only size it knows
    is_model: bool = True


def check_side(title: str, x: Tensor | np.ndarray, side: int) -> None:
    """RestoreError where images (..., H, W) are not of that side."""
    height, width = x.shape[-2:]
    if (height, width) != (side, side):
        raise RestoreError(
            f"{title} only takes pictures of {side} x {side} pixels; this one has {width:,} x {height:,}. "
            "Choose a method that takes any size."
        )


def strength_for(method: str, strength: float | None) -> float:
    """The strength to use: what is asked for, or the method's default; RestoreError when it has none or another range."""
    kind = METHODS[method]
    known = kind.strength
    if known is None:
        if strength is not None:
            raise RestoreError(f"{kind.title} has no strength setting. Leave the strength out.")
        return 0.0
    if strength is None:
        return known.default
    if not known.low <= strength <= known.high or (known.whole and strength != round(strength)):
        number = "a whole number" if known.whole else "a number"
        raise RestoreError(f"{kind.title}: the strength is {number} from {known.low:g} to {known.high:g} ({known.words}).")
    return strength


# --- networks ---------------------------------------------------------------------------------------------------------


def restorer(name: str) -> Restorer:
    """The restorer of that name, as checkpoints.opened_restorer gives it; MethodMissingError when it cannot be used."""
    try:
        return checkpoints.opened_restorer(name).model
    except CheckpointError as error:
        raise MethodMissingError(str(error)) from error


def _open_checkpoint(name: str, x: Tensor) -> Checkpoint:
    """The checkpoint of that name, for images (B, 1, H, W); RestoreError when it is for others."""
    try:
        opened = checkpoints.opened(name)
    except CheckpointError as error:
        raise MethodMissingError(str(error)) from error
    if why := opened.why_not_for((1, *x.shape[2:])):
        raise RestoreError(f"{why} Choose another model.")
    return opened


def restored(model: Restorer, x: Tensor, watch: Watch, tile: int = TILE) -> Tensor:
    """`model.restore` of images (B, 1, h, w), on the device that it lies on. float32: bfloat16 is five times faster on a CPU that
    multiplies in it, but its answers differ by up to 3.5 grey levels of 255.

    Large pictures go through in tiles that overlap by the network's reach: the same answer, wherever they were cut."""
    if not model.reach:
        check_side("This network", x, model.side)
    device = next(model.parameters()).device

    def work(part: Tensor) -> Tensor:
        with torch.inference_mode():
            return model.restore(part.to(device)).cpu()

    return tiled(work, x, watch, model.reach, model.multiple, model.scale, tile)


def _network(name: str) -> Run:
    """The restorer of that name as a method."""
    return lambda x, asked: restored(restorer(name), x, asked.watch)


# --- a VAE's decoder --------------------------------------------------------------------------------------------------


def _reconstruct(x: Tensor, asked: Asked) -> Tensor:
    """decode(mu(x))."""
    model = _open_checkpoint(asked.checkpoint, x).model
    asked.watch.at(0.0)
    answer = torch.from_numpy(latent.decode(model, latent.encode(model, x)[0])).unsqueeze(1)
    asked.watch.at(1.0)
    return answer


def _search(x: Tensor, asked: Asked) -> Tensor:
    """decode of the most probable code."""
    opened = _open_checkpoint(asked.checkpoint, x)
    parts = x.split(SEARCH_IMAGES)
    found = []
    for number, part in enumerate(parts):

        def on_step(share: float, number: int = number) -> None:
            asked.watch.at((number + share) / len(parts))

        found.append(most_probable_codes(opened.model, part, starting_codes(opened, part), on_step=on_step))
    return torch.from_numpy(latent.decode(opened.model, torch.cat(found).numpy())).unsqueeze(1)


# --- classical filters ------------------------------------------------------------------------------------------------

Filter = Callable[[np.ndarray, float], np.ndarray]  # (H, W), strength -> (H, W), float32


def _filtered(how: Filter, reach: Callable[[float], int]) -> Run:
    """A filter as a method; `reach`: how far a pixel's answer depends on others, at a strength."""

    def run(x: Tensor, asked: Asked) -> Tensor:
        def work(part: Tensor) -> Tensor:
            return torch.from_numpy(np.stack([how(image, asked.strength) for image in part[:, 0].numpy()])).unsqueeze(1)

        return tiled(work, x, asked.watch, reach(asked.strength)).clamp_(0.0, 1.0)

    return run


def _resized(how: Image.Resampling) -> Run:
    """One of Pillow's ways as an enlarger."""

    def run(x: Tensor, asked: Asked) -> Tensor:
        asked.watch.at(0.0)
        small = Image.fromarray(x[0, 0].numpy())
        large = small.resize((small.width * asked.scale, small.height * asked.scale), how)
        asked.watch.at(1.0)
        return torch.from_numpy(np.clip(np.asarray(large), 0, 1))[None, None]  # bicubic and Lanczos overshoot

    return run


# --- the tables ---------------------------------------------------------------------------------------------------------

METHODS: dict[str, Method] = {
    "denoiser": Method(
        "Blind U-Net denoiser", "Trained to undo nine kinds of damage without being told which; any size.", _network("denoiser")
    ),
    "lesson-denoiser": Method(
        "Course autoencoder (AI for Beginners)",
        "The denoising autoencoder of the course AI for Beginners: it draws the digit again from a bottleneck of 128 numbers.",
        _network("lesson-denoiser"),
        any_size=False,
    ),
    "vae": Method(
        "Chosen model: encode and decode",
        "The image's code in {model}, decoded: what that model can draw and nothing else, so its class may change.",
        _reconstruct,
        any_size=False,
    ),
    "vae-search": Method(
        "Chosen model: search for the code",
        "Looks for the code of {model} that most probably turned into this image through noise and lost pixels (a MAP estimate), and "
        "decodes it.",
        _search,
        any_size=False,
    ),
    "median": Method(
        "Median filter",
        "Each pixel becomes the median of the square around it: good at removing single wrong pixels, hard on thin strokes.",
        _filtered(median, lambda radius: int(radius)),
        is_model=False,
        strength=Strength("pixels from the square's middle to its edge", 1, 5, 1, whole=True),
    ),
    "gaussian": Method(
        "Gaussian blur",
        "Each pixel becomes a weighted mean of its surroundings: less grain, and less edge.",
        _filtered(gaussian, lambda sigma: int(4 * sigma + 0.5)),
        is_model=False,
        strength=Strength("sigma, in pixels", 0.3, 10.0, 1.0),
    ),
    "tv": Method(
        "Total variation",
        "Makes areas flat but keeps their edges sharp, without moving far from the image.",
        _filtered(tv, lambda weight: TV_STEPS),
        is_model=False,
        strength=Strength("weight: more is flatter, less is closer to the given image", 0.01, 2.0, 0.3),
    ),
    "nl-means": Method(
        "Non-local means",
        "Each pixel becomes the mean of those nearby whose surroundings look alike.",
        _filtered(nl_means, lambda h: NL_DISTANCE + NL_PATCH // 2 + 1),
        is_model=False,
        strength=Strength("difference in grey at which patches still count as alike; ink is 1", 0.01, 2.0, 0.3),
    ),
}

ENLARGERS: dict[str, Enlarger] = {
    "nearest": Enlarger("Nearest pixel", "Repeats each pixel.", _resized(Image.Resampling.NEAREST), is_model=False),
    "bicubic": Enlarger(
        "Bicubic", "Cubic curves through 4 x 4 pixels: smooth, and soft.", _resized(Image.Resampling.BICUBIC), is_model=False
    ),
    "lanczos": Enlarger(
        "Lanczos", "Windowed sinc over 6 x 6 pixels: sharper, with faint rings.", _resized(Image.Resampling.LANCZOS), is_model=False
    ),
    "upscaler-x2": Enlarger("Upscaler x2", "Trained to recover the original from the means of 2 x 2 pixels.", _network("upscaler-x2"), 2),
    "upscaler-x4": Enlarger("Upscaler x4", "Trained to recover the original from the means of 4 x 4 pixels.", _network("upscaler-x4"), 4),
    "lesson-upscaler": Enlarger(
        "Course network (AI for Beginners)",
        "The super-resolution network of the course AI for Beginners: 14 x 14 pixels to 28 x 28 through a bottleneck of 128 numbers.",
        _network("lesson-upscaler"),
        2,
        SIDE // 2,
    ),
}
