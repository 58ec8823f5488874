"""Pictures of noise through the model for x4: strokes where there are none."""

import streamlit as st

from core import enlarging, restore
from pages.enlarging.comparing import title
from pages.images.gallery import Strip, table
from pages.session import link, state
from pages.session.properties.shared import LARGEST

NOISES = {"uniform": "Uniform, 0 to 1", "gaussian": "Gaussian, around grey"}
DRAWS = 6  # pictures of noise at a time


@st.fragment
def show() -> None:
    """Pictures of noise through the model for x4."""
    st.markdown("There is no digit in 7 × 7 random pixels. The model for ×4 has never seen anything but digits. What does it draw?")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            "Noise", list(NOISES), default="uniform", required=True, format_func=NOISES.__getitem__, key="sr_noise", width="content",
            persist_state="session",
        )  # fmt: skip
        seed = st.number_input(
            "Seed", 0, LARGEST, key="sr_noise_seed", persist_state="session", width=140, help="The same seed draws the same noise."
        )
        st.button("Draw again", icon=":material/casino:", on_click=next_seed)
    state.address("super-resolution")
    noise = enlarging.noise(kind, DRAWS, 7, seed)
    try:
        strips = [Strip(title(name), enlarging.enlarge_all(noise, name, 4), "28 × 28 pixels") for name in ("bicubic", "upscaler-x4")]
    except restore.RestoreError as error:
        st.warning(link.plain(str(error)), icon=":material/extension_off:")
        return
    table([Strip("Noise", noise, "7 × 7 pixels"), *strips], [f"draw {i + 1}" for i in range(DRAWS)], "noise", side_px=140)
    st.markdown(
        "**Look for strokes.** Bicubic turns the noise into blots. The model makes lines and curves with clean edges, and none of them is "
        "really there: it draws what its training made likely, a *hallucination*. Nothing in the result tells you so."
    )


def next_seed() -> None:
    """Other noise."""
    st.session_state.sr_noise_seed = (st.session_state.sr_noise_seed + 1) % (LARGEST + 1)
