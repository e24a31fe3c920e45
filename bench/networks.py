"""The networks as ONNX graphs, with the operators that exporters write and the parameter names of torch_networks.py.

Weights come from a seed, initialised as PyTorch does. Batch normalisation and dropout have the form of inference files;
what they do in a training step is everybody's own business.
"""
import math

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 20


class Builder:
    def __init__(self, seed):
        self.rng, self.nodes, self.weights = np.random.default_rng(seed), [], []

    def add(self, name, op, *inputs, outputs=1, **attributes):
        """A node; its results are named after it."""
        results = [name] if outputs == 1 else [f"{name}.{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, results, name, **attributes))
        return name if outputs == 1 else results

    def constant(self, name, value, dtype=np.int64):
        return self.add(name, "Constant", value=numpy_helper.from_array(np.asarray(value, dtype), name))

    def weight(self, name, values):
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values, np.float32), name))
        return name

    def uniform(self, name, shape, fan_in):
        return self.weight(name, self.rng.uniform(-1, 1, shape) / math.sqrt(fan_in))

    def normal(self, name, shape):
        return self.weight(name, 0.02 * self.rng.standard_normal(shape))

    def dense(self, name, x, inputs, outputs):
        """A layer on the last dimension of a matrix."""
        return self.add(name, "Gemm", x, self.uniform(f"{name}.weight", (outputs, inputs), inputs),
                        self.uniform(f"{name}.bias", (outputs,), inputs), transB=1)

    def dense3(self, name, x, inputs, outputs, bias=True):
        """The same on a tensor of any rank, whose weight exporters store transposed."""
        weight = self.uniform(f"{name}.weight", (inputs, outputs), inputs)
        if not bias:
            return self.add(name, "MatMul", x, weight)
        product = self.add(f"{name}.product", "MatMul", x, weight)
        return self.add(name, "Add", product, self.uniform(f"{name}.bias", (outputs,), inputs))

    def conv(self, name, x, inputs, outputs, kernel, stride=1, bias=False):
        fan_in = inputs * kernel * kernel
        operands = [x, self.uniform(f"{name}.weight", (outputs, inputs, kernel, kernel), fan_in)]
        if bias:
            operands.append(self.uniform(f"{name}.bias", (outputs,), fan_in))
        pad = 0 if bias else kernel // 2
        return self.add(name, "Conv", *operands, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4)

    def batch_norm(self, name, x, channels):
        parts = {"weight": 1, "bias": 0, "running_mean": 0, "running_var": 1}
        return self.add(name, "BatchNormalization", x, *(self.weight(f"{name}.{part}", np.full(channels, value))
                                                         for part, value in parts.items()))

    def layer_norm(self, name, x, width):
        return self.add(name, "LayerNormalization", x, self.weight(f"{name}.weight", np.ones(width)),
                        self.weight(f"{name}.bias", np.zeros(width)), axis=-1)

    def attention(self, name, x, width, heads, context, mask=None):
        qkv = self.add(f"{name}.split", "Split", self.dense3(f"{name}.qkv", x, width, 3 * width), outputs=3, axis=-1,
                       num_outputs=3)
        shape = self.constant(f"{name}.shape", [0, context, heads, width // heads])
        q, k, v = (self.add(f"{name}.{part}", "Transpose", self.add(f"{name}.{part}.heads", "Reshape", piece, shape), perm=perm)
                   for part, piece, perm in zip("qkv", qkv, ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])))
        scores = self.add(f"{name}.scores", "MatMul", q, k)
        scores = self.add(f"{name}.scaled", "Mul", scores, self.constant(f"{name}.scale", (width // heads)**-0.5, np.float32))
        if mask:
            scores = self.add(f"{name}.masked", "Add", scores, mask)
        mixed = self.add(f"{name}.mixed", "MatMul", self.add(f"{name}.softmax", "Softmax", scores, axis=-1), v)
        mixed = self.add(f"{name}.rows", "Transpose", mixed, perm=[0, 2, 1, 3])
        mixed = self.add(f"{name}.joined", "Reshape", mixed, self.constant(f"{name}.flat", [0, context, width]))
        return self.dense3(f"{name}.proj", mixed, width, width)

    def mlp(self, name, x, width, hidden):
        x = self.add(f"{name}.gelu", "Gelu", self.dense3(f"{name}.up", x, width, hidden))
        return self.dense3(f"{name}.down", x, hidden, width)

    def model(self, name, x, shape, dtype=TensorProto.FLOAT):
        """With `x` as the only output, and an input of [N, *shape]."""
        graph = helper.make_graph(self.nodes, name, [helper.make_tensor_value_info("x", dtype, ["N", *shape])],
                                  [helper.make_tensor_value_info(x, TensorProto.FLOAT, None)], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
        return onnx.shape_inference.infer_shapes(model)


def mlp(b):
    x = b.add("relu", "Relu", b.dense("hidden", "x", 10, 10))
    return b.model("mlp", b.add("probability", "Sigmoid", b.dense("out", x, 10, 1)), [10])


def cnn(b):
    x = b.add("relu1", "Relu", b.conv("conv1", "x", 1, 32, 3, bias=True))
    x = b.add("relu2", "Relu", b.conv("conv2", x, 32, 64, 3, bias=True))
    x = b.add("pool", "MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = b.add("relu3", "Relu", b.dense("fc1", b.add("flat", "Flatten", x), 9216, 128))
    return b.model("cnn", b.dense("fc2", x, 128, 10), [1, 28, 28])


def resnet(b, bottleneck, stages, classes, image):
    large = image > 64
    x = b.conv("conv1", "x", 3, 64, 7 if large else 3, 2 if large else 1)
    x = b.add("relu1", "Relu", b.batch_norm("bn1", x, 64))
    if large:
        x = b.add("pool1", "MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    channels, index = 64, 0
    for stage, (blocks, width) in enumerate(stages):
        for block in range(blocks):
            x, channels = residual(b, f"blocks.{index}", x, channels, width, 2 if stage and not block else 1, bottleneck)
            index += 1
    x = b.add("flat", "Flatten", b.add("mean", "GlobalAveragePool", x))
    return b.model("resnet", b.dense("fc", x, channels, classes), [3, image, image])


def residual(b, name, x, channels, width, stride, bottleneck):
    layers = [(width, 1, 1), (width, 3, stride), (4 * width, 1, 1)] if bottleneck else [(width, 3, stride), (width, 3, 1)]
    y, inputs = x, channels
    for i, (outputs, kernel, step) in enumerate(layers, 1):
        y = b.batch_norm(f"{name}.bn{i}", b.conv(f"{name}.conv{i}", y, inputs, outputs, kernel, step), outputs)
        if i < len(layers):
            y = b.add(f"{name}.relu{i}", "Relu", y)
        inputs = outputs
    if stride > 1 or channels != inputs:
        x = b.batch_norm(f"{name}.down_bn", b.conv(f"{name}.down", x, channels, inputs, 1, stride), inputs)
    return b.add(f"{name}.relu", "Relu", b.add(f"{name}.sum", "Add", y, x)), inputs


def gpt(b, layers, width, heads, context, vocabulary):
    x = b.add("embedded", "Gather", b.normal("tok.weight", (vocabulary, width)), "x")
    x = b.add("placed", "Add", x, b.normal("pos", (context, width)))
    mask = b.constant("mask", np.triu(np.full((context, context), -1e9), 1), np.float32)
    for i in range(layers):
        name = f"blocks.{i}"
        y = b.attention(name, b.layer_norm(f"{name}.ln1", x, width), width, heads, context, mask)
        x = b.add(f"{name}.sum1", "Add", x, y)
        x = b.add(f"{name}.sum2", "Add", x, b.mlp(name, b.layer_norm(f"{name}.ln2", x, width), width, 4 * width))
    logits = b.dense3("head", b.layer_norm("ln", x, width), width, vocabulary, bias=False)
    return b.model("gpt", logits, [context], TensorProto.INT64)


def bert(b, layers, width, heads, hidden, context, positions, vocabulary, classes, dropout):
    ratio = b.constant("ratio", dropout, np.float32)
    first = b.constant("first", 0)
    x = b.add("embedded", "Gather", b.normal("tok.weight", (vocabulary, width)), "x")
    bounds = [b.constant(n, v) for n, v in (("start", [0]), ("end", [context]), ("axes", [0]))]
    x = b.add("placed", "Add", x, b.add("places", "Slice", b.normal("pos.weight", (positions, width)), *bounds))
    x = b.add("typed", "Add", x, b.add("type", "Gather", b.normal("typ.weight", (2, width)), first))
    x = b.add("drop", "Dropout", b.layer_norm("ln", x, width), ratio)
    for i in range(layers):
        name = f"blocks.{i}"
        y = b.add(f"{name}.drop1", "Dropout", b.attention(name, x, width, heads, context), ratio)
        x = b.layer_norm(f"{name}.ln1", b.add(f"{name}.sum1", "Add", x, y), width)
        y = b.add(f"{name}.drop2", "Dropout", b.mlp(name, x, width, hidden), ratio)
        x = b.layer_norm(f"{name}.ln2", b.add(f"{name}.sum2", "Add", x, y), width)
    x = b.add("tanh", "Tanh", b.dense("pool", b.add("token", "Gather", x, first, axis=1), width, width))
    return b.model("bert", b.dense("fc", x, width, classes), [context], TensorProto.INT64)


def build(work, seed=1):
    """The model of a workload."""
    return globals()[work.network](Builder(seed), **work.sizes)
