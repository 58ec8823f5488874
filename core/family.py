"""The shipped models that differ in β alone, as one family: code n is of the same test image in each, and their maps lie alike."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core import frame, latent, shipped
from core.checkpoints import Checkpoint, CheckpointError, opened
from core.rate_distortion import PEERS, Split, split_of

BEYOND = 0.005  # of the codes, on each side, a view leaves out
RINGS = 3.2  # standard deviations of the prior, which every view shows


@dataclass(frozen=True, eq=False)
class Family:
    """Members in the order of β; not to be changed."""

    members: tuple[Checkpoint, ...]
    betas: tuple[str, ...]
    effects: tuple[str, ...]  # what to look for in each

    @cached_property
    def codes(self) -> np.ndarray:
        """float32 (M, N, 2): [m, n] is member m's code of test image n."""
        return np.stack([member.latents.mu for member in self.members])

    @property
    def labels(self) -> np.ndarray:
        """uint8 (N,)."""
        return self.members[0].latents.label

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        return frame.class_names(self.members[0].dataset_name)

    @cached_property
    def middles(self) -> list[list[tuple[float, ...]]]:
        """For each member, each class's middle on the map, in the order of the classes that there are."""
        return [list(latent.class_medians(codes, self.labels).values()) for codes in self.codes]

    @cached_property
    def extents(self) -> list[dict[str, float]]:
        """For each member: left, right, bottom and top of most of its codes, and of three standard deviations of the prior."""
        low, high = (np.quantile(self.codes, share, axis=1) for share in (BEYOND, 1 - BEYOND))  # (M, 2)
        low, high = np.minimum(low, -RINGS), np.maximum(high, RINGS)
        return [{"left": a[0], "right": b[0], "bottom": a[1], "top": b[1]} for a, b in zip(low.tolist(), high.tolist(), strict=True)]

    @cached_property
    def examples(self) -> list[int]:
        """The first test image of each class, by its number."""
        return np.unique(self.labels, return_index=True)[1].tolist()

    @cached_property
    def splits(self) -> list[Split]:
        """Where each member's -ELBO goes."""
        found = [split_of(member) for member in self.members]
        return [split for split in found if split is not None]


def beta_family(effects: dict[str, str] = shipped.BETAS) -> Family:
    """The family that ships; CheckpointError where one of it cannot be read or they are not of the same test images."""
    return family_of([opened(shipped.beta_name(beta)) for beta in effects], list(effects), list(effects.values()))


def family_of(members: Sequence[Checkpoint], betas: Sequence[str], effects: Sequence[str]) -> Family:
    """These models as a family; CheckpointError where that makes no sense."""
    first = members[0].latents
    for member in members:
        codes = member.latents
        if codes.mu.shape != first.mu.shape or codes.mu.shape[1] != 2 or (codes.label != first.label).any() or split_of(member) is None:
            raise CheckpointError(f"{member.name} does not fit {members[0].name}: both need two-dimensional codes of the same test images.")
    return Family(tuple(members), tuple(betas), tuple(effects))


def between_rate_and_distortion(
    family: Family, others: Iterable[Checkpoint]
) -> tuple[list[tuple[str, float, float]], list[tuple[str, float, float]], list[tuple[str, float]]]:
    """What `figures.rate_distortion` draws: the family, those others that learned from the same data set and have a rate, and the peers."""
    names = {member.name for member in family.members}
    same = (other for other in others if other.name not in names and other.dataset_name == family.members[0].dataset_name)
    splits = [split for other in same if (split := split_of(other)) is not None]
    members = [(f"β = {beta}", split.rate_nats, split.distortion_nats) for beta, split in zip(family.betas, family.splits, strict=True)]
    zoo = [(split.title, split.rate_nats, split.distortion_nats) for split in splits]
    return members, zoo, [(peer.title, peer.negative_elbo_nats) for peer in PEERS]
