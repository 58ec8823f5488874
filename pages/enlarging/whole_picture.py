"""A picture of the visitor's own, twice as large: bicubic beside our model, a detail of it under the wipe, and the download."""

import numpy as np
import streamlit as st

from core import restore
from core.data import uploads
from core.data.formats import MAX_BYTES
from core.data.uploads import UploadError
from core.enlarging import model_for
from core.methods import TRAINED_ON
from pages.browser.tools import wipe
from pages.enlarging.comparing import title
from pages.images import from_upload
from pages.images.from_upload import FILE_TYPES, LIMITS
from pages.images.pictures import photo_uri, png
from pages.session import background, caches, link
from pages.session.background import Work
from pages.web.assets import digest

SLOT = "sr_larger"
FACTOR = 2
METHODS = ("bicubic", model_for(FACTOR))
MAX_SIDE = 1024  # pixels: a few seconds; of a larger picture the middle is taken
DETAIL = 64  # pixels of a side of the part that is shown large


def show() -> None:
    """The upload, of which all of the page hears; then the work and its result."""
    st.markdown(
        "A network made only of convolutions works on pictures of any size. Ours for ×2 was trained on 60,000 handwritten digits and "
        "nothing else: it sharpens pen strokes, and makes everything look like pen strokes."
    )
    st.file_uploader(
        "A picture to enlarge", FILE_TYPES, key="sr_upload", max_upload_size=MAX_BYTES >> 20, on_change=keep_upload,
    )  # fmt: skip
    if st.session_state.sr_upload is None and st.session_state.get("sr_given") is not None:
        from_upload.of_before(keep_upload)
    _enlarge_given()


@st.fragment
def _enlarge_given() -> None:
    """The work on the picture, then its result."""
    given = st.session_state.get("sr_given")
    if given is None:
        st.info(
            "Upload a picture: first some handwriting or print, then a photo of anything else. Compare what happens.",
            icon=":material/upload:",
        )
        st.caption(LIMITS)
        return
    token = digest(given)
    try:
        picture = caches.of_session("sr_read", token, lambda: uploads.read_picture(given), 1)
    except UploadError as error:
        st.error(link.plain(str(error)), icon=":material/error:")
        return
    for note in picture.notes:
        st.caption(link.plain(note))
    whole = picture.image
    small = middle(whole)
    if small.shape != whole.shape:
        st.caption(f"Only the middle, {size(small)} of {size(whole)} pixels, is enlarged: more would take too long here.")
    if not background.has(SLOT, token):
        begin(token, small)
    large = background.outcome(SLOT, token)
    if large is not None:
        show_result(small, large, token, picture.dark_ink)
    elif st.session_state[SLOT].done:
        st.button("Try again", icon=":material/refresh:", on_click=begin, args=(token, small))


def begin(token: str, small: np.ndarray) -> None:
    """Enlarge it in the background."""
    background.start(SLOT, token, lambda work: enlarge(work, small))


def keep_upload() -> None:
    """Another file, or none any more."""
    file = st.session_state.sr_upload
    background.stop(SLOT)
    st.session_state.pop(SLOT, None)
    st.session_state.sr_given = None if file is None else file.getvalue()


def enlarge(work: Work, small: np.ndarray) -> dict[str, np.ndarray]:
    """The picture (h, w) twice as large, by the method; RestoreError when one cannot."""
    return {
        method: restore.enlarge(
            small,
            method,
            FACTOR,
            on_progress=lambda share: work.step(share, f"Enlarging {size(small)} pixels"),
            should_stop=work.should_stop,
        )
        for method in METHODS
    }


def size(image: np.ndarray) -> str:
    """Width and height in words."""
    return f"{image.shape[1]:,} × {image.shape[0]:,}"


def show_result(small: np.ndarray, large: dict[str, np.ndarray], token: str, dark_ink: bool) -> None:
    """A detail under the wipe, the whole beside it, and the download."""
    rows, columns = (slice(FACTOR * part.start, FACTOR * part.stop) for part in busiest(small))
    ours = large[METHODS[-1]]
    detail, whole = st.columns([0.58, 0.42], gap="medium")
    with detail, st.container(key="sr_wipe_larger"):
        st.markdown("**A detail**, where the change is largest")
        wipe({title(name): photo_uri(image[rows, columns], dark_ink) for name, image in large.items()}, "sr_larger_wipe", 384)
    with whole:
        st.markdown(f"**Our model**, {size(ours)} pixels")
        st.image(
            caches.of_session("sr_larger_uri", token, lambda: photo_uri(ours, dark_ink), 1),
            width="stretch",
            alt="The picture, twice as large",
        )
        st.download_button(
            "Download (PNG)", lambda: png(ours, paper=dark_ink), "enlarged.png", "image/png", icon=":material/download:",
            on_click="ignore",
        )  # fmt: skip
    st.caption(
        "There is no original of this size, so PSNR and SSIM are *unknown*: your eyes have to judge. Colours become grey. Our model was "
        f"trained on {TRAINED_ON}."
    )


def middle(image: np.ndarray) -> np.ndarray:
    """The middle (h, w) of a picture (H, W), at most MAX_SIDE along each side."""
    top, left = (max(0, side - MAX_SIDE) // 2 for side in image.shape)
    return image[top : top + MAX_SIDE, left : left + MAX_SIDE]


def busiest(image: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of the part of a picture (H, W), at most DETAIL along each side, in which neighbouring pixels differ most."""
    change = np.abs(np.diff(image, axis=0, append=image[-1:])) + np.abs(np.diff(image, axis=1, append=image[:, -1:]))
    sums = np.pad(change.cumsum(0, dtype=np.float64).cumsum(1), ((1, 0), (1, 0)))  # (H + 1, W + 1): of all above and to the left
    h, w = (min(DETAIL, side) for side in image.shape)
    inside = sums[h:, w:] - sums[:-h, w:] - sums[h:, :-w] + sums[:-h, :-w]  # (H - h + 1, W - w + 1), by top and left
    top, left = np.unravel_index(inside.argmax(), inside.shape)
    return slice(int(top), int(top) + h), slice(int(left), int(left) + w)
