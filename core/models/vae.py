"""The variational autoencoder with dense encoder and decoder; beta-VAE is `VAEConfig(beta=4)`."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.models import objectives
from core.models.config import check_hidden, check_number, check_one_of
from core.models.networks import ACTIVATIONS, mlp

IMAGE_SHAPE = (1, 28, 28)
PIXELS = 28 * 28


@dataclass(frozen=True)
class VAEConfig:
    """Sizes and objective of a VAE."""

    latent_dim: int = 2  # coordinates of a code z, 1 to 64
    encoder_hidden: tuple[int, ...] = (1024, 512, 256)  # units of the encoder's hidden layers
    decoder_hidden: tuple[int, ...] = (256, 256, 256, 256, 384)  # units of the decoder's; depth matters most
    activation: str = "silu"  # one of networks.ACTIVATIONS
    likelihood: str = "bernoulli"  # p(x|z): "bernoulli" or "gaussian"
    sigma: float = 0.1  # standard deviation of a pixel under the Gaussian likelihood, in units of [0, 1]
    beta: float = 1.0  # weight of the KL in the objective

    def __post_init__(self) -> None:
        check_number("latent_dim", self.latent_dim, 1, 64, whole=True)
        check_hidden("encoder_hidden", self.encoder_hidden)
        check_hidden("decoder_hidden", self.decoder_hidden)
        check_one_of("activation", self.activation, ACTIVATIONS)
        check_one_of("likelihood", self.likelihood, ("bernoulli", "gaussian"))
        check_number("sigma", self.sigma, 1e-3, 10.0)
        check_number("beta", self.beta, 0.0, 1000.0)


class VAE(nn.Module):
    """q(z|x) = N(mu(x), diag exp(logvar(x))), p(z) = N(0, I), p(x|z) Bernoulli or Gaussian.  (Kingma & Welling 2014)"""

    def __init__(self, config: VAEConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = mlp((PIXELS, *config.encoder_hidden, 2 * config.latent_dim), config.activation)
        self.decoder = mlp((config.latent_dim, *config.decoder_hidden, PIXELS), config.activation)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, 1, 28, 28) in [0, 1] -> mu and logvar of q(z|x), each (B, D), float32."""
        mu, logvar = self.encoder(x.flatten(1)).float().chunk(2, dim=1)  # (B, D), (B, D)
        return mu, logvar

    def reparameterize(self, mu: Tensor, logvar: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """z = mu + sigma * eps with eps ~ N(0, I), so that gradients reach mu and logvar: (B, D) -> (B, D)."""
        eps = torch.randn(mu.shape, dtype=mu.dtype, device=mu.device, generator=generator)
        return mu + torch.exp(0.5 * logvar) * eps

    def decode_logits(self, z: Tensor) -> Tensor:
        """Codes (B, D) -> logits of the pixels, (B, 1, 28, 28), float32; `decode` is their sigmoid."""
        # The first layer stays in float32 under autocast: bfloat16 has 8 bits, too few to tell neighbouring codes apart.
        with torch.autocast(z.device.type, enabled=False):
            h = self.decoder[0](z.float())
        return self.decoder[1:](h).float().unflatten(1, IMAGE_SHAPE)

    def decode(self, z: Tensor) -> Tensor:
        """Codes (B, D) -> expected images (B, 1, 28, 28) in [0, 1]."""
        return torch.sigmoid(self.decode_logits(z))

    def log_likelihood_nats(self, logits: Tensor, x: Tensor) -> Tensor:
        """log p(x|z) given decode_logits(z), summed over pixels: (B, 1, 28, 28) twice -> (B,), nats."""
        if self.config.likelihood == "gaussian":
            return objectives.gaussian_log_likelihood_nats(torch.sigmoid(logits), x, self.config.sigma)
        return objectives.bernoulli_log_likelihood_nats(logits, x)

    def terms_nats(self, x: Tensor, target: Tensor | None = None, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        """One-sample log p(target|z) (target defaults to x) and the analytic KL, each (B,), nats."""
        mu, logvar = self.encode(x)
        logits = self.decode_logits(self.reparameterize(mu, logvar, generator))
        return self.log_likelihood_nats(logits, x if target is None else target), objectives.kl_nats(mu, logvar)

    def set_mean_image(self, mean: Tensor) -> None:
        """Start the decoder at the mean image (1, 28, 28): its output bias becomes the image's logit."""
        output = self.decoder[-1]
        assert isinstance(output, nn.Linear)
        with torch.no_grad():
            output.bias.copy_(torch.logit(mean.flatten().clamp(1e-3, 1 - 1e-3)))

    def decoder_flop(self) -> int:
        """Floating-point operations to decode one code: 2 per weight of the dense layers."""
        return sum(2 * layer.weight.numel() for layer in self.decoder if isinstance(layer, nn.Linear))
