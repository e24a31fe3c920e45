# RUN: %python %s
"""Models whose output for a sample depends on other samples give what onnxruntime gives for the whole file."""
import json
import os

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from glyptic_tool import enter_folder, fails, run

enter_folder()
rng = np.random.default_rng(3)
x = (rng.normal(size=(100, 4)) + np.linspace(0, 5, 100)[:, None]).astype(np.float32)
np.savez("in.npz", x=x, label=(np.arange(100) % 4).astype(np.int64))


def save(path, nodes, shape=("N", 4), **weights):
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
                              [numpy_helper.from_array(value, name) for name, value in weights.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


def close(path, expected):
    found = np.load(path)["y"]
    assert found.shape == expected.shape, (found.shape, expected.shape)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


node = helper.make_node
zero, row = np.array([0], np.int64), np.array([[3], [70]], np.int64)
mixing = {
    "centred": ([node("ReduceMean", ["x", "axes"], ["m"], keepdims=1), node("Sub", ["x", "m"], ["y"])], ("N", 4), dict(axes=zero)),
    "softmax": ([node("ReduceMax", ["x", "axes"], ["m"]), node("Sub", ["x", "m"], ["d"]), node("Exp", ["d"], ["e"]),
                 node("ReduceSum", ["e", "axes"], ["s"]), node("Div", ["e", "s"], ["y"])], ("N", 4), dict(axes=zero)),
    "whole softmax": ([node("Softmax", ["x"], ["y"], axis=0)], ("N", 4), {}),
    "whole log softmax": ([node("LogSoftmax", ["x"], ["y"], axis=0)], ("N", 4), {}),
    "gram": ([node("Transpose", ["x"], ["t"], perm=[1, 0]), node("MatMul", ["t", "x"], ["y"])], (4, 4), {}),
    "best": ([node("ReduceMax", ["x", "axes"], ["m"], keepdims=0), node("Relu", ["m"], ["y"])], (4,), dict(axes=zero)),
    "rows": ([node("GatherND", ["x", "row"], ["y"])], (2, 4), dict(row=row)),
}
for name, (nodes, shape, weights) in mixing.items():
    expected = save(f"{name}.onnx", nodes, shape, **weights)
    run("run", f"{name}.onnx", "--input", "in.npz", "--output", "out.npz")
    close("out.npz", expected)

# ---- A glyph that takes fewer at once is refused, with the way out; who wants batches by themselves says so ----
expected = save("centred.onnx", *mixing["centred"][:2], **mixing["centred"][2])
run("compile", "centred.onnx", "-o", "c32.glyph")
os.remove("out.npz")
fails("run", "c32.glyph", "--input", "in.npz", "--output", "out.npz", says=["c32.glyph", "'y'", "32", "--batch 100", "--batch 32"])
assert not os.path.exists("out.npz")
run("compile", "centred.onnx", "--batch", 100, "-o", "c100.glyph")
run("run", "c100.glyph", "--input", "in.npz", "--output", "out.npz")
close("out.npz", expected)
for model in ["centred.onnx", "c32.glyph", "c100.glyph"]:
    done = run("run", model, "--input", "in.npz", "--output", "out.npz", "--batch", 32)
    assert done.stderr.startswith("note: ") and "'y'" in done.stderr and "--batch 32" in done.stderr, done.stderr
    close("out.npz", np.concatenate([part - part.mean(0) for part in np.split(x, [32, 64, 96])]))

# ---- Models that keep samples apart say nothing, and take batches ----
run("new", "lenet", "--image", 8, "--filters", 4, "-o", "lenet.onnx")
np.savez("images.npz", image=rng.normal(size=(70, 1, 8, 8)).astype(np.float32))
run("compile", "lenet.onnx", "-o", "l32.glyph")
run("new", "gpt", "--context", 8, "--width", 16, "--heads", 2, "--layers", 1, "-o", "gpt.onnx")
tokens = onnx.load("gpt.onnx").graph.input[0].name
np.savez("tokens.npz", **{tokens: rng.integers(0, 20, (70, 8))})
run("compile", "gpt.onnx", "-o", "g32.glyph")
for glyph, data in [("l32.glyph", "images.npz"), ("g32.glyph", "tokens.npz")]:
    assert not run("run", glyph, "--input", data, "--output", "out.npz").stderr

# ---- check and training say at which node it begins ----
save("trains.onnx", [node("MatMul", ["x", "w"], ["h"], name="dense"),
                     node("ReduceMean", ["h", "axes"], ["m"], name="centre", keepdims=1), node("Sub", ["h", "m"], ["y"])],
     w=rng.normal(size=(4, 4)).astype(np.float32), axes=zero)
said = lambda text: "'centre' (ReduceMean)" in " ".join(text.split()) and "other samples" in " ".join(text.split())
assert said(run("train", "trains.onnx", "--data", "in.npz", "--epochs", 1, "-o", "t.onnx").stdout)
assert said(run("check", "trains.onnx").stdout)
assert [r for r in json.loads(run("check", "trains.onnx", "--json").stdout)["remarks"] if said(r["place"] + r["message"])]
assert "other samples" not in run("check", "lenet.onnx").stdout
