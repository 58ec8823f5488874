"""The picture that "A photo of digits" and "A whole picture" share: uploaded, or a sample that the model itself draws."""

import io
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from PIL import Image

from core import checkpoints, denoise, latent
from core.checkpoints import Checkpoint, CheckpointError
from core.data import uploads
from core.data.formats import MAX_BYTES
from core.data.uploads import UploadError
from pages.images import from_upload
from pages.images.from_upload import FILE_TYPES, LIMITS
from pages.images.pictures import grey
from pages.session import caches, link, words
from pages.web.assets import digest

SAMPLE_SIZE = (420, 760)  # rows, columns
SAMPLE_DIGIT = 100  # pixels of a digit's side on the sample
GRAIN_PX = 5  # of the sample's damage: about a pixel of a digit at 28 x 28, so that it is still there when the digit is cut out
PATCHY, GRAINY, FINE = 0.6, 0.03, 0.04  # standard deviations: of the ink's strength, of the paper's grain, of the camera's noise


@dataclass(frozen=True)
class Given:
    """A picture's file as it came, and a name for what is made of it."""

    data: bytes
    sampled_from: str = ""  # the model that drew it, if one did
    dark_ink: bool = True  # on light paper: it is shown and saved the way round that it came

    @property
    def token(self) -> str:
        """Different when the content is."""
        return digest(self.data)


def ask(checkpoint: Checkpoint | None) -> tuple[Given, np.ndarray] | None:
    """The chosen picture and its pixels, ink (H, W) in [0, 1]; None, with what to do, while there is none that can be read."""
    state = st.session_state
    st.file_uploader(
        "A photo or a scan", type=FILE_TYPES, key="denoise_upload", max_upload_size=MAX_BYTES >> 20, on_change=_uploaded,
    )  # fmt: skip
    if checkpoint is not None:
        st.button(
            "Another sample" if "denoise_sample" in state else "No photo at hand? Make a sample",
            icon=":material/casino:", on_click=_sample, args=(checkpoint,), type="tertiary",
        )  # fmt: skip
    given = _sampled(*state.denoise_sample) if "denoise_sample" in state else state.get("denoise_given")
    if given is None:
        st.info(
            "Upload a photo of handwritten digits: dark pen on light paper, or the other way round. It may show several digits.",
            icon=":material/add_photo_alternate:",
        )
        st.caption(LIMITS)
        return None
    if given.sampled_from:
        st.caption(
            link.plain(
                f"A sample: digits that the model {words.title_of(given.sampled_from)} decoded, written with a dry pen on grainy paper, in "
                "uneven light."
            )
        )
    elif state.denoise_upload is None:
        from_upload.of_before(_uploaded)
    try:
        picture, stored = caches.of_session(
            "denoise_read", given.token, lambda: (denoise.read(given.data), uploads.stored_size(given.data)), 1
        )
    except UploadError as error:
        st.error(link.plain(str(error)), icon=":material/error:")
        return None
    if picture.image.size < stored[0] * stored[1]:
        sizes = [f"{width:,} × {height:,}" for height, width in (stored, picture.image.shape)]
        st.caption(f"The picture has {sizes[0]} pixels, more than can be processed: it was scaled down to {sizes[1]}.")
    for note in picture.notes:
        st.caption(link.plain(note))
    return replace(given, dark_ink=picture.dark_ink), picture.image


def _uploaded() -> None:
    """Another file, or none any more."""
    file = st.session_state.denoise_upload
    for key in ("denoise_given", "denoise_sample"):
        st.session_state.pop(key, None)
    if file is not None:
        st.session_state.denoise_given = Given(file.getvalue())


def _sample(checkpoint: Checkpoint) -> None:
    """The next one."""
    before, _ = st.session_state.get("denoise_sample", (0, ""))
    st.session_state.denoise_sample = (before + 1, checkpoint.name)


def _sampled(number: int, name: str) -> Given | None:
    """The sample of that number as this model draws it; None, with a sentence, where the model cannot be used (any more)."""
    try:
        return caches.of_session("denoise_sampled", (number, name), lambda: Given(sample(checkpoints.opened(name), number), name), 1)
    except CheckpointError as error:
        del st.session_state.denoise_sample
        st.warning(link.plain(str(error)), icon=":material/error:")
        return None


def sample(checkpoint: Checkpoint, seed: int, patchy: float = PATCHY, grainy: float = GRAINY, fine: float = FINE) -> bytes:
    """A PNG of eight digits that the model decodes from codes of its test images, in patchy ink on grainy, unevenly lit paper."""
    generator = np.random.default_rng(seed)
    codes, labels = checkpoint.latents.mu, checkpoint.latents.label
    rows = generator.choice(len(codes), 8, replace=len(codes) < 8)
    x_hat = np.stack(
        [latent.decode(checkpoint.model, codes[[row]], int(labels[row]) if checkpoint.model.conditional else None)[0] for row in rows]
    )
    height, width = SAMPLE_SIZE
    ink = np.zeros(SAMPLE_SIZE, np.float32)
    for number, image in enumerate(x_hat):
        large = np.asarray(Image.fromarray(image).resize((SAMPLE_DIGIT, SAMPLE_DIGIT), Image.Resampling.BICUBIC))
        top = 60 + 180 * (number // 4) + int(generator.integers(-15, 16))
        left = 60 + 175 * (number % 4) + int(generator.integers(-20, 21))
        ink[top : top + SAMPLE_DIGIT, left : left + SAMPLE_DIGIT] = np.clip(large, 0, 1)
    light = np.linspace(0.92, 0.72, width)[None] * np.linspace(1, 0.9, height)[:, None]
    coarse = np.kron(generator.standard_normal((height // GRAIN_PX, width // GRAIN_PX)), np.ones((GRAIN_PX, GRAIN_PX)))  # (height, width)
    ink = np.clip(ink * (1 + patchy * coarse), 0, 1.3)
    paper = light * (1 - 0.75 * ink) + grainy * coarse + fine * generator.standard_normal(SAMPLE_SIZE)
    buffer = io.BytesIO()
    Image.fromarray(grey(paper)).save(buffer, "PNG")
    return buffer.getvalue()
