"""What no model and no run can be called: not a name, or reserved."""

NO_NAMES = (
    "", ".", "..", ".hidden", "-x", "_x", "a/b", "../x", "a\\b", "a b", "ä", "a\n", "a\0", "x" * 65, "x" * 10_000,
    "runs", "Runs", "restorers", "RESTORERS", "classifiers", "Classifiers",
)  # fmt: skip


def shown(name: str) -> str:
    """A test's id for such a name."""
    return repr(name)[:20]
