"""The beta dial as Streamlit sees it: all of it turns in the browser, which tells Python where it stands once it rests."""

from collections.abc import Callable, Sequence

from core import figures
from core.latent import Z_LIMIT
from core.rate_distortion import Split
from pages.browser import address, mount
from pages.session.caches import FamilyView

HELP = (
    '<span class="live-fine"><b>Drag</b> the dial, or focus it and use <kbd>←</kbd> <kbd>→</kbd>; <kbd>Page Up</kbd> and '
    "<kbd>Page Down</kbd> go to the next trained model. <b>Move</b> over the map to decode that point, <b>click</b> to keep it; "
    "<kbd>Esc</kbd> goes back to the middle.</span>"
    '<span class="live-coarse"><b>Drag</b> the dial. <b>Slide a finger</b> over the map to decode that point; <b>lift</b> it to keep '
    "the point.</span>"
)


def beta_dial(
    view: FamilyView,
    pictures: Sequence[str],
    home: tuple[float, tuple[float, float]],
    said: tuple[list[str], int],
    on_dial: Callable[[], None],
    key: str,
) -> None:
    """Mount the dial. `pictures`: of a test image of each class, data URIs, or "". `home`: the position and the point that it begins with.
    `said`: position, point, lit classes, scale and shapes in the words of an address ("": as at first), and the number that they came
    with (0: from Python).

    When they have changed there, st.session_state[key].dial is {"value": what they are now, "number": n}. It comes from the browser,
    so check it.
    """
    family = view.family
    members = [
        {"beta": beta, "effect": effect, "figures": _figures(split), "decoder": address(decoder)}
        for beta, effect, split, decoder in zip(family.betas, family.effects, family.splits, view.decoders, strict=True)
    ]
    classes = [
        {"name": name, "colour": figures.class_colour(label), "text": figures.text_colour(label)}
        for label, name in enumerate(family.classes)
    ]
    mount(
        "dial",
        key,
        {
            "codes": address(view.codes),
            "figure": address(view.figure),
            "members": members,
            "classes": classes,
            "middles": [[v for middle in middles for v in middle] for middles in family.middles],
            "extents": family.extents,
            "curve": [[figures.along_rate(split.rate_nats), split.distortion_nats] for split in family.splits],
            "chart_words": _chart(view),
            "examples": [{"name": classes[label]["name"], "picture": picture} for label, picture in enumerate(pictures)],
            "places": family.codes[:, family.examples].reshape(len(members), -1).tolist(),
            "home": {"at": home[0], "z": list(home[1])},
            "dial": {"value": said[0], "number": said[1]},
            "limit": Z_LIMIT,
            "help": HELP,
        },
        on_dial_change=on_dial,
    )


def _figures(split: Split) -> str:
    return f"rate {split.rate_nats:.2f} + distortion {split.distortion_nats:.2f} = −ELBO {split.negative_elbo_nats:.2f} nats per test image"


def _chart(view: FamilyView) -> str:
    """The rate-distortion figure in words, for those who cannot see it."""
    family = view.family
    points = [
        f"β = {beta}: {split.rate_nats:.1f} and {split.distortion_nats:.1f}"
        for beta, split in zip(family.betas, family.splits, strict=True)
    ]
    return f"Rate and distortion in nats per image. {'; '.join(points)}."
