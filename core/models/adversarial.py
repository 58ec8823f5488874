"""The adversarial autoencoder: a discriminator learns to tell codes from draws of N(0, I), and the encoder to mislead it."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor
from torch.func import functional_call

from core.models import objectives
from core.models.autoencoder import Autoencoder, AutoencoderConfig
from core.models.config import Setting, check_hidden, check_number
from core.models.networks import mlp

DiscriminatorLayers = Annotated[tuple[int, ...], Setting("Discriminator layers", "Units of each hidden layer of the discriminator.")]
AdversarialWeight = Annotated[float, Setting("Adversarial weight", "How hard the encoder tries to mislead the discriminator.")]


@dataclass(frozen=True)
class AdversarialConfig(AutoencoderConfig):
    """Sizes and objective of an adversarial autoencoder."""

    discriminator_hidden: DiscriminatorLayers = (256, 256)  # units of the discriminator's hidden layers
    adversarial_weight: AdversarialWeight = 20.0  # of the encoder's wish to mislead the discriminator; 20 suits 2 dimensions, 5 suits 8

    def __post_init__(self) -> None:
        super().__post_init__()
        check_hidden("discriminator_hidden", self.discriminator_hidden)
        check_number("adversarial_weight", self.adversarial_weight, 0.0, 10_000.0)


class AdversarialAutoencoder(Autoencoder):
    """An autoencoder whose codes, all together, are made to look like draws of N(0, I).  (Makhzani et al. 2016)

    One backward pass serves all three networks: each loss is computed where only its own network can be reached.
    """

    LOSSES: ClassVar[tuple[str, ...]] = ("reconstruction_nats", "generator_nats", "discriminator_nats")
    has_prior: ClassVar[bool] = True
    config: AdversarialConfig

    def __init__(self, config: AdversarialConfig) -> None:
        super().__init__(config)
        self.discriminator = mlp((config.latent_dim, *config.discriminator_hidden, 1), config.activation)

    def training_terms(
        self, x: Tensor, target: Tensor | None = None, generator: torch.Generator | None = None, label: Tensor | None = None
    ) -> Tensor:
        """-log p(target|z), what it costs that z is seen to be a code, and the discriminator's error: (3, B), nats per image."""
        z, _ = self.encode(x)  # (B, D)
        reconstruction = -self.log_likelihood_nats(self.decode_logits(z), x if target is None else target)
        frozen = {name: parameter.detach() for name, parameter in self.discriminator.named_parameters()}
        misled = functional_call(self.discriminator, frozen, z).float().squeeze(1)  # (B,); gradients go to the encoder alone
        prior = torch.randn(z.shape, device=z.device, generator=generator)
        prior_logits, code_logits = self.discriminator(torch.cat([prior, z.detach()])).float().squeeze(1).chunk(2)  # (B,), (B,)
        return torch.stack(
            [reconstruction, objectives.generator_loss_nats(misled), objectives.discriminator_loss_nats(prior_logits, code_logits)]
        )

    def objective(self, terms: Tensor, regularizer_weight: float | Tensor = 1.0) -> Tensor:
        """The mean of all three; the discriminator's has no weight, because no other network feels it and AdamW ignores its scale (but
        for a gradient clip, which looks at all of them)."""
        reconstruction, generator, discriminator = terms
        return (reconstruction + self.config.adversarial_weight * regularizer_weight * generator + discriminator).mean()
