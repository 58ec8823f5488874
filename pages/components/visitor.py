"""Who is looking: whose runs are whose, who may train here, and who may have a hand in other people's runs."""

import hashlib
import uuid

import streamlit as st

from core import jobs

COOKIE = "_streamlit_xsrf"  # Streamlit's own; it stays with the browser when a page is loaded again


def me() -> str:
    """A name for this browser that is the same after a reload; it tells nobody anything else."""
    if "visitor" not in st.session_state:
        cookie = st.context.cookies.get(COOKIE)
        own = cookie if isinstance(cookie, str) else uuid.uuid4().hex
        st.session_state.visitor = hashlib.sha256(own.encode()).hexdigest()[:16]
    return st.session_state.visitor


def at_this_machine() -> bool:
    """Whether the browser runs where the server does, with no proxy between: its own laptop's owner, or a teacher.

    Not where there is a password: behind a proxy that does not say so, everybody would seem to sit here.
    """
    if jobs.password() is not None:
        return False
    forwarded = any(name in st.context.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip"))
    return st.context.ip_address is None and not forwarded


def may_change(owner: object) -> bool:
    """Whether this visitor may pause, cancel or delete that person's run, or rename or delete their model."""
    return may_train() and (owner == me() or at_this_machine())


def may_train() -> bool:
    """Whether this visitor may start anything: training is on, and the password, if there is one, was given."""
    return jobs.training_allowed() and (jobs.password() is None or bool(st.session_state.get("training_unlocked")))


def gate() -> bool:
    """True for who may train; others are told why not, or asked for the password."""
    if why := jobs.refusal():
        st.info(f"{why} The runs that are here can be watched.", icon=":material/lock:")
        return False
    if may_train():
        return True
    with st.form("password", border=True):
        st.markdown("**Training is for those who know the password.** Watching needs none.")
        text = st.text_input("Password", type="password")
        if st.form_submit_button("Unlock", icon=":material/lock_open:"):
            if jobs.check_password(text):
                st.session_state.training_unlocked = True
                st.rerun()
            st.error("That is not the password. Ask whoever runs this server.", icon=":material/error:")
    return False
