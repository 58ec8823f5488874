"""What kept a run from its end, in words: the same whether its process or its training met it."""

import errno

import pytest

from core import worker
from core.training import folder, run
from core.training.folder import PAUSE, ask, pause_is_due


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "The disk is full. Make room (delete old runs, for example), then resume."),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "The disk is full. Make room (delete old runs, for example), then resume."),
        (ImportError("No module named 'tqdm'"), "could not be loaded (No module named 'tqdm'). Install the requirements again"),
        (ZeroDivisionError("what."), f"unexpected happened (ZeroDivisionError: what). The run's {folder.LOG}"),
    ],
)
def test_process_and_training_say_the_same(error: Exception, words: str) -> None:
    assert words in worker.explain(error) == run.explain(error)


@pytest.mark.parametrize(
    ("text", "epoch", "due"),
    [("", 0.0, True), ("2", 1.999, False), ("2", 2.0, True), (" 2\n", 2.5, True), ("two", 0.0, True), ("9" * 5000, 1e5, False)],
)
def test_a_pause_is_due_at_once_or_after_the_epoch_that_it_names(tmp_path, text: str, epoch: float, due: bool) -> None:
    assert not pause_is_due(tmp_path, epoch)
    ask(tmp_path, PAUSE, text)
    assert pause_is_due(tmp_path, epoch) == due
