"""The variational autoencoder with convolutions: stride 2 on the way down, transposed on the way up, dense layers between."""

from dataclasses import dataclass, field
from math import prod
from typing import Annotated

from torch import nn

from core.models.autoencoder import Activation, LatentDim, Likelihood, Sigma
from core.models.config import MAX_UNITS, ConfigError, Setting, check_number, check_one_of
from core.models.networks import ACTIVATIONS, Bias, convolutions, transposed_convolutions
from core.models.vae import VAE, Beta, VariationalConfig
from core.shape import SHAPE, Shape

MAX_CHANNELS, MAX_HALVINGS = 256, 4


Channels = Annotated[tuple[int, ...], Setting("Channels", "Of the convolutions, one number each.")]
Hidden = Annotated[int, Setting("Dense units", "Units of the dense layer between the convolutions and the code.")]


@dataclass(frozen=True)
class ConvolutionalVAEConfig(VariationalConfig):
    """Sizes and objective of a convolutional VAE."""

    latent_dim: LatentDim = 2  # coordinates of a code z
    channels: Channels = (16, 32)  # of the convolutions: each halves both sides, 28 -> 14 -> 7
    hidden: Hidden = 128  # units of the dense layer on either side of the code
    activation: Activation = "silu"  # one of networks.ACTIVATIONS
    likelihood: Likelihood = "bernoulli"  # p(x|z), one of objectives.LIKELIHOODS
    sigma: Sigma = 0.1  # scale of a pixel, in units of [0, 1]: the Gaussian's standard deviation, the Laplace's b
    beta: Beta = 1.0  # weight of the KL in the objective
    shape: Shape = field(default=SHAPE, kw_only=True)  # of an image: (1, H, W)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_one_of("activation", self.activation, ACTIVATIONS)
        _, height, width = self.shape
        most = min(MAX_HALVINGS, _halvings(height), _halvings(width))
        if not isinstance(self.channels, tuple) or not 1 <= len(self.channels) <= most:
            raise ConfigError(
                f"channels must be a list of numbers, one for each time that the image's sides are halved, and {height} x {width} pixels "
                f"can be halved {most} times; it is {self.channels!r}."
            )
        for size in self.channels:
            check_number("each number in channels", size, 1, MAX_CHANNELS, whole=True)
        check_number("hidden", self.hidden, 1, MAX_UNITS, whole=True)

    @property
    def innermost(self) -> tuple[int, int, int]:
        """The shape of an image after the last convolution: (C, h, w)."""
        _, height, width = self.shape
        return self.channels[-1], height >> len(self.channels), width >> len(self.channels)


def _halvings(side: int) -> int:
    """How often a side can be halved and stay whole."""
    return (side & -side).bit_length() - 1  # the zeros that end it in binary


class ConvolutionalVAE(VAE):
    """A VAE whose networks look at each place of the image in the same way."""

    config: ConvolutionalVAEConfig

    def networks(self) -> tuple[nn.Sequential, nn.Sequential]:
        """The encoder, (B, H * W) -> (B, 2 D), and the decoder, (B, D) -> (B, H * W), which ends with a bias for the mean image."""
        config, inner = self.config, self.config.innermost
        activation = ACTIVATIONS[config.activation]
        encoder = nn.Sequential(
            nn.Unflatten(1, config.shape),
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
            Bias(config.pixels),
        )
        return encoder, decoder

    def encoder_flop(self) -> int:
        """As `decoder_flop`: a convolution's weights count once for each of its outputs' places."""
        flop, places = super().encoder_flop(), self.config.pixels
        for layer in self.encoder:
            if isinstance(layer, nn.Conv2d):
                places //= 4
                flop += 2 * layer.weight.numel() * places
        return flop

    def decoder_flop(self) -> int:
        """Floating-point operations to decode one code: 2 per weight, and a convolution's weights once for each of its inputs' places."""
        flop, places = super().decoder_flop(), prod(self.config.innermost[1:])
        for layer in self.decoder:
            if isinstance(layer, nn.ConvTranspose2d):
                flop += 2 * layer.weight.numel() * places
                places *= 4
        return flop
