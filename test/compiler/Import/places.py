# RUN: %python %s %t
"""Which stored tensors are trained follows from where they go in, through whatever lies between; formulas look like layers."""
import pathlib
import subprocess
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
nodes, stored, expected = [], [], {}


def add(op, *inputs, **attributes):
    """A node, named by its op and number; its result's name."""
    name = f"{op}_{len(nodes)}"
    nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
    return name


def keep(name, *shape, trained):
    """A stored tensor; whether it is to be trained."""
    stored.append(numpy_helper.from_array(np.full(shape, 0.5, np.float32), name))
    expected[name] = trained
    return name


def numbers(*values):
    stored.append(numpy_helper.from_array(np.array(values, np.int64), f"numbers_{len(stored)}"))
    return stored[-1].name


def product(x, name, inputs=4, outputs=4):
    return add("MatMul", x, keep(name, inputs, outputs, trained=True))


# Embeddings: looked up, and added to what was looked up.
x = add("Gather", keep("words", 9, 4, trained=True), "ids")
x = add("Add", x, keep("places", 3, 4, trained=True))

# A weight behind Transpose, Cast and Identity; its bias behind a Reshape, on the other side, after a Reshape of the product.
weight = add("Identity", add("Cast", add("Transpose", keep("turned", 5, 4, trained=True)), to=TensorProto.FLOAT))
x = add("Reshape", add("MatMul", x, weight), numbers(0, 0, 5, 1))
x = add("Squeeze", x, numbers(3))
x = add("Add", add("Reshape", keep("bias", 1, 5, trained=True), numbers(5)), x)

# A weight made of two: direction times length.
x = add("MatMul", x, add("Mul", keep("direction", 5, 4, trained=True), keep("length", 1, 4, trained=True)))

# Weight normalisation, and a spectral one: the norm of a weight by vectors that are state.
squares = add("ReduceSum", add("Mul", keep("rows", 4, 4, trained=True), "rows"), numbers(1))
x = add("MatMul", x, add("Mul", "rows", add("Div", keep("lengths", 4, 1, trained=True), add("Sqrt", squares))))
norm = add("MatMul", keep("left", 4, trained=False), add("MatMul", keep("spectral", 4, 4, trained=True), keep("right", 4, trained=False)))
x = add("MatMul", x, add("Div", "spectral", norm))

# In between layers: a token put before a sequence, a table of positions; not a table of waves, and no bounds after the last layer.
first = add("Expand", keep("token", 1, 1, 4, trained=True), numbers(1, 1, 4))
first = add("Expand", first, add("Concat", add("Shape", x, end=1), numbers(1, 4), axis=0))
longer = add("Add", add("Concat", first, x, axis=1), keep("rows of places", 1, 4, 4, trained=True))
steps = np.arange(4)[:, None] * np.array([1, 0.1])
waves = np.concatenate([np.sin(steps), np.cos(steps)], 1).astype(np.float32)
stored.append(numpy_helper.from_array(waves, "waves"))
expected["waves"] = False
longer = add("Add", add("Relu", longer), "waves")
longer = add("Add", product(longer, "after the sequence"), keep("its bias", 4, trained=True))
longer = add("Mul", longer, keep("scale of features", 4, trained=True))
longer = add("Mul", product(longer, "last"), add("Exp", keep("log of temperature", trained=True)))
longer = add("Mul", add("Add", add("Relu", longer), keep("anchors", 4, 4, trained=False)), keep("units", 4, trained=False))

# A normalisation without scale and bias: the exporter writes ones and zeros in Constant nodes. Those of the groups follow.
groups = add("Reshape", x, numbers(0, 2, -1))
unit = [add("Constant", value=numpy_helper.from_array(np.full(2, value, np.float32))) for value in (1, 0)]
expected |= {name: False for name in unit}
groups = add("Unsqueeze", add("InstanceNormalization", groups, *unit), numbers(3))
groups = add("Mul", groups, keep("scale of groups", 2, 1, 1, trained=True))
groups = add("Add", groups, keep("bias of groups", 2, 1, 1, trained=True))

# HardSwish in pieces after a product with one feature, and a bias of one element.
one = product(x, "narrow", outputs=1)
one = add("Add", one, keep("bias of one", 1, trained=True))
three, zero, six = (keep(number, trained=False) for number in ("three", "zero", "six"))
wide = add("Mul", x, add("Clip", add("Add", product(x, "wide"), three), zero, six))

# A normalisation in pieces whose scale meets 1 / sqrt first, and one whose scale comes last.
for order in ("early", "late"):
    mean = add("ReduceMean", wide, axes=[2])
    centred = add("Sub", wide, mean)
    variance = add("ReduceMean", add("Mul", centred, centred), axes=[2])
    root = add("Sqrt", add("Add", variance, keep(f"epsilon {order}", 1, trained=False)))
    scale = keep(f"scale {order}", 4, trained=True)
    if order == "early":
        wide = add("Mul", centred, add("Mul", add("Reciprocal", root), scale))
    else:
        wide = add("Mul", add("Div", centred, root), scale)
    wide = add("Add", wide, keep(f"offset {order}", 4, trained=True))

# Attention: a temperature, an additive mask as long as the keys, a table of distances.
scores = add("MatMul", wide, add("Transpose", wide, perm=[0, 2, 1]))
scores = add("Mul", scores, keep("temperature", 1, trained=False))
scores = add("Add", scores, keep("mask", 1, 1, 3, trained=False))
scores = add("Add", scores, keep("distances", 3, 3, trained=False))

# Rotations: positions times frequencies, made of integers alone.
positions = add("Cast", add("Unsqueeze", "ids", numbers(2)), to=TensorProto.FLOAT)
angles = add("Cos", add("MatMul", positions, keep("frequencies", 1, 2, trained=False)))

graph = helper.make_graph(nodes, "places", [helper.make_tensor_value_info("ids", TensorProto.INT64, ["N", 3])],
                          [helper.make_tensor_value_info(y, TensorProto.FLOAT, None) for y in (one, longer, groups, scores, angles)], stored)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
path = folder / "places.onnx"
path.write_bytes(model.SerializeToString())
run = subprocess.run(["glyptic-translate", "--import-onnx", path, "--weights"], capture_output=True, text=True)
assert run.returncode == 0, run.stderr
lines = [line.split(": ", 2) for line in run.stdout.splitlines()]
trained = {name for name, what, reason in lines if what.endswith(", parameter")}
wrong = [name for name, wanted in expected.items() if (name in trained) != wanted]
assert not wrong, (wrong, run.stdout)
