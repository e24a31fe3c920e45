"""Well-known networks at their full sizes, for tests that only compile them: every weight is the same zeros of one file
that takes no space."""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
import networks
import workloads

GPT2 = dict(width=768, heads=12, context=1024, vocabulary=50257)
BERT_LARGE = dict(width=1024, heads=16, hidden=4096, context=128, positions=512, vocabulary=30522, classes=2, dropout=0.1)

# The network, its sizes, its batch, and what it is trained with.
MODELS = {
    "lenet": ("cnn", {}, 64, "momentum"),
    "resnet50": ("resnet", workloads.RESNET50, 64, "momentum"),
    "gpt2": ("gpt", dict(layers=12, **GPT2), 8, "adamw"),
    "bert_large": ("bert", dict(layers=24, **BERT_LARGE), 8, "adamw"),
}


class Builder(networks.Builder):
    largest = 0

    def zeros(self, name, shape):
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape, data_location=TensorProto.EXTERNAL)
        size = 4 * int(np.prod(shape))
        for key, value in (("location", "zeros"), ("offset", "0"), ("length", str(size))):
            tensor.external_data.add(key=key, value=value)
        self.largest = max(self.largest, size)
        self.weights.append(tensor)
        return name

    def weight(self, name, values):
        return self.zeros(name, values.shape)

    def uniform(self, name, shape, fan_in):
        return self.zeros(name, shape)

    def normal(self, name, shape):
        return self.zeros(name, shape)


def write(name, path, **sizes):
    """Writes the model, with other sizes where they are given; returns what `glyptic compile` needs to train it."""
    network, usual, batch, optimizer = MODELS[name]
    builder = Builder(0)
    onnx.save(getattr(networks, network)(builder, **{**usual, **sizes}), path)
    with open(pathlib.Path(path).with_name("zeros"), "wb") as file:
        file.truncate(builder.largest)
    return ["--loss", "cross-entropy", "--optimizer", optimizer, "--batch", str(batch)]
