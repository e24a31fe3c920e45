# RUN: %python %s %t
"""Files that say less than is so, or something else - sizes without a name, with a wrong one or -1, domains that no node
uses, scalars as inputs - and what PyTorch makes of a split run as in onnxruntime."""
import os
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from glyptic_tool import run

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
os.chdir(folder)
rng = np.random.default_rng(1)
quiet = onnxruntime.SessionOptions()
quiet.log_severity_level = 4  # it would warn of the wrong sizes
node = helper.make_node


def info(name, shape, kind=TensorProto.FLOAT):
    """`shape` as the file is to say it: numbers, names, or None for a size of which it says nothing."""
    value = helper.make_tensor_value_info(name, kind, shape)
    for dim, size in zip(value.type.tensor_type.shape.dim, shape or []):
        if size is None:
            dim.Clear()
    return value


def agree(name, nodes, inputs, outputs, feeds, opset=18, domains=(), **stored):
    graph = helper.make_graph(nodes, "g", inputs, outputs, [numpy_helper.from_array(np.asarray(v), n) for n, v in stored.items()])
    imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
    onnx.save(helper.make_model(graph, opset_imports=imports, ir_version=9), f"{name}.onnx")
    np.savez("in.npz", **feeds)
    run("run", f"{name}.onnx", "--input", "in.npz", "--output", "out.npz")
    expected = onnxruntime.InferenceSession(f"{name}.onnx", quiet, providers=["CPUExecutionProvider"]).run(None, feeds)
    actual = np.load("out.npz")
    for output, value in zip(outputs, expected, strict=True):
        np.testing.assert_allclose(actual[output.name], value, rtol=0, atol=1e-5, err_msg=name)


def draw(*shape):
    return rng.standard_normal(shape).astype(np.float32)


x, weight = draw(5, 4), draw(4, 3)
product = [node("MatMul", ["x", "w"], ["y"])]
for name, before, after in [("unnamed", [None, 4], [None, 3]), ("negative", [-1, 4], [-1, 3]), ("other names", ["a", 4], ["b", 3]),
                            ("nothing of the output", ["N", 4], None), ("wrong names", ["N", 4], ["N", "N"]),
                            ("a wrong size", ["N", 4], ["N", 7]), ("a wrong batch", ["N", 4], [1, 3])]:
    agree(name, product, [info("x", before)], [info("y", after)], {"x": x}, w=weight)
# Two inputs whose batches have different names, and one whose batch is the other's feature by its name.
agree("two names", [node("Add", ["x", "z"], ["y"])], [info("x", ["a", 4]), info("z", ["b", 4])], [info("y", ["c", 4])],
      {"x": x, "z": draw(5, 4)})
agree("unused domains", product, [info("x", ["N", 4])], [info("y", ["N", 3])], {"x": x}, w=weight,
      domains=["ai.onnx.ml", "com.microsoft", "org.nowhere", "ai.onnx.preview.training"])
agree("scalar", [node("Mul", ["x", "factor"], ["y"])], [info("x", ["N", 4]), info("factor", [])], [info("y", ["N", 4])],
      {"x": x, "factor": np.array(2.5, np.float32)})
agree("no kernel_shape", [node("Conv", ["x", "w"], ["y"], group=2, auto_pad="SAME_UPPER", strides=[2, 1])], [info("x", ["N", 4, 7, 6])],
      [info("y", ["N", 4, None, None])], {"x": draw(5, 4, 7, 6)}, w=draw(4, 2, 3, 2))

# Sequences of static length: equal parts, the last one smaller, given sizes, single ones without their dimension; made of tensors.
long = draw(5, 7, 2)
for name, sizes, count, keep in [("equal", [np.int64(3)], 3, 1), ("given", [np.array([1, 4, 2])], 3, 1), ("single", [], 7, 1), ("dropped", [], 7, 0)]:
    split = node("SplitToSequence", ["x", *(["sizes"] if sizes else [])], ["parts"], axis=1, keepdims=keep)
    picked = [node("SequenceAt", ["parts", f"at {i}"], [f"part {i}"]) for i in (0, -2, count - 1)]
    agree(f"parts {name}", [split, *picked], [info("x", ["N", 7, 2])], [info(p.output[0], None) for p in picked], {"x": long},
          **{"sizes": s for s in sizes}, **{f"at {i}": np.int64(i) for i in (0, -2, count - 1)})
agree("made", [node("SequenceConstruct", ["x", "z"], ["both"]), node("SequenceAt", ["both", "second"], ["p"]),
               node("CastLike", ["p", "x"], ["c"]), node("Add", ["c", "x"], ["y"])],
      [info("x", ["N", 4]), info("z", ["N", 4])], [info("y", ["N", 4])], {"x": x, "z": draw(5, 4)}, second=np.int64(1))
