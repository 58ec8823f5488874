"""The player of pictures, in a page of a real browser without a server."""

from typing import Any

import pytest
from bundle import Bundle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("bundle")]

MODULE = "tools/player.js"
SETUP = """
  const root = document.body.appendChild(document.createElement('div')); root.className = 'live';
  const stop = new AbortController(), part = new m.default(root, stop.signal);
  const dot = (ink) => `data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" data-ink="${ink}"/>`;
  const frames = [0, 1, 2, 3, 4].map(dot), at = () => frames.indexOf(root.querySelector('img').getAttribute('src'));
  const [button, slider, picture] = ['button', 'input', 'img'].map((name) => root.querySelector(name));
  const waited = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  part.update({ frames, way: given, words: 'The morph' });
  const end = (found) => { stop.abort(); root.remove(); return found; };
"""


def played(bundle: Bundle, script: str, way: float = 60_000) -> Any:
    """What a script returns that has mounted a player of five pictures; way: milliseconds from the first to the last."""
    return bundle.run(MODULE, SETUP + script, way)


def test_the_way_leads_there_and_back(bundle: Bundle) -> None:
    times = [0, 250, 1000, 1250, 2000, 2250, 9000]
    assert bundle.run(MODULE, "return given.map((t) => m.thereAndBack(t, 1000))", times) == [0, 0.25, 1, 0.75, 0, 0.25, 1]


def test_it_rests_on_the_first_picture_until_it_is_asked_to_play(bundle: Bundle) -> None:
    script = """
      await waited(); await waited();
      const before = [at(), button.textContent];
      button.click(); part.began -= 0.5 * given; await waited();
      const playing = [at(), button.textContent];
      button.click(); const kept = at(); part.began -= 0.5 * given; await waited();
      return end([before, playing, kept === at(), button.textContent, slider.getAttribute('aria-valuetext')]);
    """
    before, playing, stays, word, percent = played(bundle, script)
    assert (before, playing, stays, word, percent) == ([0, "Play"], [2, "Pause"], True, "Play", "50 %")


def test_the_slider_goes_by_hand_and_playing_goes_on_from_there(bundle: Bundle) -> None:
    script = """
      button.click();
      slider.value = 0.75; slider.dispatchEvent(new Event('input'));
      const by_hand = [at(), button.textContent, picture.alt];
      await waited(); const rests = at();
      button.click(); await waited(); const goes_on = at();
      return end([by_hand, rests, goes_on]);
    """
    assert played(bundle, script) == [[3, "Play", "The morph, 75 % of the way"], 3, 3]


def test_other_pictures_come_in_the_same_place_and_nothing_plays_after_the_end(bundle: Bundle) -> None:
    script = """
      slider.value = 1; slider.dispatchEvent(new Event('input'));
      part.update({ frames: ['data:,a', 'data:,b'], way: given, words: 'Another' });
      const shown = [picture.getAttribute('src'), picture.alt, slider.getAttribute('aria-label')];
      button.click(); stop.abort(); const still = part.playing === undefined; part.began -= 0.4 * given; await waited();
      return end([shown, still, picture.getAttribute('src')]);
    """
    shown, still, src = played(bundle, script)
    assert shown == ["data:,b", "Another, 100 % of the way", "Another: share of the way"]
    assert still and src == "data:,b"
