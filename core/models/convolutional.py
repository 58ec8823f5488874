"""The variational autoencoder with convolutions: stride 2 on the way down, transposed on the way up, dense layers between."""

from dataclasses import dataclass
from math import prod
from typing import Annotated

from torch import nn

from core.models.autoencoder import IMAGE_SHAPE, PIXELS, SIDE, Activation, LatentDim, Likelihood, Sigma
from core.models.config import MAX_UNITS, ConfigError, Setting, check_number
from core.models.networks import ACTIVATIONS, Bias, convolutions, transposed_convolutions
from core.models.vae import VAE, Beta, VariationalConfig

MAX_CHANNELS = 256


Channels = Annotated[tuple[int, ...], Setting("Channels", "Of the convolutions, one number each.")]
Hidden = Annotated[int, Setting("Dense units", "Units of the dense layer between the convolutions and the code.")]


@dataclass(frozen=True)
class ConvolutionalVAEConfig(VariationalConfig):
    """Sizes and objective of a convolutional VAE."""

    latent_dim: LatentDim = 2  # coordinates of a code z
    channels: Channels = (16, 32)  # of the convolutions, one or two: each halves the side, 28 -> 14 -> 7
    hidden: Hidden = 128  # units of the dense layer on either side of the code
    activation: Activation = "silu"  # one of networks.ACTIVATIONS
    likelihood: Likelihood = "bernoulli"  # p(x|z), one of objectives.LIKELIHOODS
    sigma: Sigma = 0.1  # scale of a pixel, in units of [0, 1]: the Gaussian's standard deviation, the Laplace's b
    beta: Beta = 1.0  # weight of the KL in the objective

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.channels, tuple) or len(self.channels) not in (1, 2):
            raise ConfigError(f"channels must be a list of one or two numbers, as 28 can be halved only twice; it is {self.channels!r}.")
        for size in self.channels:
            check_number("each number in channels", size, 1, MAX_CHANNELS, whole=True)
        check_number("hidden", self.hidden, 1, MAX_UNITS, whole=True)

    @property
    def innermost(self) -> tuple[int, int, int]:
        """The shape of an image after the last convolution: (C, S, S)."""
        side = SIDE >> len(self.channels)
        return self.channels[-1], side, side


class ConvolutionalVAE(VAE):
    """A VAE whose networks look at each place of the image in the same way."""

    config: ConvolutionalVAEConfig

    def networks(self) -> tuple[nn.Sequential, nn.Sequential]:
        """The encoder, (B, 784) -> (B, 2 D), and the decoder, (B, D) -> (B, 784), which ends with a bias for the mean image."""
        config, inner = self.config, self.config.innermost
        activation = ACTIVATIONS[config.activation]
        encoder = nn.Sequential(
            nn.Unflatten(1, IMAGE_SHAPE),
            *convolutions((1, *config.channels), config.activation),
            nn.Flatten(),
            nn.Linear(prod(inner), config.hidden),
            activation(),
            nn.Linear(config.hidden, self.numbers_per_coordinate * config.latent_dim),
        )
        decoder = nn.Sequential(
            nn.Linear(config.latent_dim, config.hidden),
            activation(),
            nn.Linear(config.hidden, prod(inner)),
            activation(),
            nn.Unflatten(1, inner),
            *transposed_convolutions((*config.channels[::-1], 1), config.activation),
            nn.Flatten(),
            Bias(PIXELS),
        )
        return encoder, decoder

    def encoder_flop(self) -> int:
        """As `decoder_flop`: a convolution's weights count once for each of its outputs' places."""
        flop, side = super().encoder_flop(), SIDE
        for layer in self.encoder:
            if isinstance(layer, nn.Conv2d):
                side //= 2
                flop += 2 * layer.weight.numel() * side**2
        return flop

    def decoder_flop(self) -> int:
        """Floating-point operations to decode one code: 2 per weight, and a convolution's weights once for each of its inputs' places."""
        flop, side = super().decoder_flop(), self.config.innermost[-1]
        for layer in self.decoder:
            if isinstance(layer, nn.ConvTranspose2d):
                flop += 2 * layer.weight.numel() * side**2
                side *= 2
        return flop
