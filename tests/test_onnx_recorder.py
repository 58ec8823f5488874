"""Computations of torch as ONNX: what is written down computes the same for any batch, and what is not known is refused."""

import sys
import threading

import numpy as np
import onnx
import pytest
import torch
import torch.nn.functional as F
from onnxruntime import InferenceSession
from torch import Tensor, nn

from core.onnx_recorder import NotRecordable, record

X = torch.rand(5, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def written(compute, x: Tensor = X, **weights: Tensor) -> bytes:
    return record(lambda *inputs: [compute(*inputs)], {"x": x}, ("y",), weights)


def run(content: bytes, **inputs: np.ndarray) -> list[np.ndarray]:
    return InferenceSession(content, providers=["CPUExecutionProvider"]).run(None, inputs)


LAYERS = {
    "linear": nn.Sequential(nn.Flatten(), nn.Linear(192, 5)),
    "linear without bias": nn.Sequential(nn.Flatten(), nn.Linear(192, 5, bias=False)),
    "convolution": nn.Conv2d(3, 6, (3, 5), stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=3),
    "convolution without bias": nn.Conv2d(3, 4, 3, bias=False),
    "transposed convolution": nn.ConvTranspose2d(3, 6, (4, 3), stride=2, padding=(1, 0), output_padding=1),
    "silu": nn.SiLU(),
    "in place": nn.Sequential(nn.Conv2d(3, 3, 1), nn.SiLU(inplace=True), nn.ReLU(inplace=True)),
    "tanh": nn.Sequential(nn.Tanh(), nn.Unflatten(1, (1, 3))),
}


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize("batch", [1, 7])
def test_the_file_computes_what_the_layer_computes(layer, batch):
    x = torch.randn(batch, *X.shape[1:], generator=torch.Generator().manual_seed(1))
    (found,) = run(written(layer), x=x.numpy())
    np.testing.assert_allclose(found, layer(x).detach().numpy(), atol=1e-5)


def test_parts_numbers_and_constants_made_on_the_way():
    def compute(x: Tensor) -> Tensor:
        first, second = x.flatten(1).chunk(2, dim=1)
        return torch.sigmoid(first) + second + torch.linspace(0, 1, 96) + 0.5

    (found,) = run(written(compute), x=X[:1].numpy())
    np.testing.assert_allclose(found, compute(X[:1]).numpy(), atol=1e-6)


@pytest.mark.parametrize(
    "compute",
    [lambda x: F.silu(x) * 2, lambda x: 3 * x - 1, lambda x: x / 2, lambda x: (4 * x).clamp(1, 3)],
    ids=["times", "times from the left", "divided", "clamped"],
)
def test_a_whole_number_beside_a_tensor_is_taken_as_torch_takes_it(compute):
    np.testing.assert_allclose(run(written(compute), x=X.numpy())[0], compute(X).numpy(), atol=1e-6)


def test_an_input_that_is_given_back_as_it_is():
    np.testing.assert_array_equal(run(written(lambda x: x), x=X.numpy())[0], X.numpy())


def test_the_file_is_plain_small_and_the_same_each_time():
    layer = nn.Sequential(nn.Flatten(), nn.Linear(192, 5), nn.Tanh())
    content = written(layer, **dict(layer.named_parameters()))
    assert content == written(layer, **dict(layer.named_parameters()))
    model = onnx.load_model_from_string(content)
    assert [node.op_type for node in model.graph.node] == ["Reshape", "Gemm", "Tanh", "Identity"]
    assert {"1.weight", "1.bias"} <= {weight.name for weight in model.graph.initializer}
    assert (model.ir_version, model.opset_import[0].version) == (8, 17)


@pytest.mark.parametrize(
    ("compute", "sentence"),
    [
        (lambda x: x.cumsum(1), "uses cumsum"),
        (lambda x: F.silu(x) ** 2, "uses pow"),
        (lambda x: x.argmax(1, keepdim=True) * 0.5, "uses argmax"),
        (lambda x: x.mT, "uses __get__"),
        (lambda x: x.double() + 1.5, "uses double"),
        (lambda x: F.conv2d(x, torch.ones(1, 3, 1, 1)), "uses conv2d"),
        (lambda x: x + torch.arange(len(x)).reshape(-1, 1, 1, 1), "does not compute what the model computes"),
        (lambda x: x + x.sum().item(), "uses sum"),
        (lambda x: x + float(x[0, 0, 0, 0]), "uses __getitem__"),
        (lambda x: x.unsqueeze(0), "does not compute"),
    ],
)
def test_what_is_not_known_is_refused(compute, sentence):
    with pytest.raises(NotRecordable, match=sentence):
        written(compute)


def test_a_number_that_depends_on_the_images_is_noticed():
    with pytest.raises(NotRecordable, match="does not compute what the model computes"):
        written(lambda x: x + float(np.asarray(x.tolist()).sum()))


def test_without_the_onnx_package_it_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.setitem(sys.modules, "onnx.reference", None)
    with pytest.raises(NotRecordable, match="pip install onnx"):
        written(lambda x: x)


def test_several_at_once_and_a_model_used_meanwhile():
    """What torch's own exporter cannot do: it replaces methods of nn.Module for all threads."""
    layer, done = nn.Sequential(nn.Flatten(), nn.Linear(192, 5), nn.SiLU()), threading.Event()
    contents: list[bytes] = []
    seen: set[tuple[object, bool]] = set()
    before = written(layer)

    def watch() -> None:
        while not done.is_set():
            seen.add((nn.Module.__call__, torch.equal(layer(X), layer(X))))

    watching = threading.Thread(target=watch)
    writing = [threading.Thread(target=lambda: contents.extend(written(layer) for _ in range(5))) for _ in range(3)]
    for thread in (watching, *writing):
        thread.start()
    for thread in writing:
        thread.join()
    done.set()
    watching.join()
    assert seen == {(nn.Module.__call__, True)}
    assert contents == [before] * 15
