"""Decoder and encoder in the form that the browser's decoder.js and encoder.js run: one safetensors file of dense layers each.

Tensors are `0.weight` (outputs, inputs), `0.bias`, `1.weight`, ...; the metadata names the activation between layers and the images'
shape (1, H, W), of a decoder also what is after the last layer, the likelihood and its sigma, of an encoder what its last layer gives.
For everything but the browser, encoders and decoders also leave as ONNX.
"""

import json
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from safetensors.numpy import save
from torch import Tensor, nn

from core.latent import Plane
from core.models import Model
from core.models.anchors import Anchors, axis
from core.models.conditional_vae import ConditionalVAE
from core.models.lesson_vae import LessonVAE
from core.onnx_recorder import record

BROWSER_ACTIVATIONS = ("silu", "relu", "tanh")
MAX_BROWSER_FLOP = 4_000_000  # above it a decode no longer fits a frame on a slow laptop
LINEAR = "none"  # in place of an activation
OF_DECODER = "of the decoder"  # an encoder's, which then has none of its own


class NotExportable(Exception):
    """The browser cannot run this network exactly and in time; the message says why."""


def why_not_live(model: Model) -> str:
    """Why the browser cannot run this model's decoder (its weights may be on the meta device); "" when it can."""
    dense = sum(isinstance(layer, nn.Linear) for layer in model.decoder)
    if len(model.decoder) != 2 * dense - 1 or _activation(model) not in BROWSER_ACTIVATIONS:
        return "The browser decodes dense layers only; this decoder has others."
    if model.decoder_flop() > MAX_BROWSER_FLOP:
        return f"This decoder needs {model.decoder_flop() / 1e6:.1f} MFLOP per image, too many to decode live in a browser."
    return ""


def decoder_bytes(model: Model, plane: Plane | None = None, label: int | None = None) -> bytes:
    """The decoder as a safetensors file: each tensor float16 where that holds it exactly, else float32.

    `plane` makes it decode points of a map, `label` images of that class: both become part of the first layer.
    Raises NotExportable for a decoder that is not a stack of dense layers, or is too large to decode within a frame.
    """
    if why := why_not_live(model):
        raise NotExportable(why)
    tensors = _dense_layers(model)
    tensors["0.weight"], tensors["0.bias"] = _first_layer(model, tensors["0.weight"], tensors["0.bias"], plane, label)
    return _dense_file(model, tensors)


def code_decoder_bytes(model: Model) -> bytes:
    """The same file, but of a decoder that takes whole codes (D,) and, from a conditional model, any class: `label.weight`, (classes,
    units of the first layer), has what each class adds to the first layer's sums. NotExportable as in `decoder_bytes`.
    """
    if why := why_not_live(model):
        raise NotExportable(why)
    tensors = _dense_layers(model)
    if isinstance(model, ConditionalVAE):
        tensors["label.weight"] = model.decoder_label.weight.detach().T
    return _dense_file(model, tensors)


def why_not_encoded(model: Model) -> str:
    """Why the browser cannot run this model's encoder; "" when it can."""
    *hidden, last = model.encoder
    dense = sum(isinstance(layer, nn.Linear) for layer in hidden)
    anchored = isinstance(last, Anchors) and len(hidden) == dense == 1
    if not anchored and (not isinstance(last, nn.Linear) or len(hidden) != 2 * dense or _activation(model) not in BROWSER_ACTIVATIONS):
        return "The browser encodes by dense layers only; this encoder has others."
    if model.encoder_flop() > MAX_BROWSER_FLOP:
        return f"This encoder needs {model.encoder_flop() / 1e6:.1f} MFLOP per image, too many to encode in a browser while somebody draws."
    return ""


def encoder_bytes(model: Model, rounded: bool = False) -> bytes:
    """The encoder as a safetensors file: float16 where that holds a tensor exactly, else float32. NotExportable where there is a
    `why_not_encoded`. rounded: each weight as one of 255 levels, int8, of its row's `scale` (see `in_levels`).

    `gives` in the metadata is what its last layer gives: "mu", "mu, logvar" (one after the other), or "scores" of a square of anchors,
    whose coordinates along each axis `axis` has. A conditional model's `label.weight`, (classes, units of the first layer), has what
    each class adds to the first layer's sums.
    """
    if why := why_not_encoded(model):
        raise NotExportable(why)
    last = model.encoder[-1]
    layers = [*(layer for layer in model.encoder if isinstance(layer, nn.Linear)), *([last.scores] if isinstance(last, Anchors) else [])]
    tensors = {f"{i}.{name}": getattr(layer, name).detach() for i, layer in enumerate(layers) for name in ("weight", "bias")}
    metadata = {"activation": _activation(model), "layers": str(len(layers)), "shape": json.dumps(model.config.shape)}
    metadata["gives"] = "mu" if model.numbers_per_coordinate == 1 else "mu, logvar"
    if isinstance(last, Anchors):
        metadata |= {"activation": LINEAR, "gives": "scores", "axis": json.dumps(axis(last.side).tolist())}
    if isinstance(model, LessonVAE):  # its second answer is the log of a standard deviation, half a logvar
        for name in (f"{len(layers) - 1}.weight", f"{len(layers) - 1}.bias"):
            mu, z_log = tensors[name].chunk(2)
            tensors[name] = torch.cat([mu, z_log + z_log])
    if isinstance(model, ConditionalVAE):
        tensors["label.weight"] = model.encoder_label.weight.detach().T
    if rounded:
        for i in range(len(layers)):
            tensors[f"{i}.weight"], tensors[f"{i}.scale"] = in_levels(tensors[f"{i}.weight"])
    return _smallest_file(tensors, metadata)


def in_levels(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Weights (outputs, inputs) as int8 levels, -127 to 127, and the scale of each row, (outputs,): weight = level * scale, rounded."""
    scale = weight.abs().amax(1) / 127
    return (weight / scale.clamp_min(torch.finfo(scale.dtype).tiny).unsqueeze(1)).round().to(torch.int8), scale


def anchored_encoder_bytes(scores_bias: Tensor, side: int, shape: Sequence[int], halves: bool) -> bytes:
    """What a page that has the decoder needs besides to compute an encoder that is Bayes' rule (core.posterior.anchored): the anchors'
    coordinates along each axis, `axis`, and what depends on each anchor alone, `bias`, (side^2,). halves: the weights of the scores are
    those that float16 has."""
    metadata = {"gives": "scores", "weights": OF_DECODER, "shape": json.dumps(shape), "axis": json.dumps(axis(side).tolist())}
    metadata["precision"] = "float16" if halves else "float32"
    return _smallest_file({"bias": scores_bias.detach()}, metadata)


def codes_bytes(mu: np.ndarray, logvar: np.ndarray | None) -> bytes:
    """Codes (N, D) as a safetensors file, `mu` and, where the model has a posterior, `logvar`: float16 where that is exact."""
    return arrays_bytes({name: array for name, array in (("mu", mu), ("logvar", logvar)) if array is not None})


def arrays_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Named float32 arrays as a safetensors file: float16 where that holds every number exactly."""
    return _smallest_file({name: torch.from_numpy(array) for name, array in arrays.items()}, {})


def _dense_layers(model: Model) -> dict[str, Tensor]:
    layers = [layer for layer in model.decoder if isinstance(layer, nn.Linear)]
    named = [(f"{index}.{name}", getattr(layer, name).detach()) for index, layer in enumerate(layers) for name in ("weight", "bias")]
    return dict(named)


def _dense_file(model: Model, tensors: dict[str, Tensor]) -> bytes:
    layers = sum(name.endswith(".bias") for name in tensors)
    output = "clip" if model.linear else "sigmoid"
    metadata = {"activation": _activation(model), "layers": str(layers), "output": output} | _drawn(model)
    return _smallest_file(tensors, metadata)


def _activation(model: Model) -> str:
    """The one between the layers; a single layer has none, and any does."""
    return getattr(model.config, "activation", BROWSER_ACTIVATIONS[0])


def _smallest_file(tensors: dict[str, Tensor], metadata: dict[str, str]) -> bytes:
    """A safetensors file: int8 as it is; of other tensors each as float16 where that holds its numbers exactly, else as float32."""
    arrays = {name: np.ascontiguousarray(_smallest(tensor).cpu().numpy()) for name, tensor in tensors.items()}
    return _in_order(save(arrays, metadata))


def _smallest(tensor: Tensor) -> Tensor:
    if tensor.dtype == torch.int8:
        return tensor
    return tensor.half() if torch.equal(tensor, tensor.half().float()) else tensor.float()


def _in_order(file: bytes) -> bytes:
    """A safetensors file with its header in order: the library writes the metadata in any order, and a file's address is its hash."""
    end = 8 + int.from_bytes(file[:8], "little")
    header = json.dumps(json.loads(file[8:end]), sort_keys=True, separators=(",", ":")).encode()
    header = header.ljust(-(-len(header) // 8) * 8)  # the tensors begin at a multiple of 8
    return len(header).to_bytes(8, "little") + header + file[end:]


def _drawn(model: Model) -> dict[str, str]:
    """What the file says of the images: their shape, and the likelihood of a pixel with its scale."""
    config = model.config
    return {"shape": json.dumps(config.shape), "likelihood": config.likelihood, "sigma": str(config.sigma)}


def _first_layer(model: Model, weight: Tensor, bias: Tensor, plane: Plane | None, label: int | None) -> tuple[Tensor, Tensor]:
    """The first layer on points p of the plane, told the label: W (origin + axes^T p) + b = (W axes^T) p + (W origin + b)."""
    if label is not None:
        assert isinstance(model, ConditionalVAE)
        bias = bias + model.decoder_label.weight[:, label].detach()
    if plane is not None:
        bias = bias + weight @ torch.from_numpy(plane.origin)
        weight = weight @ torch.from_numpy(plane.axes).T
    return weight, bias


def encoder_onnx(model: Model) -> bytes:
    """The encoder as an ONNX file, float32: x (batch, 1, H, W) in [0, 1] -> mu and, if the model has one, logvar, each (batch, D).

    A conditional model's has a second input, label (batch,), int64; -1 is no label. Raises onnx_recorder.NotRecordable.
    """
    x = torch.rand(5, *model.config.shape, generator=torch.Generator().manual_seed(0))
    return _onnx(model, lambda *inputs: [code for code in model.encode(*inputs) if code is not None], "x", x, ("mu", "logvar"))


def decoder_onnx(model: Model) -> bytes:
    """The decoder as an ONNX file, float32: z (batch, D) -> x_hat (batch, 1, H, W) in [0, 1]; otherwise as `encoder_onnx`."""
    z = torch.randn(5, model.config.latent_dim, generator=torch.Generator().manual_seed(0))
    return _onnx(model, lambda *inputs: [model.decode(*inputs)], "z", z, ("x_hat",))


def _onnx(model: Model, compute: Callable[..., Sequence[Tensor]], name: str, example: Tensor, outputs: Sequence[str]) -> bytes:
    device = next(model.parameters()).device
    inputs = {name: example.to(device)}
    if model.conditional:
        inputs["label"] = torch.tensor([0, 1, -1, 1, 0], device=device)
    return record(compute, inputs, outputs, dict(model.named_parameters()))
