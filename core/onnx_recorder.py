"""Any computation of torch as an ONNX file: it is run once, and each call of a torch function is written down as ONNX nodes.

`torch.onnx.export` was measured in its place (torch 2.14; the two files of the shipped model, which take 0.2 s here and then 0.06 s).
- As it is now (`dynamo=True`) it needs onnxscript and two more packages, and takes 6 s. Meanwhile it replaces methods of nn.Module for the
  whole process: what a page decodes at that time fails, and so do two exports at once. In a process of its own, which must import torch,
  each download would cost 8 s of CPU and 790 MB. The file holds this machine's paths, and is another one each time.
- As it was (`dynamo=False`) it is as fast as this, but two at once fail, so it would need that process too: 2.1 s of CPU and 560 MB. Torch
  says at each call that it will be removed.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

OPSET, IR_VERSION = 17, 8  # of 2022: what every runtime in use reads
TOLERANCE = 1e-4  # of the onnx package's own evaluator, which is no more precise
OPTIONAL = "the file needs the onnx package, which is not installed (pip install onnx)."


class NotRecordable(Exception):
    """The computation cannot be written as ONNX; the message says why."""


def record(
    compute: Callable[..., Sequence[Tensor]], inputs: dict[str, Tensor], outputs: Sequence[str], weights: dict[str, Tensor]
) -> bytes:
    """An ONNX file of compute(*inputs) -> outputs; the first axis of each is the batch, of any size. Weights keep their names.

    The inputs are examples, at least three of each; compute may give fewer outputs than there are names. The file is run on two
    of them and must give what compute gives. Raises NotRecordable.
    """
    try:
        import onnx.reference
    except ImportError as error:
        raise NotRecordable(OPTIONAL) from error
    recorder = Recorder(weights, inputs)
    two = {name: tensor[:2] for name, tensor in inputs.items()}
    with torch.no_grad():
        expected = compute(*two.values())
        with recorder:
            results = compute(*inputs.values())
    try:
        content = recorder.file(dict(zip(outputs, results, strict=False)))
        found: Any = onnx.reference.ReferenceEvaluator(content).run(None, {name: tensor.cpu().numpy() for name, tensor in two.items()})
        np.testing.assert_allclose(np.hstack(found), np.hstack([e.cpu() for e in expected]), TOLERANCE, TOLERANCE)
    except Exception as error:  # whatever onnx or numpy raise, when a batch size was taken for a constant say
        raise NotRecordable(f"the file does not compute what the model computes ({' '.join(str(error).split())[:200]}).") from error
    return content


class Recorder(TorchFunctionMode):
    """Writes down what is computed from the inputs, in its own thread alone; all else becomes a constant."""

    def __init__(self, weights: dict[str, Tensor], inputs: dict[str, Tensor]) -> None:
        super().__init__()
        self.inputs = inputs
        self.names = {id(tensor): name for name, tensor in (weights | inputs).items()}
        self.computed = {id(tensor) for tensor in inputs.values()}  # the tensors that depend on the inputs
        self.alive: list[Any] = [*weights.values()]  # an id is a tensor's own only while the tensor lives
        self.constants: dict[str, np.ndarray] = {}
        self.nodes: list[Any] = []

    def __torch_function__(self, function: Any, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None) -> Any:
        kwargs = kwargs or {}
        result = function(*args, **kwargs)
        results = [tensor for tensor in _flat([result]) if isinstance(tensor, Tensor)]
        if results and not self.computed.isdisjoint(map(id, _flat([*args, *kwargs.values()]))):
            self.alive += results
            try:
                NODES[function.__name__.strip("_")](self, results, *args, **kwargs)  # x == y is __eq__
            except (KeyError, TypeError) as error:
                raise NotRecordable(f"the model uses {function.__name__} in a way that is not known here.") from error
            self.computed.update(map(id, results))
        return result

    def name(self, value: Any) -> str:
        """The name in the file of a tensor or number; one that does not depend on the inputs is kept as a constant."""
        if not isinstance(value, Tensor):
            value = torch.tensor(value)
        if id(value) not in self.names:
            self.alive.append(value)
            self.names[id(value)] = f"constant{len(self.constants)}"
        name = self.names[id(value)]
        if id(value) not in self.computed and name not in self.constants:
            self.constants[name] = value.detach().cpu().numpy()
        return name

    def node(self, kind: str, inputs: Sequence[Any], results: Sequence[Tensor] = (), **attributes: Any) -> str:
        """Add a node that gives these results, or one step towards them; returns the name of its first output."""
        from onnx.helper import make_node

        given = [value if isinstance(value, str) else self.name(value) for value in inputs if value is not None]
        outputs = [f"{kind.lower()}{len(self.nodes)}_{i}" for i in range(len(results) or 1)]
        self.names.update({id(tensor): output for tensor, output in zip(results, outputs, strict=False)})
        self.nodes.append(make_node(kind, given, outputs, **attributes))
        return outputs[0]

    def file(self, outputs: dict[str, Tensor]) -> bytes:
        """The finished file, checked by the onnx package."""
        from onnx import checker, helper, numpy_helper

        named = [helper.make_node("Identity", [self.name(tensor)], [name]) for name, tensor in outputs.items()]
        graph = helper.make_graph(
            [*self.nodes, *named],
            "model",
            [_described(name, tensor) for name, tensor in self.inputs.items()],
            [_described(name, tensor) for name, tensor in outputs.items()],
            [numpy_helper.from_array(array, name) for name, array in self.constants.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        checker.check_model(model, full_check=True)
        return model.SerializeToString(deterministic=True)


def _flat(values: Sequence[Any]) -> list[Any]:
    """The values, and in place of a list or tuple (of tensors, to concatenate say) what is in it."""
    return [inner for value in values for inner in (value if isinstance(value, (list, tuple)) else [value])]


def _described(name: str, tensor: Tensor) -> Any:
    """An input or output: its type, and its shape with the batch left open."""
    from onnx import TensorProto, helper

    return helper.make_tensor_value_info(name, getattr(TensorProto, KINDS[tensor.dtype]), ["batch", *tensor.shape[1:]])


KINDS = {torch.float32: "FLOAT", torch.int64: "INT64"}

# --- the torch functions: each is called with the recorder, the results and torch's own arguments ---------------------------


def _reshape(recorder: Recorder, results: list[Tensor], x: Tensor, *_: Any, **__: Any) -> None:
    recorder.node("Reshape", [x, [-1, *results[0].shape[1:]]], results)


def _cast(recorder: Recorder, results: list[Tensor], x: Tensor, *_: Any, **__: Any) -> None:
    from onnx import TensorProto

    recorder.node("Cast", [x], results, to=getattr(TensorProto, KINDS[results[0].dtype]))


def _linear(recorder: Recorder, results: list[Tensor], x: Tensor, weight: Tensor, bias: Tensor | None = None) -> None:
    recorder.node("Gemm", [x, weight, bias], results, transB=1)


def _silu(recorder: Recorder, results: list[Tensor], x: Tensor, inplace: bool = False) -> None:
    recorder.node("Mul", [x, recorder.node("Sigmoid", [x])], results)


def _chunk(recorder: Recorder, results: list[Tensor], x: Tensor, chunks: int, dim: int = 0) -> None:
    recorder.node("Split", [x, [part.shape[dim] for part in results]], results, axis=dim)


def _conv2d(
    recorder: Recorder,
    results: list[Tensor],
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
    groups: int,
) -> None:
    recorder.node("Conv", [x, weight, bias], results, strides=stride, pads=[*padding, *padding], dilations=dilation, group=groups)


def _conv_transpose2d(
    recorder: Recorder,
    results: list[Tensor],
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: tuple[int, int],
    padding: tuple[int, int],
    output_padding: tuple[int, int],
    groups: int,
    dilation: tuple[int, int],
) -> None:
    sizes = {"strides": stride, "pads": [*padding, *padding], "output_padding": output_padding, "dilations": dilation, "group": groups}
    recorder.node("ConvTranspose", [x, weight, bias], results, **sizes)


def _same(kind: str) -> Callable[..., None]:
    """For a torch function of one or two tensors (or a tensor and a number) that ONNX has as it is."""

    def write(recorder: Recorder, results: list[Tensor], x: Tensor, *others: Tensor | float, inplace: bool = False) -> None:
        recorder.node(kind, [x, *(_beside(x, other) for other in others)], results)

    return write


def _beside(x: Tensor, other: Tensor | float) -> Tensor:
    """A number as a tensor of the type that torch computes with (x * 2 is float32 where x is); ONNX converts nothing by itself."""
    return other if isinstance(other, Tensor) else torch.tensor(other, dtype=torch.result_type(x, other))


def _clamp(recorder: Recorder, results: list[Tensor], x: Tensor, low: float, high: float) -> None:
    recorder.node("Clip", [x, _beside(x, low), _beside(x, high)], results)


def _gather(recorder: Recorder, results: list[Tensor], x: Tensor, dim: int, index: Tensor) -> None:
    """Of (B, K) along the second axis, as GatherND: the onnx package's own evaluator cannot do more than 64 rows of GatherElements."""
    if x.dim() != 2 or dim != 1:
        raise TypeError
    recorder.node("GatherND", [x, recorder.node("Unsqueeze", [index, [-1]])], results, batch_dims=1)


def _index_select(recorder: Recorder, results: list[Tensor], x: Tensor, dim: int, index: Tensor) -> None:
    recorder.node("Gather", [x, index], results, axis=dim)


def _argmax(recorder: Recorder, results: list[Tensor], x: Tensor, dim: int) -> None:
    recorder.node("ArgMax", [x], results, axis=dim, keepdims=0)


def _cat(recorder: Recorder, results: list[Tensor], tensors: Sequence[Tensor], dim: int = 0) -> None:
    recorder.node("Concat", tensors, results, axis=dim)


NODES: dict[str, Callable[..., None]] = {
    "flatten": _reshape,
    "unflatten": _reshape,
    "unsqueeze": _reshape,
    "float": _cast,
    "linear": _linear,
    "conv2d": _conv2d,
    "conv_transpose2d": _conv_transpose2d,
    "chunk": _chunk,
    "silu": _silu,
    "relu": _same("Relu"),
    "tanh": _same("Tanh"),
    "sigmoid": _same("Sigmoid"),
    "clamp": _clamp,
    "add": _same("Add"),
    "sub": _same("Sub"),
    "mul": _same("Mul"),
    "rmul": _same("Mul"),
    "div": _same("Div"),
    "truediv": _same("Div"),
    "neg": _same("Neg"),
    "sqrt": _same("Sqrt"),
    "log": _same("Log"),
    "minimum": _same("Min"),
    "maximum": _same("Max"),
    "argmax": _argmax,
    "gather": _gather,
    "index_select": _index_select,
    "cat": _cat,
    "eq": _same("Equal"),
}
