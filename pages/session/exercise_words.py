"""The exercises of each page: questions that courses set, in words for a beginner, and the addresses where their answers are to be seen."""

from collections.abc import Mapping
from typing import NamedTuple

from core import latent
from core.checkpoints import Checkpoint
from pages.session import words


class Exercise(NamedTuple):
    """A question, where its answer is to be seen, and what leads there: a page and its address, or the session's keys."""

    ask: str  # Markdown; {noun}: what the model draws
    look: str
    words: str = ""  # of the link; "": the answer is on the page as it is
    page: str = ""
    link: Mapping[str, str] = {}
    session: Mapping[str, str | None] = {}


# --- Explore --------------------------------------------------------------------------------------------------------------------

ON_THE_MAP = (  # where classes lie apart
    Exercise(
        "Which {noun} varies most, and which least?",
        "*Select* shows the images of one class, and their mean: where it is grey, they differ. How much room do its codes take "
        "on the map? The two need not agree: the model gives room to what its loss makes it tell apart.",
        "One class, selected", "explore", {"tool": "select:c1"},
    ),
    Exercise(
        "Which two are most alike?",
        "The lines are where the ten nearest codes vote for another class. Along which of them is the colour weakest? Then press "
        "*Between two classes* under the map.",
        "The borders", "explore", {"background": "neighbours"},
    ),
    Exercise(
        "Which is hardest?",
        "Hard to draw is not hard to recognise. The colour says where images are drawn badly; where other classes’ dots mix in, codes are "
        "taken for another class. Is it the same {noun}?",
        "Where the loss is high", "explore", {"background": "loss"},
    ),
)  # fmt: skip
IN_THE_MIDDLE = Exercise(
    "What lies in the middle?",
    "At (0, 0) the prior is densest, so it is the likeliest of all codes. Is what is drawn there the likeliest {noun}? Who is near?",
    "The point (0, 0)", "explore", {"z": "0,0"},
)  # fmt: skip
WITHOUT_PRIOR = "Nobody told this model where codes should lie. What is drawn at (0, 0), and who is near?"
ANYWHERE = (
    Exercise(
        "Where is nothing?",
        "What is veiled has no test image’s code near it. Go there: the decoder answers all the same. Can you tell from the picture alone?",
        "Where codes are", "explore", {"background": "codes"},
    ),
    Exercise(
        "What is between two?",
        "Predict first: choose two {noun}s and write down what comes at each step. Then press both on the map and compare. At which step "
        "does one become the other, and through what?",
        "The tool Paths", "explore", {"tool": "paths"},
    ),
)  # fmt: skip
OF_THE_CODE = (
    Exercise(
        "Is the model using its code? How do you know?",
        "In each row one number of the code changes, the others stay. Does the picture change along it? A number that says nothing has a "
        "KL near 0, and its mean is the same for every image. How many of these sixteen are used?",
        "Sixteen numbers", "explore", {"checkpoint": "vae-mnist-16d", "tool": "dimensions"},
    ),
    Exercise(
        "And this one?",
        "Move anywhere: every code draws the same image, the mean of all. Why was it cheaper to say nothing? (β = 100)",
        "A collapsed model", "explore", {"checkpoint": "vae-mnist-2d-collapsed"},
    ),
)  # fmt: skip


def of_map(checkpoint: Checkpoint) -> list[Exercise]:
    """Explore's questions, of this model as far as they are true of it."""
    if words.has_collapsed(checkpoint):
        return [*OF_THE_CODE]
    apart = not checkpoint.model.conditional and checkpoint.model.config.latent_dim == 2  # else its classes lie on top of each other there
    middle = IN_THE_MIDDLE if latent.keeps_to_prior(checkpoint.model) else IN_THE_MIDDLE._replace(look=WITHOUT_PRIOR)
    asked = [*(ON_THE_MAP if apart else ()), middle, *ANYWHERE]
    noun = words.dataset_of(checkpoint).noun
    return [*(about(exercise, checkpoint.name, noun) for exercise in asked), *OF_THE_CODE]


def about(exercise: Exercise, name: str, noun: str) -> Exercise:
    """A question on the map of the model of that name, which draws such things."""
    said = exercise.ask.format(noun=noun), exercise.look.format(noun=noun)
    return exercise._replace(ask=said[0], look=said[1], link={"checkpoint": name, **exercise.link})


# --- the other pages ------------------------------------------------------------------------------------------------------------

RECONSTRUCT = (
    Exercise(
        "What is lost, and on what does that depend?",
        "Each row draws the same image from a code of another size or kind. Which strokes go missing in which? The error maps show it. "
        "Take a 7 with a bar, or draw one.",
    ),
    Exercise(
        "How much noise can a code take?",
        "Turn σ up until a neighbour shows something else, and write it down. Then choose the plain autoencoder in the sidebar. Which of "
        "the two learned that near codes look alike?",
        "Noise of σ = 0.3", "reconstruct", {"sigma": "0.3"},
    ),
    Exercise(
        "What does the model make of what it never saw?",
        "Draw a house, a letter, a shoe (*Draw*). Predict what comes out, and how strange the model finds it, in nats.",
    ),
)  # fmt: skip
DENOISE = (
    Exercise(
        "How much noise is too much?",
        "Predict at which strength an answer shows another digit, then move *Strength*. Whose answer still looks clean, and is wrong?",
        "Noise of 0.9", "denoise", {"strength": "0.9"},
    ),
    Exercise(
        "Which damage is hardest?",
        "Noise can be averaged away; what lies under a missing block has to be known. Who fills it in, and with what? Compare the filters "
        "with the networks.",
        "A missing block", "denoise", {"damage": "block"},
    ),
    Exercise(
        "Does what learned on digits work on clothes?",
        "Predict what becomes of a shoe. It should fail, and you should see how: what is cut off, what is drawn in?",
        "Clothes (Fashion-MNIST)", "denoise", {"data": "fashion-mnist"},
    ),
)  # fmt: skip
SUPER_RESOLUTION = (
    Exercise(
        "Is a network always better than a rule?",
        "The course network squeezes the picture through a bottleneck first. Take ten digits: how often does bicubic have the higher PSNR?",
        "One digit, ×2", "super-resolution", {"tab": "one"},
    ),
    Exercise(
        "Twice as large, or four times?",
        "From 7 × 7 pixels much has to be invented. Which of the ten digits come out wrong? Do PSNR and SSIM tell you?",
        "Ten digits, ×4", "super-resolution", {"tab": "ten", "factor": "4"},
    ),
    Exercise(
        "What does it see in noise?",
        "There is nothing to find. Predict what is drawn, then look. How would you notice it on a real picture?",
        "Noise, ×4", "super-resolution", {"tab": "noise"},
    ),
)  # fmt: skip
GENERATE = (
    Exercise(
        "What does the scale of sampling do?",
        "At temperature 0.3 codes are drawn near the middle, at 1.5 far out. Predict both figures under *How good is the model?* for each.",
        "Temperature 0.3", "generate", {"tab": "new", "temperature": "0.3"},
    ),
    Exercise(
        "What is style?",
        "In each column all digits have the same code; only the class that the model is told differs. What stays the same, what does not?",
        "A conditional VAE", "generate", {"tab": "told", "checkpoint": "cvae-mnist-2d"},
    ),
    Exercise(
        "What is under the cover?",
        "Say first which digits it could be, and how probable each is. Then uncover it a little: when do the answers agree?",
        "Complete it", "generate", {"tab": "complete"},
    ),
    Exercise(
        "Is a direction the same everywhere?",
        "The step from one 7 to another is added to a 1. Does the 1 change as the 7 did? Try other digits.",
        "Arithmetic", "generate", {"tab": "arithmetic"},
    ),
)  # fmt: skip
COMPARE = (
    Exercise(
        "Why variational?",
        "Point between the dots of both maps. On which one is something drawn that nobody wrote, and on which something that nobody would?",
        "Plain and variational", "compare", {"models": "ae-mnist-2d,beta-1-mnist-2d"},
    ),
    Exercise(
        "Why not PCA?",
        "Both keep two numbers of each image. Which one tells digits apart, and by how much (10-NN)?",
        "PCA and an autoencoder", "compare", {"models": "pca-mnist-2d,ae-mnist-2d"},
    ),
    Exercise(
        "What does the KL cost, and what does it buy?",
        "Predict what the map does as β rises, then turn the dial. Only β = 1 trains for the sum of both costs, −ELBO. Is it least there, "
        "on test images?",
        "The beta dial", "compare", {"mode": "dial"},
    ),
    Exercise(
        "Do convolutions help?",
        "They need far fewer weights. What becomes of −ELBO, and of 10-NN? For images so small, why so little?",
        "Dense and convolutional", "compare", {"models": "beta-1-mnist-2d,conv-vae-mnist-2d"},
    ),
    Exercise(
        "An opponent in place of the KL?",
        "Both fill the round cloud. Are the borders between digits as soft? The adversarial one has no −ELBO: what is missing for it?",
        "VAE and adversarial", "compare", {"models": "beta-1-mnist-2d,aae-mnist-2d"},
    ),
)  # fmt: skip
TRAIN = (
    Exercise(
        "What will the curves do?",
        "Before you press *Start training*, sketch how reconstruction, KL and their sum will go over three epochs. Which one rises, and "
        "why? The answers are under the curves, after the first epoch: *What is a good loss?*",
    ),
    Exercise(
        "Where does a plain autoencoder put its codes?",
        "Train one with two numbers, then a VAE, and look at both maps epoch by epoch (Compare, *Two runs*).",
        "Choose the autoencoder", "train", session={"train_model": "ae", "run": None},
    ),
    Exercise(
        "How many numbers does a digit need?",
        "Train with 2, 8, 32 and 128 (*Advanced*, *Latent dimensions*). What does −ELBO gain each time? Then open each model in Explore: "
        "how many numbers does *All dimensions* call used?",
    ),
    Exercise(
        "Can an opponent replace the KL?",
        "Train an adversarial autoencoder. When do encoder and discriminator tie, and what does the map look like before and after?",
        "Choose the adversarial one", "train", session={"train_model": "aae", "run": None},
    ),
)  # fmt: skip
