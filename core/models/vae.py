"""The variational autoencoder with dense encoder and decoder; beta-VAE is `VAEConfig(beta=4)`."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn

from core.models import objectives
from core.models.anchors import Anchors
from core.models.autoencoder import Autoencoder, AutoencoderConfig, ModelConfig
from core.models.config import ConfigError, Setting, check_number
from core.models.networks import mlp

MAX_ANCHORS = 96  # a side of their grid

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
    anchors: int = field(default=0, kw_only=True)  # a side of the grid of anchors that the encoder ends in; 0: it ends in a dense layer

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.anchors == 0:
            return
        check_number("anchors", self.anchors, 3, MAX_ANCHORS, whole=True)
        if type(self) is not VAEConfig or self.latent_dim != 2 or len(self.encoder_hidden) != 1:
            raise ConfigError("anchors need a plain VAE with two latent dimensions and one hidden layer in its encoder.")


class VAE(Autoencoder):
    """q(z|x) = N(mu(x), diag exp(logvar(x))), p(z) = N(0, I), p(x|z) by pixel.  (Kingma & Welling 2014)"""

    LOSSES: ClassVar[tuple[str, ...]] = ("reconstruction_nats", "kl_nats")
    TOTAL: ClassVar[str] = "negative_elbo_nats"
    has_prior: ClassVar[bool] = True
    numbers_per_coordinate: ClassVar[int] = 2
    config: VariationalConfig

    def networks(self) -> tuple[nn.Sequential, nn.Sequential]:
        """As in every dense model, or with an encoder that ends in anchors: linear up to there, because that is what Bayes' rule needs."""
        config = self.config
        if not isinstance(config, VAEConfig) or not config.anchors:
            return super().networks()
        (hidden,) = config.encoder_hidden
        encoder = nn.Sequential(nn.Linear(config.pixels, hidden), Anchors(hidden, config.anchors))
        return encoder, mlp((config.latent_dim, *config.decoder_hidden, config.pixels), config.activation)

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
