"""Models: what is in checkpoints/, and what one can do with it: open, rename, describe, download as a zip, upload, delete."""

import streamlit as st

from core import archive, checkpoints, names
from core.checkpoints import SHIPPED, Checkpoint, CheckpointError
from pages.session import link, properties, refusals, sidebar, state
from pages.training import visitor

MAX_UPLOAD_MB = 64  # of a zip; a model's weights are a few megabytes


def main() -> None:
    """The page."""
    state.begin("models")
    st.title("Models", anchor=False)
    state.say_problems()
    st.markdown("You can open each model on every page. A model downloads as one zip file, which can be uploaded again, here or elsewhere.")
    if said := st.session_state.pop("models_said", ""):
        st.success(said, icon=":material/check:")
    refusals.show("models")
    available = checkpoints.available()
    if available:
        name = st.selectbox("Model", available, index=state.index_of(available) or 0, key="models_choice")
        show(name)
    else:
        st.info("There is no model yet. Train one on the Train page, or upload one.", icon=":material/model_training:")
    for hidden in checkpoints.hidden():
        st.caption(
            f"The models' folder has another {hidden}. The one that comes with the explorer is shown; to see the other, rename its folder."
        )
    st.divider()
    upload()


def show(name: str) -> None:
    """One model: its words, its figures, and what can be done with it."""
    try:
        checkpoint = checkpoints.opened(name)
    except CheckpointError as error:
        st.error(link.plain(f"The model {name} cannot be used. {error}"), icon=":material/error:")
        if may_change(name, checkpoints.owner(name)):
            st.button("Delete it", icon=":material/delete:", on_click=change, args=(delete, f"{name} was deleted.", name))
        return
    card = checkpoint.card
    st.markdown(f"**{link.plain(str(card.get('title', name)))}**")
    if card.get("description"):
        st.text(str(card["description"]))
    st.caption(words_for(checkpoint))
    with st.container(horizontal=True):
        if st.button("Open in Explore", icon=":material/scatter_plot:", type="primary"):
            state.choose(name)
            st.switch_page("explore.py")
        st.download_button(
            "Download (zip)", lambda: archive.pack(name), f"{name}.zip", "application/zip", icon=":material/download:", on_click="ignore",
            help="Weights (safetensors), card, codes of the test images, and encoder and decoder as ONNX, which other programs can read. "
            "Preparing the zip takes a few seconds.",
        )  # fmt: skip
        if may_change(name, card.get("owner")):
            with st.popover("Delete", icon=":material/delete:"):
                st.markdown(f"This deletes **{name}** for everyone who uses this explorer. To keep a copy, download it first.")
                st.button("Delete it", on_click=change, args=(delete, f"{name} was deleted.", name))
    if may_change(name, card.get("owner")):
        edit(name, card)
    elif name in SHIPPED:
        st.caption("It comes with the explorer and cannot be changed.")
    sidebar_words = st.expander("How it was trained and measured", icon=":material/fact_check:")
    with sidebar_words:
        sidebar.whole_card(card)


def words_for(checkpoint: Checkpoint) -> str:
    """Its figures in one line."""
    figures = [f"{figure.title} {figure.value}" for figure in sidebar.figures(checkpoint)]
    size = sum(parameter.numel() for parameter in checkpoint.model.parameters())
    return " · ".join([f"{checkpoint.model.config.latent_dim}-D codes", f"{size:,} weights", *figures])


def edit(name: str, card: dict) -> None:
    """Name, title and description."""
    with st.expander("Rename and describe", icon=":material/edit:"), st.form(f"edit-{name}", border=False):
        new = st.text_input("Name", name, max_chars=names.MAX_NAME)
        title = st.text_input("Title", str(card.get("title", "")), max_chars=checkpoints.MAX_TITLE)
        description = st.text_area("Description", str(card.get("description", "")), max_chars=checkpoints.MAX_DESCRIPTION)
        if st.form_submit_button("Save", icon=":material/save:"):
            change(save, f"{new} was saved.", name, new, title, description)
            st.rerun()


def save(name: str, new: str, title: str, description: str) -> None:
    """Describe first: a name that is taken then loses nothing."""
    checkpoints.describe_card(name, title, description)
    if checkpoints.rename(name, new) != name:
        st.session_state.update(checkpoint=new)


def delete(name: str) -> None:
    """Delete it, and look at another from now on."""
    checkpoints.delete(name)
    if st.session_state.checkpoint == name:
        state.choose(properties.default_checkpoint())


def upload() -> None:
    """A zip from elsewhere becomes a model."""
    st.header("Upload a model", anchor=False)
    if not visitor.may_train():
        st.caption("Only people who may train here can upload models; the Train page says how.")
        return
    key = st.session_state.setdefault("models_uploads", 0)  # another key empties the uploader
    file = st.file_uploader(
        "A zip downloaded here or from another explorer", type="zip", max_upload_size=MAX_UPLOAD_MB, key=f"upload-{key}"
    )
    if file is None:
        return
    try:
        with st.spinner("Checking the zip …"):
            name = archive.unpack(file, archive.suggested_name(file.name), owner=visitor.me())
    except CheckpointError as error:
        st.error(link.plain(str(error)), icon=":material/error:")
        return
    st.session_state.update(models_uploads=key + 1, models_said=f"{name} has been added. You can now open it on every page.")
    state.choose(name)
    st.rerun()


def may_change(name: str, owner: object) -> bool:
    """Whether this visitor may rename or delete it."""
    return name not in SHIPPED and visitor.may_change_model(owner)


def change(what, said: str, *arguments: str) -> None:
    """Do it, and keep what there is to say for the next drawing of the page."""
    with refusals.kept("models", CheckpointError):
        what(*arguments)
        st.session_state.models_said = said


main()
