"""Which classifier knows what a model draws."""

from core import checkpoints
from core.checkpoints import Checkpoint, CheckpointError
from core.data.datasets import DATASETS
from pages.session import words
from pages.web import errors


def classifier_for(checkpoint: Checkpoint) -> tuple[str, str]:
    """The name of the classifier that knows what this model draws, or "" and why there is none."""
    name, known = checkpoint.dataset_name, checkpoints.classifiers()
    if name not in known:
        data = words.dataset_of(checkpoint)
        learned = f"this model learned from {data.name}" if data.source else "what this model learned from is not known"
        titles = [DATASETS[title].name for title in known if title in DATASETS]
        return "", (
            f"the classifier that ships knows only {' and '.join(titles) or 'no data set'}, and {learned}. Asked all the same, it would "
            "name something, and might be sure of it."
        )
    try:
        shape = checkpoints.opened_classifier(name).model.config.shape
    except CheckpointError as error:
        return "", f"the classifier cannot be used. {errors.words(error)}"
    return (name, "") if tuple(shape) == tuple(checkpoint.model.config.shape) else ("", "the classifier is for images of another size.")
