# RUN: %python %s %fixtures
"""The pre-flight: what trains, what ends a gradient and how to get round it, what changes, and what it costs."""
import json
import re
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from glyptic_tool import enter_folder, fails, run

enter_folder()
rng = np.random.default_rng(1)
SCHEMA = {"model": str, "trains": bool, "loss": str, "machine": str, "unsupported": list, "blocked": list, "modes": list, "remarks": list,
          "composites": dict, "parameters": int, "trained_parameters": int, "weights": list, "inference": list, "training": list}


def save(path, nodes, outputs, weights, inputs={"x": ["N", 4]}):
    """A model; outputs by name with their type and shape."""
    info = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, "g", [info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
                              [info(name, *what) for name, what in outputs.items()],
                              [numpy_helper.from_array(rng.normal(size=shape).astype(np.float32), name)
                               for name, shape in weights.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)


def check(path, *flags):
    """The report, whose form programs rely on; and what people see, which fits a page."""
    report = json.loads(run("check", path, "--json", *flags).stdout)
    assert list(report) == list(SCHEMA), list(report)
    for key, kind in SCHEMA.items():
        assert isinstance(report[key], kind), key
    for key in ["unsupported", "blocked", "modes", "remarks"]:
        for item in report[key]:
            assert {"node", "op", "module", "source", "place", "message"} <= set(item), item
    text = run("check", path, *flags).stdout
    assert "\x1b" not in text and max(map(len, text.splitlines())) <= 100, text
    return report, text


node = helper.make_node
logits = {"logits": (TensorProto.FLOAT, ["N", 3])}

# ---- Everything trains ----
run("new", "lenet", "-o", "lenet.onnx")
report, text = check("lenet.onnx")
model = onnx.load("lenet.onnx")
sizes = {t.name: int(np.prod(t.dims)) for t in model.graph.initializer if t.data_type == TensorProto.FLOAT}
assert report["trains"] and not report["blocked"] and {w["name"]: w["count"] for w in report["weights"]} == sizes
assert report["parameters"] == report["trained_parameters"] == sum(sizes.values())
assert [cost["batch"] for cost in report["training"]] == [1, 8, 32, 128]
for cost in report["inference"] + report["training"]:
    assert cost["memory"] > 0 and cost["flops"] > 0 and cost["predicted_seconds"] > 0, cost
save("dense.onnx", [node("MatMul", ["x", "w"], ["logits"], name="dense")], logits, {"w": (4, 3)})
assert [cost["flops"] for cost in check("dense.onnx")[0]["inference"]] == [2 * 4 * 3 * batch for batch in (1, 8, 32, 128)]

# Costs are those of a compilation at that batch.
run("compile", "lenet.onnx", "--loss", "mse", "--batch", 8, "-o", "step.glyph")
arenas = json.loads(run("inspect", "step.glyph", "--json").stdout)["arenas"]
assert sum(arenas.values()) == report["training"][1]["memory"], (arenas, report["training"])

# ---- Integers end a gradient ----
save("argmax.onnx", [node("MatMul", ["x", "w1"], ["h"], name="first"),
                     node("ArgMax", ["h"], ["k"], name="pick", axis=1, keepdims=1),
                     node("Cast", ["k"], ["f"], name="back", to=TensorProto.FLOAT),
                     node("Concat", ["f", "f"], ["ff"], name="twice", axis=1),
                     node("MatMul", ["ff", "w2"], ["logits"], name="last")], logits, {"w1": (4, 5), "w2": (2, 3)})
report, text = check("argmax.onnx")
assert report["trains"] and [w["name"] for w in report["weights"] if w["trained"]] == ["w2"]
(block,) = report["blocked"]
assert (block["node"], block["op"], block["parameters"]) == ("pick", "ArgMax", ["w1"]), block
assert "integers" in block["message"] and "--output" in block["message"]
assert "node 'pick' (ArgMax)" in text

# ---- Rounding does, too; parameters that reach the loss another way are none of it ----
save("round.onnx", [node("MatMul", ["x", "w1"], ["a"], name="rounded"), node("Round", ["a"], ["r"], name="steps"),
                    node("MatMul", ["x", "w2"], ["b"], name="free"), node("Add", ["b", "w3"], ["c"], name="shift"),
                    node("Floor", ["c"], ["d"], name="also"), node("Add", ["c", "d"], ["e"], name="both"),
                    node("Add", ["e", "r"], ["logits"], name="sum")], logits, {"w1": (4, 3), "w2": (4, 3), "w3": (3,)})
report, _ = check("round.onnx")
assert [(b["node"], b["op"], b["parameters"]) for b in report["blocked"]] == [("steps", "Round", ["w1"])], report["blocked"]
assert [w["name"] for w in report["weights"] if w["trained"]] == ["w2", "w3"]

# ---- Nothing trains: all obstacles, no crash ----
save("nothing.onnx", [node("MatMul", ["x", "w"], ["h"], name="dense"), node("Sign", ["h"], ["s"], name="sign"),
                      node("Cast", ["h"], ["i"], name="cut", to=TensorProto.INT32),
                      node("Cast", ["i"], ["f"], name="float", to=TensorProto.FLOAT),
                      node("Add", ["s", "f"], ["logits"], name="sum")], logits, {"w": (4, 3)})
report, text = check("nothing.onnx")
assert not report["trains"] and not report["training"] and report["inference"] and "does not train" in text
assert [b["op"] for b in report["blocked"]][:2] == ["Sign", "Cast"], report["blocked"]
assert "no gradient reaches" in report["blocked"][-1]["message"], report["blocked"]
np.savez("d.npz", x=np.zeros((4, 4), np.float32), label=np.zeros(4, np.int64))
fails("train", "nothing.onnx", "--data", "d.npz", "-o", "t.onnx", says=["nothing.onnx", "nothing to train"])

# ---- Nodes that do something else while training ----
def norm(i):
    return node("BatchNormalization", [f"h{i}", f"scale{i}", f"bias{i}", f"mean{i}", f"var{i}"], [f"h{i + 1}"], name=f"norm{i}")


save("modes.onnx", [node("MatMul", ["x", "w1"], ["h0"], name="first"), norm(0), norm(1), node("Dropout", ["h2"], ["d"], name="drop"),
                    node("MatMul", ["d", "w2"], ["logits"], name="last")], logits,
     {"w1": (4, 5), "w2": (5, 3), **{f"{kind}{i}": (5,) for kind in ("scale", "bias", "mean", "var") for i in (0, 1)}})
report, text = check("modes.onnx")
assert [(m["node"], m["op"]) for m in report["modes"]] == [("norm0", "BatchNormalization"), ("norm1", "BatchNormalization"), ("drop", "Dropout")]
assert "changes: node 'norm0' (BatchNormalization) and 1 other: while training" in text, text
trained = {w["name"]: w["trained"] for w in report["weights"]}
assert trained["scale0"] and not trained["mean0"] and not trained["var1"], trained

# ---- What is one operator, however it is spelled ----
for name in ("bert_older", "bert_newest", "encoder_training"):
    report, text = check(f"{sys.argv[1]}/{name}.onnx")
    assert report["composites"]["attention"] == 1, report["composites"]
    assert "composites: attention 1, " in text, text
assert "sets probabilities to 0 at random" in str(report["modes"]), report["modes"]

# ---- An output of integers says which node makes it so ----
save("classes.onnx", [node("MatMul", ["x", "w"], ["h"], name="dense"),
                      node("ArgMax", ["h"], ["class"], name="pick", axis=1, keepdims=0)],
     {"class": (TensorProto.INT64, ["N"])}, {"w": (4, 3)})
report, _ = check("classes.onnx")
assert not report["trains"] and report["blocked"][0]["node"] == "pick", report["blocked"]
assert "integer" in report["blocked"][0]["message"] and "export" in report["blocked"][0]["message"]

# ---- A batch that the file states has one row ----
report, text = check(f"{sys.argv[1]}/lenet_fixed.onnx")
assert [cost["batch"] for cost in report["training"]] == [4] and report["trains"]

# ---- Many weights are told by kinds; nothing is guessed of plain convolutions ----
layers, weights = [], {}
for i in range(30):
    weights |= {f"w{i}": (4, 4, 3, 3), f"b{i}": (4,)}
    layers += [node("Conv", [f"h{i}", f"w{i}", f"b{i}"], [f"c{i}"], name=f"encoder.stage.{i}.convolution", pads=[1] * 4),
               node("Relu", [f"c{i}"], [f"h{i + 1}"], name=f"relu{i}")]
save("deep.onnx", layers, {"h30": (TensorProto.FLOAT, ["N", 4, 8, 8])}, weights, {"h0": ["N", 4, 8, 8]})
report, text = check("deep.onnx")
assert not report["remarks"], report["remarks"]
assert len(report["weights"]) == 60 and len(text.splitlines()) < 30 and re.search(r"30\s.*yes\s+weight of Conv\s.*\n\s*30\s.*yes\s+bias of Conv", text), text

# ---- Errors ----
fails("check", "missing.onnx", says="missing.onnx")
