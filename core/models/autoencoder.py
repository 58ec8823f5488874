"""The plain autoencoder with dense layers, and what every model here has in common with it.

A model encodes images to codes z and decodes codes to images; `training_terms` and `objective` say what its training minimises.
"""

from dataclasses import dataclass, field
from math import prod
from typing import Annotated, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from core.models import objectives
from core.models.config import Setting, check_hidden, check_number, check_one_of, check_shape
from core.models.networks import ACTIVATIONS, mlp
from core.shape import SHAPE, Shape

LOSSES = {  # the likelihoods by the losses that most people know them as
    "bernoulli": "BCE, cross-entropy (Bernoulli)",
    "gaussian": "MSE, squared error (Gaussian)",
    "laplace": "L1, absolute error (Laplace)",
}
MOST_DIMENSIONS = 128  # as many as courses compare
LatentDim = Annotated[
    int,
    Setting(
        "Latent dimensions",
        f"How many numbers a code has, 1 to {MOST_DIMENSIONS}. Two can be drawn directly; for more, the map shows a plane through them.",
    ),
]
EncoderLayers = Annotated[tuple[int, ...], Setting("Encoder layers", "Units of each hidden layer.")]
DecoderLayers = Annotated[tuple[int, ...], Setting("Decoder layers", "Units of each hidden layer; depth helps most.")]
Activation = Annotated[str, Setting("Activation", "The nonlinear function between layers.", {name: name for name in ACTIVATIONS})]
Likelihood = Annotated[str, Setting("Reconstruction loss", "How the error of a pixel is measured.", LOSSES)]
Sigma = Annotated[float, Setting("Pixel scale σ", "For MSE and L1: how far off a pixel may be, in units of black to white.")]


class ModelConfig:
    """The settings that every model has, and their checks. Each model's dataclass gives them their order and defaults."""

    latent_dim: LatentDim
    likelihood: Likelihood
    sigma: Sigma
    shape: Shape  # of an image: (1, H, W)

    def __post_init__(self) -> None:
        check_number("latent_dim", self.latent_dim, 1, MOST_DIMENSIONS, whole=True)
        check_one_of("likelihood", self.likelihood, objectives.LIKELIHOODS)
        check_number("sigma", self.sigma, 1e-3, 10.0)
        check_shape(self.shape)

    @property
    def pixels(self) -> int:
        """H * W."""
        return prod(self.shape)


@dataclass(frozen=True)
class AutoencoderConfig(ModelConfig):
    """Sizes and objective of a dense autoencoder."""

    latent_dim: LatentDim = 2  # coordinates of a code z
    encoder_hidden: EncoderLayers = (1024, 512, 256)  # units of the encoder's hidden layers
    decoder_hidden: DecoderLayers = (256, 256, 256, 256, 384)  # units of the decoder's; depth matters most
    activation: Activation = "silu"  # one of networks.ACTIVATIONS
    likelihood: Likelihood = "bernoulli"  # p(x|z), one of objectives.LIKELIHOODS: cross-entropy, squared or absolute error
    sigma: Sigma = 0.1  # scale of a pixel, in units of [0, 1]: the Gaussian's standard deviation, the Laplace's b
    shape: Shape = field(default=SHAPE, kw_only=True)  # of an image: (1, H, W)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_one_of("activation", self.activation, ACTIVATIONS)
        check_hidden("encoder_hidden", self.encoder_hidden)
        check_hidden("decoder_hidden", self.decoder_hidden)


class Autoencoder(nn.Module):
    """x -> z -> x_hat, trained to bring x_hat near to x.  (Hinton & Salakhutdinov 2006)"""

    LOSSES: ClassVar[tuple[str, ...]] = ("reconstruction_nats",)  # the rows of `training_terms`
    TOTAL: ClassVar[str] = ""  # what reconstruction and KL come to together, where there is a KL
    has_prior: ClassVar[bool] = False  # whether N(0, I) is what the codes are trained to look like, so that draws of it decode well
    conditional: ClassVar[bool] = False  # whether it is told the label
    linear: ClassVar[bool] = False  # whether encoder and decoder are straight lines, computed and not trained
    numbers_per_coordinate: ClassVar[int] = 1  # that the encoder gives: a code, or mu and logvar

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder, self.decoder = self.networks()

    def networks(self) -> tuple[nn.Sequential, nn.Sequential]:
        """The encoder, (B, H * W) -> (B, numbers_per_coordinate * D), and the decoder, (B, D) -> (B, H * W), which begins with a Linear."""
        config = self.config
        assert isinstance(config, AutoencoderConfig)
        encoder = mlp((config.pixels, *config.encoder_hidden, self.numbers_per_coordinate * config.latent_dim), config.activation)
        return encoder, mlp((config.latent_dim, *config.decoder_hidden, config.pixels), config.activation)

    def run_encoder(self, x: Tensor, label: Tensor | None) -> Tensor:
        """Images (B, 1, H, W) -> what the encoder says of them, (B, numbers_per_coordinate * D), float32."""
        return self.leave_encoder(self.encoder[:-1](x.flatten(1)))

    def leave_encoder(self, h: Tensor) -> Tensor:
        """The encoder's last layer. It stays in float32 under autocast, as the decoder's first does: a code with the 8 bits of bfloat16
        would be off by as much as a posterior is wide."""
        with torch.autocast(h.device.type, enabled=False):
            return self.encoder[-1](h.float())

    def enter_decoder(self, z: Tensor, label: Tensor | None) -> Tensor:
        """Codes (B, D) -> what the decoder's first layer makes of them."""
        return self.decoder[0](z)

    def encode(self, x: Tensor, label: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Images (B, 1, H, W) in [0, 1] -> mu (B, D) and logvar (B, D) of q(z|x), float32; logvar is None where z is mu itself.

        Only a conditional model looks at the label, here and in the other methods.
        """
        return self.run_encoder(x, label), None

    def reparameterize(self, mu: Tensor, logvar: Tensor | None, generator: torch.Generator | None = None) -> Tensor:
        """z = mu + sigma * eps with eps ~ N(0, I), so that gradients reach mu and logvar: (B, D) -> (B, D); mu if logvar is None."""
        if logvar is None:
            return mu
        eps = torch.randn(mu.shape, dtype=mu.dtype, device=mu.device, generator=generator)
        return mu + torch.exp(0.5 * logvar) * eps

    def decode_logits(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Codes (B, D) -> logits of the pixels, (B, 1, H, W), float32; `decode` is their sigmoid."""
        # The first layer stays in float32 under autocast: bfloat16 has 8 bits, too few to tell neighbouring codes apart.
        with torch.autocast(z.device.type, enabled=False):
            h = self.enter_decoder(z.float(), label)
        return self.decoder[1:](h).float().unflatten(1, self.config.shape)

    def decode(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Codes (B, D) -> expected images (B, 1, H, W) in [0, 1]."""
        return torch.sigmoid(self.decode_logits(z, label))

    def log_likelihood_nats(self, logits: Tensor, x: Tensor) -> Tensor:
        """log p(x|z) given decode_logits(z), summed over pixels: (B, 1, H, W) twice -> (B,), nats."""
        return objectives.LIKELIHOODS[self.config.likelihood](logits, x, self.config.sigma)

    def terms_nats(
        self,
        x: Tensor,
        target: Tensor | None = None,
        generator: torch.Generator | None = None,
        label: Tensor | None = None,
        posterior: tuple[Tensor, Tensor | None] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """One-sample log p(target|z) (target defaults to x) and the analytic KL (0 without a posterior), each (B,), nats.

        `posterior` is `encode(x, label)`, where that is known already.
        """
        mu, logvar = self.encode(x, label) if posterior is None else posterior
        logits = self.decode_logits(self.reparameterize(mu, logvar, generator), label)
        kl = mu.new_zeros(len(mu)) if logvar is None else objectives.kl_nats(mu, logvar)
        return self.log_likelihood_nats(logits, x if target is None else target), kl

    def training_terms(
        self, x: Tensor, target: Tensor | None = None, generator: torch.Generator | None = None, label: Tensor | None = None
    ) -> Tensor:
        """What training lowers, by the names in LOSSES: (len(LOSSES), B), nats per image."""
        log_likelihood, _ = self.terms_nats(x, target, generator, label)
        return -log_likelihood.unsqueeze(0)

    def objective(self, terms: Tensor, regularizer_weight: float | Tensor = 1.0) -> Tensor:
        """The loss to differentiate, from `training_terms`: their weighted sum, mean over the batch, nats.

        regularizer_weight, in [0, 1], scales what keeps the codes near the prior; it rises while training warms up.
        """
        return terms[0].mean()

    def set_mean_image(self, mean: Tensor) -> None:
        """Start the decoder at the mean image (1, H, W): its output bias becomes the image's logit."""
        bias = self.decoder[-1].bias
        assert isinstance(bias, nn.Parameter)
        with torch.no_grad():
            bias.copy_(torch.logit(mean.flatten().clamp(1e-3, 1 - 1e-3)))

    def fit(self, images: np.ndarray) -> None:
        """What can be computed of the weights from all training images, uint8 (N, H, W), before training: nothing, in most models."""

    def encoder_flop(self) -> int:
        """Floating-point operations to encode one image: 2 per weight of the dense layers."""
        return sum(2 * layer.weight.numel() for layer in self.encoder.modules() if isinstance(layer, nn.Linear))

    def decoder_flop(self) -> int:
        """Floating-point operations to decode one code: 2 per weight of the dense layers."""
        return sum(2 * layer.weight.numel() for layer in self.decoder if isinstance(layer, nn.Linear))
