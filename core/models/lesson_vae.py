"""The course's variational autoencoder as its notebook has it, both of its mistakes kept, to be looked at beside a right one."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from core.models import objectives
from core.models.autoencoder import Activation, DecoderLayers, EncoderLayers
from core.models.vae import VAE, VAEConfig

NOISE_ROWS = 4_096  # of the one noise tensor; a larger batch begins again with its first row


@dataclass(frozen=True)
class LessonVAEConfig(VAEConfig):
    """Sizes and objective of the course's VAE: 784-512-2 and back."""

    encoder_hidden: EncoderLayers = (512,)
    decoder_hidden: DecoderLayers = (512,)
    activation: Activation = "relu"


class LessonVAE(VAE):
    """A VAE with the two mistakes of the course AI for Beginners, both in training alone:

    1. The encoder's second answer, z_log, is sampled with as a log standard deviation, z = mu + exp(z_log) eps, but its KL divergence is
       computed as if it were a log variance. So the loss is not a bound on the likelihood, and the clouds end too wide or too narrow.
    2. One tensor of noise eps, drawn once, serves every batch: the n-th image of a batch always gets the n-th row.

    What is measured and shown is right: `encode` gives the log variance of what is really sampled, 2 z_log, and its ELBO has fresh noise
    and the true KL. `training_terms` are the course's, so the curves of a run are too.
    """

    TOTAL: ClassVar[str] = "course_loss_nats"  # a bound on nothing
    config: LessonVAEConfig
    noise: Tensor

    def __init__(self, config: LessonVAEConfig) -> None:
        super().__init__(config)
        self.register_buffer("noise", torch.randn(NOISE_ROWS, config.latent_dim))

    def encode(self, x: Tensor, label: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Images (B, 1, H, W) in [0, 1] -> mu and logvar of the q(z|x) that is sampled from, each (B, D), float32."""
        mu, z_log = super().encode(x, label)
        return mu, z_log + z_log

    def training_terms(
        self, x: Tensor, target: Tensor | None = None, generator: torch.Generator | None = None, label: Tensor | None = None
    ) -> Tensor:
        """-log p(target|z) of the z that the one noise gives, and the course's wrong KL: (2, B), nats per image."""
        mu, z_log = super().encode(x, label)
        eps = self.noise[torch.arange(len(mu), device=mu.device) % NOISE_ROWS]  # mistake 2
        logits = self.decode_logits(mu + torch.exp(z_log) * eps)
        kl = objectives.kl_nats(mu, z_log)  # mistake 1
        return torch.stack([-self.log_likelihood_nats(logits, x if target is None else target), kl])
