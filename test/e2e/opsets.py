# RUN: %python %s
"""One network in every opset from 7 to 28, in the form that the opset asks for and with what its operators mean there;
trained in those where a form or a meaning changed."""
import exported
import glyptic_tool
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

FIRST, LAST, RUNTIME_LAST = 7, 28, 23  # onnxruntime knows opset 24 in part
TRAINED = (7, 9, 11, 13, 18, 21, 23, 28)
CHANNELS, CLASSES, BATCH = 4, 3, 5
REGION = np.zeros(0, np.float32)
glyptic_tool.enter_folder()


class Network:
    """A network for images of 6 x 5 in the form of `opset`."""

    def __init__(self, opset):
        self.opset, self.nodes, self.stored = opset, [], []
        self.rng = np.random.default_rng(opset)

    def keep(self, name, array):
        self.stored.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def weight(self, name, *shape, low=-0.5, high=0.5):
        return self.keep(name, self.rng.uniform(low, high, shape).astype(np.float32))

    def add(self, op, *inputs, count=1, **attributes):
        """A node; its result's name, or its results' names."""
        names = [f"{op}_{len(self.nodes)}" + ("" if count == 1 else f"_{i}") for i in range(count)]
        self.nodes.append(helper.make_node(op, inputs, names, name=f"{op}_{len(self.nodes)}", **attributes))
        return names if count > 1 else names[0]

    def add_moved(self, since, op, inputs, count=1, others={}, **moved):
        """A node whose attributes `moved`, None where there is none, became operands in the opset `since`."""
        moved = {name: np.asarray(value) for name, value in moved.items() if value is not None}
        if self.opset < since:
            return self.add(op, *inputs, count=count, **others, **{n: value.tolist() for n, value in moved.items()})
        operands = [self.keep(f"{name}_{len(self.nodes)}", value) for name, value in moved.items()]
        return self.add(op, *inputs, *operands, count=count, **others)

    def resize(self, x, scales, mode):
        # In opsets 11 and 12, the region is there, although nothing reads it.
        region = [] if self.opset < 11 else [""] if self.opset > 12 else [self.keep(f"region_{len(self.nodes)}", REGION)]
        operator = "Upsample" if self.opset < 10 else "Resize"
        others = dict(axes=[2, 3]) if self.opset >= 18 else {}
        scales = np.array(scales if others else [1, 1, *scales], np.float32)
        return self.add_moved(9, operator, [x, *region], scales=scales, others=dict(mode=mode, **others))

    def convolutions(self, x):
        """Convolution without kernel_shape, normalisation, Clip, Dropout, paddings, interpolations, pooling."""
        x = self.add("Conv", x, self.weight("convolution", CHANNELS, 1, 3, 3), pads=[1, 1, 1, 1])
        x = self.add("BatchNormalization", x, self.weight("scale", CHANNELS, low=0.2), self.weight("bias", CHANNELS),
                     self.weight("mean", CHANNELS), self.weight("variance", CHANNELS, low=0.2))
        x = self.add_moved(11, "Clip", [x], min=np.float32(-1), max=np.float32(1.5))
        x = self.add_moved(12, "Dropout", [x], ratio=np.float32(0.2))
        x = self.add_moved(11, "Pad", [x], pads=[0, 0, 1, 0, 0, 0, 0, 1], value=np.float32(0.25))
        x = self.resize(x, [1.5, 2], "nearest")
        x = self.resize(x, [1, 1.5], "linear")
        return self.add("MaxPool", x, kernel_shape=[2, 3], strides=[2, 3])

    def rows(self, x):
        """Slices, splits, reductions and changes of rank, to a matrix."""
        x = self.add_moved(10, "Slice", [x], starts=[-3, 0], ends=[100, 4], axes=[2, 3])
        others = dict(axis=1, num_outputs=2) if self.opset >= 18 else dict(axis=1)
        split = [1, 3] if self.opset < 18 else None
        left, right = self.add_moved(13, "Split", [x], count=2, split=split, others=others)
        if self.opset >= 20:
            left = self.add("Gelu", left)
        x = self.add("Concat", right, left, axis=1)
        mean = self.add_moved(18, "ReduceMean", [x], axes=[2, 3], others=dict(keepdims=0))
        total = self.add_moved(13, "ReduceSum", [x], axes=[3], others=dict(keepdims=1))
        total = self.add_moved(13, "Squeeze", [total], axes=[3])
        mean = self.add_moved(13, "Unsqueeze", [mean], axes=[2])
        best, _ = self.add_moved(10, "TopK", [x], count=2, k=2 if self.opset < 10 else [2], others=dict(axis=3))
        best = self.add_moved(18, "ReduceMax", [best], axes=[3], others=dict(keepdims=0))
        return self.add("Concat", total, mean, best, axis=2)  # [N, 4, 3 + 1 + 3]

    def newer(self, x):
        """Operators that came later, each from its first opset on."""
        if self.opset >= 11:
            x = self.add("CumSum", x, self.keep("along", np.int64(2)))
        if self.opset >= 12:
            x = self.add("Einsum", x, self.weight("mixing", 7, 7), equation="bij,jk->bik")
        if self.opset >= 14:
            x = self.add("HardSwish", x)
        if self.opset >= 17:
            x = self.add("LayerNormalization", x, self.weight("layer scale", 7, low=0.2), self.weight("layer bias", 7))
        if self.opset >= 21:
            scale, bias = self.weight("group scale", CHANNELS, low=0.2), self.weight("group bias", CHANNELS)
            x = self.add("GroupNormalization", x, scale, bias, num_groups=2)
        if self.opset >= 23:
            x = self.add("RMSNormalization", x, self.weight("rms scale", 7, low=0.2))
        if self.opset >= 24:
            x = self.add("Swish", x)
        return x

    def build(self):
        x = self.newer(self.rows(self.convolutions("image")))
        # Of all that follows dimension 1 before opset 13, of the last dimension since.
        x = self.add("Concat", self.add("Softmax", x), self.add("LogSoftmax", x), axis=2)
        x = self.add("Flatten", x)
        head = [self.weight("head", CLASSES, CHANNELS * 14), self.weight("head bias", CLASSES)]
        self.nodes.append(helper.make_node("Gemm", [x, *head], ["scores"], name="head", transB=1))
        image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, 6, 5])
        scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", CLASSES])
        imports = [helper.make_opsetid("", self.opset)]
        version = helper.find_min_ir_version_for(imports)
        # At first, weights were inputs, too.
        listed = [helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in self.stored if version < 4]
        graph = helper.make_graph(self.nodes, "g", [image, *listed], [scores], self.stored)
        return helper.make_model(graph, opset_imports=imports, ir_version=version)


def evaluate(path, opset, feeds):
    """By onnxruntime, or by ONNX's own evaluator."""
    if opset > RUNTIME_LAST:
        return ReferenceEvaluator(path).run(None, feeds)[0]
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, feeds)[0]


rng = np.random.default_rng(0)
images, labels = rng.standard_normal((80, 1, 6, 5), np.float32), rng.integers(0, CLASSES, 80)
for opset in range(FIRST, LAST + 1):
    path, feeds = f"opset{opset}.onnx", {"image": images[:BATCH]}
    onnx.save(Network(opset).build(), path)
    onnx.checker.check_model(path, full_check=True)
    expected = evaluate(path, opset, feeds)
    np.savez("in.npz", **feeds)
    glyptic_tool.run("run", path, "--input", "in.npz", "--output", "out.npz")
    actual, tolerance = np.load("out.npz")["scores"], 1e-4 * np.abs(expected).max()
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance, err_msg=path)
    if opset in TRAINED:
        exported.check_training(path, {"image": images, "label": labels}, dict(optimizer="momentum"), ["region_*", "scales_*"])
