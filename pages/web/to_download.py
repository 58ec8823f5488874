"""What a download button makes once it is pressed stays while its own session runs.

Streamlit 1.67 (runtime/media_file_manager.py) drops at the end of anybody's run what no session refers to; and a session whose run has
begun refers to nothing before that comes to the button. Who pressed it meanwhile, in a class, read "Failed to generate file for download".
"""

from typing import Any

from streamlit import runtime
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

THEIRS = "_remove_orphaned_deferred_callables"
_left: set[str] = set()  # what the last run of its own session did not draw again


def keep_while_running() -> None:
    """Do so from now on; a Streamlit that has another way keeps its own."""
    if hasattr(MediaFileManager, THEIRS) and hasattr(MediaFileManager, "_drop_deferred_id"):
        setattr(MediaFileManager, THEIRS, _remove)


def _remove(files: Any) -> None:
    """In place of Streamlit's: drop what the last two runs of its own session did not draw again, a press may be under way, and what is
    of sessions that have ended. Streamlit calls it with its lock held."""
    context = get_script_run_ctx()
    drawn = {file for by_place in files._files_by_session_and_coord.values() for file in by_place.values()}
    for file, made in list(files._deferred_callables.items()):
        session, own = made["session_id"], context is not None and made["session_id"] == context.session_id
        if file in drawn or not (own or _ended(session)):
            continue
        if own and file not in _left:
            _left.add(file)
        else:
            files._drop_deferred_id(file)
    _left.intersection_update(files._deferred_callables)


def _ended(session: str) -> bool:
    """Whether nobody can come back to it."""
    return runtime.exists() and runtime.get_instance()._session_mgr.get_session_info(session) is None
