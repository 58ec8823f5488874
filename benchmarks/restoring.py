"""How well damage is undone and small pictures are enlarged, by our networks, the lesson's and rules; and what a phone photo costs."""

import io
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from benchmarks.tables import table
from core import metrics, restore
from core.data.corruptions import CORRUPTIONS, corrupt_seeded
from core.data.datasets import load, to_unit_images
from core.methods import ENLARGERS, METHODS, Asked, restorer

DAMAGES = ("gaussian", "salt-and-pepper", "mask")  # at their default strengths, which are those that others report
SLOW_IMAGES = 1_000  # for what takes too long on all of them
SLOW = ("vae-search", "tv", "nl-means")
PHOTO = (4000, 3000)  # pixels: 12 megapixels


def measure(quick: bool) -> str:
    """All tables as Markdown."""
    x = to_unit_images(load("mnist", "test").images)[: 40 if quick else None]
    return "\n\n".join([denoising(x), enlarging(x, 2), enlarging(x, 4), photo()])


def denoising(x: Tensor) -> str:
    """Every method against every damage."""
    rows = [row("", "as it is given", [corrupt_seeded(x, name, CORRUPTIONS[name].default, 0) for name in DAMAGES], x, len(x))]
    for name, method in METHODS.items():
        clean = x[:SLOW_IMAGES] if name in SLOW else x
        answers = [denoised(corrupt_seeded(clean, damage, CORRUPTIONS[damage].default, 0), name) for damage in DAMAGES]
        rows.append(row("ours" if name == "denoiser" else "", method.title, answers, clean, len(clean)))
    kinds = [f"{CORRUPTIONS[name].title} {CORRUPTIONS[name].default:g}" for name in DAMAGES]
    return table("Denoising: PSNR in dB / SSIM, means over MNIST test images", ["", "method", *kinds, "images"], rows)


def denoised(x: Tensor, method: str) -> Tensor:
    """Images (B, 1, 28, 28), denoised."""
    return torch.from_numpy(restore.denoise_batch(x.numpy(), method))


def enlarging(x: Tensor, scale: int) -> str:
    """Every enlarger that can do it, from the means of scale x scale pixels."""
    small = F.avg_pool2d(x, scale)
    rows = []
    for name, enlarger in ENLARGERS.items():
        if enlarger.scale in (None, scale):
            answer = enlarger.run(small, Asked(scale=scale)) if enlarger.is_model else one_by_one(small, name, scale)
            rows.append(row("ours" if name.startswith("upscaler") else "", enlarger.title, [answer], x, len(x)))
    title = f"Super-resolution x{scale}, {28 // scale} x {28 // scale} to 28 x 28: PSNR in dB / SSIM, means over MNIST test images"
    return table(title, ["", "method", "PSNR / SSIM", "images"], rows)


def one_by_one(small: Tensor, name: str, scale: int) -> Tensor:
    """Images (B, 1, h, w), each enlarged by itself."""
    return torch.from_numpy(np.stack([restore.enlarge(image, name, scale) for image in small[:, 0].numpy()])).unsqueeze(1)


def row(whose: str, title: str, answers: list[Tensor], x: Tensor, count: int) -> list[str]:
    """A line of a table: PSNR and SSIM of each of the answers."""
    cells = [f"{metrics.psnr_db(a, x).mean():.2f} / {metrics.ssim(a, x).mean():.3f}" for a in answers]
    return [whose, title, *cells, f"{count:,}"]


def photo() -> str:
    """A 12-megapixel photo from bytes to clean digits pasted back, in a process of its own."""
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=take_photo, args=(theirs, a_photo()))
    process.start()
    seconds, megabytes, digits = ours.recv()
    process.join()
    steps = [[f"{value:.2f}", name] for name, value in seconds.items()] + [[f"{sum(seconds.values()):.2f}", "together"]]
    megapixels = PHOTO[0] * PHOTO[1] / 1e6
    title = f"A JPEG of {megapixels:.0f} megapixels with {digits} digits, one thread; {megabytes:,.0f} MB at most, torch included"
    return table(title, ["seconds", "for"], steps)


def take_photo(pipe: Connection, data: bytes) -> None:
    """Measure it; networks are opened before the clock starts, as they are in a server."""
    from core.data.pasting import paste_back
    from core.data.uploads import find_digits, read_image

    torch.set_num_threads(1)
    restorer("denoiser").restore(torch.zeros(1, 1, 28, 28))
    seconds, began = {}, time.perf_counter()

    def lap(name: str) -> None:
        nonlocal began
        seconds[name], began = time.perf_counter() - began, time.perf_counter()

    image = read_image(data)
    lap("reading it")
    digits = find_digits(image)
    lap("finding the digits")
    answers = restore.denoise_batch(np.stack([digit.x for digit in digits]))
    lap("denoising them")
    paste_back(image, digits, list(answers[:, 0]))
    lap("pasting them back")
    pipe.send((seconds, peak_mb(), len(digits)))


def peak_mb() -> float:
    """The most memory that this process has had (Linux); getrusage would also count what its parent had."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def a_photo() -> bytes:
    """Test digits in two rows on grey paper under uneven light, with grain, as a JPEG."""
    height, width = PHOTO
    images = load("mnist", "test").images[:8]
    ink = np.zeros(PHOTO, np.float32)
    for number, image in enumerate(images):
        side = 560
        large = np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC), np.float32) / 255
        top, left = 600 + number // 4 * 1500, 250 + number % 4 * 680
        ink[top : top + side, left : left + side] = large
    light = np.linspace(0.9, 0.6, width, dtype=np.float32)[None] * np.linspace(1.0, 0.85, height, dtype=np.float32)[:, None]
    grain = np.random.default_rng(0).normal(0, 0.02, PHOTO).astype(np.float32)
    buffer = io.BytesIO()
    Image.fromarray((np.clip(light * (1 - 0.8 * ink) + grain, 0, 1) * 255).astype(np.uint8)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()
