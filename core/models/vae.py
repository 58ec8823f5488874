"""The variational autoencoder with dense encoder and decoder; beta-VAE is `VAEConfig(beta=4)`."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from core.models import objectives
from core.models.autoencoder import Autoencoder, AutoencoderConfig, ModelConfig
from core.models.config import Setting, check_number

Beta = Annotated[float, Setting("β, weight of the KL", "1 is the standard VAE. More gives tidier codes and blurrier images (beta-VAE).")]


class VariationalConfig(ModelConfig):
    """The settings that every VAE has."""

    beta: Beta

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("beta", self.beta, 0.0, 1000.0)


@dataclass(frozen=True)
class VAEConfig(AutoencoderConfig, VariationalConfig):
    """Sizes and objective of a VAE."""

    beta: Beta = 1.0  # weight of the KL in the objective


class VAE(Autoencoder):
    """q(z|x) = N(mu(x), diag exp(logvar(x))), p(z) = N(0, I), p(x|z) by pixel.  (Kingma & Welling 2014)"""

    LOSSES: ClassVar[tuple[str, ...]] = ("reconstruction_nats", "kl_nats")
    has_prior: ClassVar[bool] = True
    numbers_per_coordinate: ClassVar[int] = 2
    config: VariationalConfig

    def encode(self, x: Tensor, label: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Images (B, 1, H, W) in [0, 1] -> mu and logvar of q(z|x), each (B, D), float32."""
        mu, logvar = self.run_encoder(x, label).chunk(2, dim=1)  # (B, D), (B, D)
        return mu, logvar

    def training_terms(
        self, x: Tensor, target: Tensor | None = None, generator: torch.Generator | None = None, label: Tensor | None = None
    ) -> Tensor:
        """-log p(target|z) of one z and the KL: (2, B), nats per image."""
        log_likelihood, kl = self.terms_nats(x, target, generator, label)
        return torch.stack([-log_likelihood, kl])

    def objective(self, terms: Tensor, regularizer_weight: float | Tensor = 1.0) -> Tensor:
        """The mean negative ELBO with its KL weighted by beta and by regularizer_weight, which rises from 0 to 1.  (Bowman et al. 2016)"""
        reconstruction, kl = terms
        return -objectives.elbo_nats(-reconstruction, kl, self.config.beta * regularizer_weight).mean()
