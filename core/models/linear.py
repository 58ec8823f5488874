"""Principal component analysis with an autoencoder's interface: a linear encoder and decoder, computed from the images in one go."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from core.models.autoencoder import Autoencoder, LatentDim, Likelihood, ModelConfig, Sigma
from core.shape import SHAPE, Shape

EDGE = 1e-3  # a line leaves [0, 1] where pixels cannot: what it draws is clipped to [EDGE, 1 - EDGE], so that every loss is finite
BATCH = 5_000
FLAT = 1e-6  # a direction in which the images differ less than this has code 0


@dataclass(frozen=True)
class LinearConfig(ModelConfig):
    """Size of a linear autoencoder, and how it is measured; its weights are those of the least squared error in any case."""

    latent_dim: LatentDim = 2  # coordinates of a code z
    likelihood: Likelihood = "gaussian"  # p(x|z), one of objectives.LIKELIHOODS
    sigma: Sigma = 0.25  # scale of a pixel; near the best for two components of MNIST (Tipping & Bishop 1999, eq. 8)
    shape: Shape = field(default=SHAPE, kw_only=True)  # of an image: (1, H, W)


class LinearAutoencoder(Autoencoder):
    """z = V^T (x - mean) / s, x_hat = mean + V s z: V the first principal directions, s the images' standard deviations along them.

    No linear encoder and decoder have a smaller squared error. (Pearson 1901; Bourlard & Kamp 1988) Divided by s, each coordinate of
    the training images' codes has mean 0 and variance 1, the scale of the other models' maps; the order, most variance first, stays.
    """

    linear: ClassVar[bool] = True
    config: LinearConfig

    def __init__(self, config: LinearConfig) -> None:
        super().__init__(config)
        self.requires_grad_(False)  # `fit` computes the weights: there is nothing to train

    def networks(self) -> tuple[nn.Sequential, nn.Sequential]:
        """The encoder, (B, H * W) -> (B, D), and the decoder, (B, D) -> (B, H * W): a dense layer each."""
        pixels, dimensions = self.config.pixels, self.config.latent_dim
        return nn.Sequential(nn.Linear(pixels, dimensions)), nn.Sequential(nn.Linear(dimensions, pixels))

    def decode_logits(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Codes (B, D) -> logits of the clipped images, (B, 1, H, W), float32."""
        return torch.logit(self.decode(z))

    def decode(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Codes (B, D) -> mean + V s z, clipped to [EDGE, 1 - EDGE]: (B, 1, H, W)."""
        return super().decode_logits(z, label).clamp(EDGE, 1 - EDGE)

    def set_mean_image(self, mean: Tensor) -> None:
        """The decoder's bias is the mean image (1, H, W) itself."""
        dense(self.decoder).bias.data.copy_(mean.flatten())

    def fit(self, images: np.ndarray) -> None:
        """Compute all weights from images uint8 (N, H, W), exactly: the eigenvectors of their covariance."""
        pixels = torch.from_numpy(np.ascontiguousarray(images)).flatten(1)  # (N, P)
        mean = torch.from_numpy(images.mean(0, dtype=np.float64)).flatten() / 255  # (P,)
        squares = torch.zeros(len(mean), len(mean), dtype=torch.float64)
        for batch in pixels.split(BATCH):
            deviations = batch.double() / 255 - mean
            squares += deviations.T @ deviations
        variances, directions = torch.linalg.eigh(squares / max(1, len(pixels) - 1))  # ascending; columns
        first = directions[:, -self.config.latent_dim :].flip(1)  # (P, D), most variance first
        first = first * first.gather(0, first.abs().argmax(0, keepdim=True)).sign()  # of the two directions, always the same one
        scale = variances[-self.config.latent_dim :].flip(0).clamp(min=0).sqrt()  # (D,)
        inverse = torch.where(scale > FLAT, 1 / scale, 0.0)
        encoder, decoder = dense(self.encoder), dense(self.decoder)
        encoder.weight.data.copy_((first * inverse).T)
        encoder.bias.data.copy_(-(mean @ first) * inverse)
        decoder.weight.data.copy_(first * scale)
        decoder.bias.data.copy_(mean)


def dense(network: nn.Sequential) -> nn.Linear:
    """The one layer of a network."""
    (layer,) = network
    assert isinstance(layer, nn.Linear)
    return layer
