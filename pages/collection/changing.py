"""What changes models: describe, rename, delete, upload; only the models of whoever may."""

from collections.abc import Callable

import streamlit as st

from core import archive, checkpoints, names
from core.checkpoints import SHIPPED, CheckpointError
from pages.collection import chosen
from pages.session import link, refusals, state
from pages.session.properties.shared import default_checkpoint
from pages.training import visitor

MAX_UPLOAD_MB = 64  # of a zip; a model's weights are a few megabytes


def say_broken(name: str, error: CheckpointError) -> None:
    """Why a model cannot be used, and how to be rid of it."""
    st.error(link.plain(f"The model {name} cannot be used. {error}"), icon=":material/error:")
    refusals.show(place(name))
    if may_change(name, checkpoints.owner(name)):
        st.button("Delete it", icon=":material/delete:", key=f"delete-{name}", on_click=change, args=(name, delete, f"{name} was deleted."))


def ask_before_deleting(name: str) -> None:
    """The button that deletes, behind another one."""
    with st.popover("Delete", icon=":material/delete:"):
        st.markdown(f"This deletes **{link.plain(name)}** for everyone who uses this explorer. To keep a copy, download it first.")
        st.button("Delete it", on_click=change, args=(name, delete, f"{name} was deleted."))


def edit(name: str, card: dict) -> None:
    """Name, title and description."""
    with st.expander("Rename and describe", icon=":material/edit:"), st.form(f"edit-{name}", border=False):
        new = st.text_input("Name", name, max_chars=names.MAX_NAME)
        title = st.text_input("Title", str(card.get("title", "")), max_chars=checkpoints.MAX_TITLE, placeholder=name)
        description = st.text_area("Description", str(card.get("description", "")), max_chars=checkpoints.MAX_DESCRIPTION)
        if st.form_submit_button("Save", icon=":material/save:"):
            change(name, save, f"{new} was saved.", new, title, description)
            st.rerun()


def save(name: str, new: str, title: str, description: str) -> None:
    """Describe first: a name that is taken then loses nothing."""
    checkpoints.describe_card(name, title, description)
    if checkpoints.rename(name, new) != name:
        if st.session_state.checkpoint == name:
            st.session_state.checkpoint = new
        chosen.one(new)


def delete(name: str) -> None:
    """Delete it, and look at another from now on."""
    checkpoints.delete(name)
    if st.session_state.checkpoint == name:
        state.choose(default_checkpoint())
    if st.session_state.get(chosen.SHOWN) == name:
        chosen.all_models()


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


def change(name: str, what: Callable[..., None], said: str, *arguments: str) -> None:
    """Do it to that model, and keep what there is to say for the next drawing of the page."""
    with refusals.kept(place(name), CheckpointError):
        what(name, *arguments)
        st.session_state.models_said = said


def place(name: str) -> str:
    """Where what was refused of a model's changes is kept: beside that model, and no longer than it."""
    return f"model-{name}"
