"""Models: a gallery of what is in checkpoints/. Open, compare, download, describe, upload, delete."""

import streamlit as st

from core import checkpoints
from pages.collection import changing, chosen, comparing, details, filters, tiles
from pages.session import heading, link, refusals, state

FIGURES = (
    "Under each model: **−ELBO** and **NLL**, how many nats it takes to describe a test image (lower is better); **Reconstruction**, the "
    "part of it that a model without a KL has; **10-NN**, how many test images are recognised from their codes alone (higher is better); "
    "**PSNR** and **SSIM**, how close the drawings come (higher is better). Compare only models of the same data set."
)


def main() -> None:
    """The page: the gallery, one model, or several beside each other."""
    state.begin("models")
    available = chosen.in_order()
    gone = chosen.forget_deleted(available)
    compared, shown = st.session_state.get(chosen.COMPARED), st.session_state.get(chosen.SHOWN)
    if compared or shown:
        chosen.back()
    title = "Compare models" if compared else link.plain(chosen.entry(shown, available[shown]).title) if shown else "Models"
    heading.show(title, "models")
    state.say_problems()
    if gone:
        refusals.read(changing.place(gone))  # else it would greet the next model of that name
        st.warning(f"The model {link.quote(gone)} is no longer here.", icon=":material/link_off:")
    if said := st.session_state.pop("models_said", ""):
        st.success(said, icon=":material/check:")
    if compared:
        comparing.show(available)
    elif shown:
        details.show(shown, available[shown])
    else:
        gallery(available)
    state.address("models")


def gallery(available: dict[str, checkpoints.Stamp]) -> None:
    """All models that the filters leave."""
    if available:
        entries = [chosen.entry(name, stamp) for name, stamp in available.items()]
        fitting = filters.show(entries)
        if fitting:
            st.caption(FIGURES)
            tiles.show(fitting, available)
        else:
            filters.nothing_fits()
    else:
        st.info("There is no model yet. Train one on the Train page, or upload one.", icon=":material/model_training:")
    for hidden in checkpoints.hidden():
        st.caption(
            f"The models' folder has another {hidden}. The one that comes with the explorer is shown; to see the other, rename its folder."
        )
    st.divider()
    changing.upload()
    tiles.picked()


main()
