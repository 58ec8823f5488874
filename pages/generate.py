"""Generate: new images from a model, and how good they are."""

from collections.abc import Callable

import streamlit as st

from core.checkpoints import Checkpoint
from pages.generating import arithmetic, completing, morphing, new_images, telling
from pages.session import exercise_words, exercises, heading, sidebar, state, words
from pages.session.properties.generate import GENERATING

SHOW: dict[str, Callable[[Checkpoint], None]] = {
    "new": new_images.show,
    "told": telling.show,
    "morph": morphing.show,
    "arithmetic": arithmetic.show,
    "complete": completing.show,
}


def main() -> None:
    """The page."""
    state.begin("generate")
    heading.show("Generate", "generate")
    state.say_problems()
    checkpoint = sidebar.chosen_model()
    if checkpoint is None:
        return
    nouns = f"{words.dataset_of(checkpoint).noun}s"
    tab = st.segmented_control(
        "What to do", list(SHOW), default="new", required=True, format_func=lambda name: GENERATING[name].format(nouns=nouns),
        key="generate_tab", persist_state="session", label_visibility="collapsed",
    )  # fmt: skip
    SHOW[str(tab)](checkpoint)
    state.address("generate")
    exercises.show("generate", exercise_words.GENERATE)
    st.expander("What am I looking at?", icon=":material/school:").markdown(WHAT_IT_IS)


WHAT_IT_IS = """
A decoder draws an image of any code. So new images need no new network, only new codes, and the question is where to take them from.

- **The prior** is what a variational autoencoder was trained to expect: a round cloud, the standard normal distribution. A draw from it \
may land in a gap between the classes, and is then something between two of them.
- **The aggregated posterior** is where the codes really are: take a random test image, encode it, and draw one code from its cloud. Where \
training worked well, this is nearly the prior; where the two differ, so do the images.
- **Around a class** or **around an image**: codes like those of one class, or near a single image's.
- **Temperature** multiplies the spread of whatever is random. Below 1 the images become more typical and more alike, above 1 more varied \
and more often wrong.
- **Complete it**: the decoder draws every pixel from the code alone, so a code that explains the pixels you see also says what the others \
may be. Bayes' rule says how probable each code is: p(z | visible) ∝ p(visible | z) p(z). The covered pixels simply drop out.
- **Arithmetic**: if the step from an upright 7 to a slanted one were the same step everywhere, adding it to the code of a 1 would slant \
the 1. Word vectors are known for it (*king − man + woman*).
- **Morphs**: the codes between two codes are decoded, too. Fading pixels shows two images at once; a morph should show one at each step.

Three questions are asked of what comes out, and all three matter. *Does it look like something?* A **classifier**, another network, \
says how sure it is. *Is it varied?* A model that draws the same perfect digit a thousand times would pass the first question; the \
**entropy** of the classes would be near 0. *Is it new?* A model that learned its training images by heart would pass both; the **nearest \
training image** beside each image would be the same.

None of them is the last word: the classifier only knows its classes and says nothing of beauty, the entropy counts classes and not \
styles, and a copy that was moved by one pixel is no longer near. Papers measure the same three things with other networks (*Inception \
score*, *FID*, *precision and recall*).
"""

main()
