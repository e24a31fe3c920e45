# RUN: %python %s %fixtures
"""The gradient certificate: of real networks and data, the same for the same seed, with exit codes by the book."""
import hashlib
import json
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from glyptic_tool import USAGE, enter_folder, fails, run

enter_folder()
rng = np.random.default_rng(3)


def gradcheck(*arguments):
    run("gradcheck", *arguments, "--certificate", "c.json")
    return json.load(open("c.json"))


# ---- Networks whose gradient is right ----
run("new", "mlp", "--inputs", 4, "--outputs", 3, "-o", "mlp.onnx")
run("new", "lenet", "--image", 8, "--filters", 2, "-o", "lenet.onnx")
weights = {"w1": (4, 5), "w2": (5, 3), "scale": (5,), "bias": (5,), "mean": (5,), "var": (5,)}
nodes = [("MatMul", ["x", "w1"], "h"), ("BatchNormalization", ["h", "scale", "bias", "mean", "var"], "n"), ("Tanh", ["n"], "t"),
         ("Dropout", ["t"], "d"), ("MatMul", ["d", "w2"], "y")]
graph = helper.make_graph([helper.make_node(op, ins, [out], name=op) for op, ins, out in nodes], "g",
                          [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4])],
                          [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 3])],
                          [numpy_helper.from_array(np.abs(rng.normal(size=shape)).astype(np.float32), name) for name, shape in weights.items()])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), "modes.onnx")
for model, loss in [("mlp.onnx", "cross-entropy"), ("modes.onnx", "cross-entropy"), ("lenet.onnx", "cross-entropy"), (f"{sys.argv[1]}/gpt_dynamo.onnx", "cross-entropy"),
                    (f"{sys.argv[1]}/mlp_dynamo.onnx", "bce"), (f"{sys.argv[1]}/lenet_fixed.onnx", "cross-entropy")]:
    certificate = gradcheck(model, "--loss", loss)
    assert certificate["verdict"] in ("agrees", "kink"), certificate
    single = [d["parameter"] for d in certificate["directions"] if d["parameter"]]
    trained = json.loads(run("check", model, "--loss", loss, "--json").stdout)["weights"]
    assert single == [w["name"] for w in trained if w["trained"]], "each parameter has a direction of its own"
    assert len(certificate["directions"]) == len(single) + 3
    assert certificate["model"]["sha256"] == hashlib.sha256(open(model, "rb").read()).hexdigest()
    telling = [d for d in certificate["directions"] if d["derivative"] != 0]
    assert len(telling) > len(single) / 2 and all(d["error"] < 1e-4 for d in telling if d["verdict"] == "agrees"), telling
    assert set(certificate) >= {"format", "seed", "tolerance", "samples", "training", "versions", "nodes", "loss_value"}
    assert set(certificate["versions"]) >= {"glyptic", "llvm"}

# ---- The user's data: the loss is that of the model, computed apart ----
x, label = rng.normal(size=(6, 4)).astype(np.float32), (np.arange(6) % 3).astype(np.int64)
np.savez("d.npz", x=x, label=label)
certificate = gradcheck("mlp.onnx", "--loss", "cross-entropy", "--data", "d.npz", "--samples", 5)
logits = onnxruntime.InferenceSession("mlp.onnx").run(None, {"x": x[:5]})[0].astype(np.float64)
expected = (np.log(np.exp(logits).sum(1)) - logits[np.arange(5), label[:5]]).sum()
assert abs(certificate["loss_value"] - expected) < 1e-5 * expected, (certificate["loss_value"], expected)
assert certificate["samples"] == 5 and certificate["data"]["sha256"] == hashlib.sha256(open("d.npz", "rb").read()).hexdigest()
rows = "\n".join(",".join(map(repr, map(float, row))) + f",{k}" for row, k in zip(x, label))
open("d.csv", "w").write("a,b,c,d,label\n" + rows + "\n")
table = gradcheck("mlp.onnx", "--loss", "cross-entropy", "--data", "d.csv", "--samples", 5)
assert table["directions"] == certificate["directions"]

# ---- Same seed, same certificate; another seed, other directions ----
text = run("gradcheck", "mlp.onnx", "--seed", 5, "--json").stdout
assert run("gradcheck", "mlp.onnx", "--seed", 5, "--json").stdout == text
assert json.loads(run("gradcheck", "mlp.onnx", "--seed", 6, "--json").stdout)["directions"] != json.loads(text)["directions"]

# ---- Kinks: a network of zeros stands on all of them ----
zeros = onnx.load("mlp.onnx")
for tensor in zeros.graph.initializer:
    tensor.CopyFrom(numpy_helper.from_array(np.zeros(tensor.dims, np.float32), tensor.name))
last = [t for t in zeros.graph.initializer][-2]
last.CopyFrom(numpy_helper.from_array(np.ones(last.dims, np.float32), last.name))
onnx.save(zeros, "zeros.onnx")
shown = run("gradcheck", "zeros.onnx", "--loss", "mse", "--certificate", "c.json").stdout
certificate = json.load(open("c.json"))
assert certificate["verdict"] == "kink" and [n["op"] for n in certificate["nodes"]] == ["Relu"], certificate["nodes"]
assert "kink: node '" in shown and "(Relu)" in shown and max(map(len, shown.splitlines())) <= 100, shown

# ---- Errors ----
fails("gradcheck", "missing.onnx", says="missing.onnx")
fails("gradcheck", "mlp.onnx", "--tolerance", 2, code=USAGE)
fails("gradcheck", "mlp.onnx", "--certificate", "nowhere/c.json", says="nowhere")
fails("gradcheck", "mlp.onnx", "--data", "missing.npz", says="missing.npz")
fails("gradcheck", "mlp.onnx", "--freeze", "*", says="nothing to train")
np.savez("huge.npz", x=x * np.float32(1e38), label=label.astype(np.float32))
huge = onnx.load("mlp.onnx")
for tensor in huge.graph.initializer:
    tensor.CopyFrom(numpy_helper.from_array(np.full(tensor.dims, np.inf, np.float32), tensor.name))
onnx.save(huge, "huge.onnx")
fails("gradcheck", "huge.onnx", says=["huge.onnx", "not finite"])
fixed = helper.make_model(helper.make_graph(
    [helper.make_node("MatMul", ["x", "w"], ["y"], name="dense")], "g",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [8, 4])], [helper.make_tensor_value_info("y", TensorProto.FLOAT, [8, 3])],
    [numpy_helper.from_array(rng.normal(size=(4, 3)).astype(np.float32), "w")]), opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
onnx.save(fixed, "fixed.onnx")
fails("gradcheck", "fixed.onnx", "--loss", "cross-entropy", "--data", "d.npz", says=["6 samples", "fixed at 8"])
