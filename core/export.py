"""A decoder in the form that the browser's decoder.js runs: one safetensors file of dense layers.

Tensors are `0.weight` (outputs, inputs), `0.bias`, `1.weight`, ...; the metadata names the activation between layers.
"""

import numpy as np
import torch
from safetensors.numpy import save
from torch import nn

from core.models import Model

BROWSER_ACTIVATIONS = ("silu", "relu", "tanh")
MAX_BROWSER_FLOP = 4_000_000  # above it a decode no longer fits a frame on a slow laptop


class NotExportable(Exception):
    """The browser cannot run this decoder exactly and in time; the message says why."""


def decoder_bytes(model: Model) -> bytes:
    """The decoder as a safetensors file: float16 where that holds the weights exactly, else float32.

    Raises NotExportable for a decoder that is not a stack of dense layers, or is too large to decode within a frame.
    """
    layers = [layer for layer in model.decoder if isinstance(layer, nn.Linear)]
    if len(model.decoder) != 2 * len(layers) - 1 or model.config.activation not in BROWSER_ACTIVATIONS:
        raise NotExportable("The browser decodes dense layers only; this decoder has others.")
    if model.decoder_flop() > MAX_BROWSER_FLOP:
        raise NotExportable(f"This decoder needs {model.decoder_flop() / 1e6:.1f} MFLOP per image, too many to decode live in a browser.")
    tensors = {}
    for index, layer in enumerate(layers):
        tensors[f"{index}.weight"], tensors[f"{index}.bias"] = layer.weight.detach(), layer.bias.detach()
    exact = all(torch.equal(tensor, tensor.half().float()) for tensor in tensors.values())
    kind = np.float16 if exact else np.float32
    arrays = {name: np.ascontiguousarray(tensor.cpu().numpy().astype(kind)) for name, tensor in tensors.items()}
    return save(arrays, {"activation": model.config.activation, "layers": str(len(layers)), "output": "sigmoid"})
