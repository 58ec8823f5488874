"""What each of a code's numbers says of the images, one by one: how much of it, whether any, and how far it goes; and all together."""

from dataclasses import dataclass

import numpy as np
import torch

from core.models.objectives import kl_nats, kl_per_dim_nats
from core.quality import ACTIVE_VARIANCE


@dataclass(frozen=True, eq=False)
class Dimensions:
    """Of each dimension of a data set's codes, all (D,)."""

    variance: np.ndarray  # of the codes (of a VAE the posterior's means)
    mean: np.ndarray
    kl_nats: np.ndarray | None  # of posterior and prior, on average over the images; None without a posterior
    used: np.ndarray  # bool: whether the variance is above ACTIVE_VARIANCE (Burda et al. 2016, section 4: an active unit)

    @property
    def count(self) -> int:
        """D."""
        return len(self.variance)

    @property
    def order(self) -> np.ndarray:
        """The dimensions (D,), the one that says most first: by KL divergence, without a posterior by variance; among equals by number."""
        says = self.variance if self.kl_nats is None else self.kl_nats
        return np.argsort(-says, kind="stable")


def of_codes(mu: np.ndarray, logvar: np.ndarray | None) -> Dimensions:
    """Of codes (N, D), and of a model with a posterior the log variances there (N, D)."""
    means = torch.from_numpy(mu).double()
    kl = None if logvar is None else kl_per_dim_nats(means, torch.from_numpy(logvar).double()).mean(0).numpy()
    variance = means.var(0, correction=0).numpy()
    return Dimensions(variance, means.mean(0).numpy(), kl, variance > ACTIVE_VARIANCE)


def kl_each_nats(mu: np.ndarray, logvar: np.ndarray) -> np.ndarray:
    """KL divergence of each image's posterior, mean and log variance (N, D), from the prior: float64 (N,), nats."""
    return kl_nats(torch.from_numpy(mu).double(), torch.from_numpy(logvar).double()).numpy()
