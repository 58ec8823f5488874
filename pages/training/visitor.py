"""Who is looking: whose runs are whose, who may train here, and who is in charge."""

import re
import uuid

import streamlit as st

from core import permission
from pages.web import client, identity, passwords

NAME = re.compile(r"[0-9a-f]{16}")  # of a visitor, as `me` gives it


def me() -> str:
    """A name for this browser that lasts as long as its cookie; without one, as long as the page stays open. It tells nothing else."""
    if known := _from_cookie():
        return known
    if "visitor" not in st.session_state:
        st.session_state.visitor = uuid.uuid4().hex[:16]
    return st.session_state.visitor


def is_known() -> bool:
    """Whether this browser keeps our cookie."""
    return _from_cookie() is not None


def _from_cookie() -> str | None:
    return identity.visitor(st.context.cookies.get(identity.cookie_name()))


def called(owner: str) -> str:
    """What people call the owner of a run: "yours", "visitor 3f2a", "command line"."""
    if owner == me():
        return "yours"
    return f"visitor {owner[:4]}" if NAME.fullmatch(owner) else "somebody" if owner else "command line"


def at_this_machine() -> bool:
    """Whether the browser runs where the server does, with nothing between: its own laptop's owner, or a teacher."""
    return identity.is_direct(st.context.ip_address, st.context.headers)


def is_administrator() -> bool:
    """Whether this visitor has a hand in everything: by the administrator's password; where there is none, by sitting at this machine."""
    return at_this_machine() if permission.password("admin") is None else passwords.unlocked("admin", me())


def may_change(owner: object) -> bool:
    """Whether this visitor may pause, cancel or delete that person's run, or rename or delete their model."""
    return may_train() and (owner == me() or is_administrator())


def may_change_model(owner: object) -> bool:
    """Whether this visitor may rename or delete that person's model: one's own also where training is off or locked."""
    return owner == me() or may_change(owner)


def may_train() -> bool:
    """Whether this visitor may start anything: training is on, and the password, if there is one, was given."""
    return permission.training_allowed() and (permission.password() is None or passwords.unlocked("training", me()) or is_administrator())


def gate() -> bool:
    """True for who may train; others are told why not, or asked for the password."""
    if why := permission.refusal():
        st.info(f"{why} The runs that are here can be watched.", icon=":material/lock:")
        return False
    if may_train():
        return True
    ask_password("training", "**Training here needs a password.** Watching needs none.")
    return False


def ask_password(role: str, words: str) -> None:
    """A form for the password that opens something."""
    with st.form(f"password-{role}", border=role == "training"):  # the other has its expander's border
        st.markdown(words)
        label = "Password" if role == "training" else "Administrator's password"
        text = st.text_input(label, type="password", key=f"password_{role}")
        if st.form_submit_button("Unlock", icon=":material/lock_open:"):
            problem = passwords.unlock(role, text, me(), client.visitor())
            if not problem:
                st.rerun()
            st.error(problem, icon=":material/error:")


def introduce() -> None:
    """What this visitor is called here, or what it means that their browser keeps no cookie of ours."""
    if is_known():
        st.caption(f"Others see your runs as those of visitor {me()[:4]}.")
        return
    st.caption(
        ":material/cookie_off: Your browser did not send this site's cookie, so what you start is yours only until you reload or close "
        "this page. To keep it, allow cookies for this site and reload."
    )
