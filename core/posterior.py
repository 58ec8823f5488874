"""The exact posterior of a VAE whose codes have two coordinates: Bayes' rule on a grid, without the encoder."""

import math
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.models import Model, build, objectives
from core.models.anchors import Anchors, anchor_grid
from core.models.vae import VAE, VAEConfig

SIDE = 96  # points of the grid in each direction: where codes are dense they lie as far apart as a posterior of the shipped model is wide
CANDIDATES = 8  # codes that are tried for one exact draw
BATCH = 2048  # codes that are decoded together


def applies(model: Model) -> bool:
    """Whether a model's posterior can be tabulated so: a VAE with two coordinates and the Bernoulli loss."""
    return "kl_nats" in model.LOSSES and model.config.likelihood == "bernoulli" and model.config.latent_dim == 2


class GridPosterior:
    """p(z|x) = p(x|z) p(z) / p(x) of a Bernoulli VAE with two coordinates, on points of equal prior mass.

    The points are the centres of side * side cells of the unit square, through the normal inverse CDF in each direction: every cell has
    the same prior mass, so p(x) is a mean over the points. All of them are decoded once, by `decode`.
    Pixels are independent given z, so p(z|some pixels of x) is the same with a sum over these alone: `visible`, bool (P,).
    (Mattei & Frellsen 2018, section 3)
    """

    def __init__(self, model: Model, side: int = SIDE, label: int | None = None) -> None:
        """label: what a conditional model is told, so that all is given that label; NOT_TOLD for none.

        ValueError for a model that cannot be tabulated so, and for a conditional one without a word on the label.
        """
        if not applies(model) or (model.conditional and label is None):
            raise ValueError("A posterior on a grid needs a VAE without labels, with two latent dimensions and the Bernoulli loss.")
        self.model, self.side, self.label = model, side, label if model.conditional else None
        device = next(model.parameters()).device
        middle = (torch.arange(side, dtype=torch.float64) + 0.5) / side
        self.cells = torch.cartesian_prod(middle, middle).float().to(device)  # (side^2, 2), in the unit square
        self.z = torch.special.ndtri(torch.cartesian_prod(middle, middle)).float().to(device)  # (side^2, 2)
        self.decode()

    @torch.no_grad()
    def decode(self) -> None:
        """Tabulate p(x|z) for the weights as they are now."""
        self.logits = torch.cat([self.decode_logits(z) for z in self.z.split(BATCH)])  # (side^2, P)
        self.of_blank = objectives.bernoulli_of_blank_nats(self.logits)  # (side^2,)

    def decode_logits(self, z: Tensor) -> Tensor:
        """Codes (B, 2) -> logits of the pixels, (B, P)."""
        told = None if self.label is None else torch.full((len(z),), self.label, device=z.device)
        return self.model.decode_logits(z, told).flatten(1)

    @torch.no_grad()
    def log_likelihood_nats(self, x: Tensor, visible: Tensor | None = None) -> Tensor:
        """log p(x|z) of every image (B, 1, H, W) at every point: (B, side^2), nats. Bayes' rule makes the posterior of it by a softmax."""
        with torch.autocast(x.device.type, enabled=False):  # bfloat16 would round 120 nats to whole ones
            if visible is None:
                return objectives.bernoulli_of_pairs_nats(self.logits, x.flatten(1), self.of_blank)
            return objectives.bernoulli_of_pairs_nats(self.logits[:, visible], x.flatten(1)[:, visible])

    @torch.no_grad()
    def draw(self, x: Tensor, generator: torch.Generator, visible: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """One z of p(z|x) for each image, (B, 2), and log p(x), (B,) nats.

        A cell is chosen by the table, then a code within it: of CANDIDATES tries one is taken, weighted by what it is likelier than its
        cell's centre. (Sampling/importance resampling, Rubin 1987)
        """
        log_p = self.log_likelihood_nats(x, visible)  # (B, side^2)
        chosen = torch.multinomial(torch.softmax(log_p, 1), CANDIDATES, replacement=True, generator=generator)  # (B, C)
        within = torch.rand(*chosen.shape, 2, device=x.device, generator=generator) - 0.5
        z = torch.special.ndtri((self.cells[chosen] + within / self.side).clamp(1e-6, 1 - 1e-6))  # (B, C, 2)
        seen = slice(None) if visible is None else visible
        logits = self.decode_logits(z.flatten(0, 1)).unflatten(0, chosen.shape)[..., seen]  # (B, C, pixels)
        log_weight = (x.flatten(1)[:, seen].unsqueeze(1) * logits - F.softplus(logits)).sum(2) - log_p.gather(1, chosen)
        taken = torch.multinomial(torch.softmax(log_weight, 1), 1, generator=generator)  # (B, 1)
        return z.gather(1, taken.unsqueeze(2).expand(-1, -1, 2))[:, 0], torch.logsumexp(log_p, 1) - math.log(len(self.z))


@torch.no_grad()
def anchored(model: Model, side: int) -> VAE:
    """A VAE with the same decoder whose encoder is Bayes' rule on side * side anchors, as weights of dense layers.

    The decoder ends in logits(z) = W h(z) + b, so log p(x, z) = h(z) . (W^T x) + x . b - sum softplus(logits(z)) - |z|^2 / 2 - log 2 pi.
    The encoder's first layer is W^T; its second has h(z) of each anchor in a row and what depends on z alone as bias; the rest is the same
    for all anchors.

    ValueError for a model that is not a plain dense VAE with two latent dimensions, the Bernoulli loss and a hidden layer in its decoder.
    """
    config = model.config
    if type(config) is not VAEConfig or not applies(model) or not config.decoder_hidden:
        raise ValueError("Anchors need a plain VAE with two latent dimensions, the Bernoulli loss and a hidden layer in its decoder.")
    made = build("vae", replace(config, encoder_hidden=config.decoder_hidden[-1:], anchors=side))
    made.decoder.load_state_dict(model.decoder.state_dict())
    lift, anchors, last = made.encoder[0], made.encoder[1], made.decoder[-1]
    assert isinstance(made, VAE) and isinstance(lift, nn.Linear) and isinstance(anchors, Anchors) and isinstance(last, nn.Linear)
    lift.weight.copy_(last.weight.T)
    lift.bias.zero_()
    grid = anchor_grid(side)
    h = torch.cat([made.decoder[:-1](z) for z in grid.split(BATCH)])  # (side^2, H)
    alone = objectives.bernoulli_of_blank_nats(last(h)) - 0.5 * (grid**2).sum(1)  # (side^2,)
    anchors.scores.weight.copy_(h)
    anchors.scores.bias.copy_(alone - alone.mean())  # small numbers lose less in float16
    return made.eval()
