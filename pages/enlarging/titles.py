"""What the ways to enlarge are called under their pictures."""

from core import restore

SHORT = {  # where the registry's are too long for a caption
    "nearest": "Nearest",
    "lesson-upscaler": "Course network",
    "upscaler-x2": "Our model",
    "upscaler-x4": "Our model",
}


def title(method: str) -> str:
    """A method's name for a caption."""
    return SHORT.get(method, restore.ENLARGERS[method].title)
