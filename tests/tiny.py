"""A model as small as the tests need, and what they look at in one."""

import torch
from torch import nn

from core.models.vae import VAEConfig

TINY = VAEConfig(encoder_hidden=(24,), decoder_hidden=(16,))


def linear(network: nn.Module, index: int) -> nn.Linear:
    """The dense layer at that place of a network."""
    assert isinstance(network, nn.Sequential)
    layer = network[index]
    assert isinstance(layer, nn.Linear)
    return layer


def gradient(parameter: nn.Parameter) -> torch.Tensor:
    """Of the last backward pass, which has to have reached it."""
    assert parameter.grad is not None
    return parameter.grad
