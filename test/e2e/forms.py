# RUN: %python %s
"""Files in training form: run does what they say, as onnxruntime does; train and export write them for inference on
demand; and every command says which form a file is in."""
import json

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from glyptic_tool import USAGE, enter_folder, fails, run

enter_folder()
onnxruntime.set_default_logger_severity(3)
rng = np.random.default_rng(5)
x = rng.normal(1, 2, (90, 3, 4, 4)).astype(np.float32)
np.savez("data.npz", x=x, label=np.arange(90) % 5)
weights = {"conv": rng.normal(size=(4, 3, 3, 3)), "scale": np.array([1, 2, 0.5, -1]), "bias": np.zeros(4),
           "mean": rng.normal(size=4), "variance": np.array([1, 2, 3, 4]), "dense": rng.normal(size=(16, 5)) / 4}
node = helper.make_node


def save(path, opset, nodes, initializers=(), outputs=(), functions=()):
    tensors = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 4, 4])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 5]),
                               *(helper.make_tensor_value_info(name, TensorProto.FLOAT, [4]) for name in outputs)],
                              [*tensors, *initializers])
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("own", 1)]
    model = helper.make_model(graph, ir_version=8, opset_imports=opsets, functions=functions)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def network(normalise, drop):
    return [node("Conv", ["x", "conv"], ["c"], pads=[0, 0, 0, 0]), *normalise, node("Relu", ["n"], ["r"]), *drop,
            node("Flatten", ["d"], ["f"]), node("MatMul", ["f", "dense"], ["y"], name="head")]


statistics = ["c", "scale", "bias", "mean", "variance"]
new = dict(name="norm", momentum=0.8, training_mode=1)
truth = numpy_helper.from_array(np.array(True), "truth")
through = [node("Identity", ["r"], ["d"])]
body = helper.make_function("own", "Norm", ["c", "scale", "bias", "mean", "variance"], ["result"], [
    helper.make_node("BatchNormalization", statistics, ["result", "m", "v"], training_mode=1)], [helper.make_opsetid("", 17)])
# Opset, nodes, the rest of the graph, and whether elements are dropped, at random by the standard.
FORMS = {
    "norm": (17, network([node("BatchNormalization", statistics, ["n", "m", "v"], **new)], through), {}, False),
    "read": (17, network([node("BatchNormalization", statistics, ["n", "m", "v"], **new)], through), dict(outputs=["m", "v"]),
             False),
    "function": (17, network([node("Norm", statistics, ["n"], domain="own")], through), dict(functions=[body]), False),
    "dropout": (13, network([node("BatchNormalization", statistics, ["n"])],
                            [node("Dropout", ["r", "", "truth"], ["d"], name="drop")]), dict(initializers=[truth]), True),
    "both": (17, network([node("BatchNormalization", statistics, ["n", "m", "v"], **new)],
                         [node("Constant", [], ["half"], value=numpy_helper.from_array(np.float32(0.5))),
                          node("Constant", [], ["on"], value=numpy_helper.from_array(np.array(True))),
                          node("Dropout", ["r", "half", "on"], ["d", "mask"], name="drop")]), {}, True),
}


def ask(path):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})


def agree(path, expected, *flags, says=None):
    done = run("run", path, "--input", "data.npz", "--output", "out.npz", *flags)
    assert ("training form" in done.stderr) == (says is not None), done.stderr
    outputs = np.load("out.npz")
    for name, value in zip(outputs.files, expected, strict=True):
        np.testing.assert_allclose(outputs[name], value, rtol=0, atol=1e-4 * np.abs(value).max(), err_msg=f"{path} {name}")


def by_hand(path):
    """The file without training forms, written down apart from ours."""
    model = onnx.load(path)
    for scope in (model.graph, *model.functions):
        for n in list(scope.node):
            if n.op_type == "BatchNormalization":
                passed = list(zip(n.output[1:], n.input[3:]))
                del n.output[1:]
                kept = [a for a in n.attribute if a.name != "training_mode"]
                del n.attribute[:]
                n.attribute.extend(kept)
                scope.node.extend(node("Identity", [i], [o]) for o, i in passed if o in [v.name for v in model.graph.output])
            if n.op_type == "Dropout":
                del n.input[2:]
    return model


for name, (opset, nodes, more, drops) in FORMS.items():
    path = f"{name}.onnx"
    save(path, opset, nodes, **more)
    inference = by_hand(path).SerializeToString()
    if not drops:
        agree(path, ask(path), says="note")
    elif name == "dropout":
        agree(path, ask(inference), says="note")
    agree(path, ask(inference), "--inference-form")
    report = json.loads(run("check", path, "--json").stdout)
    said = [r["message"] for r in report["remarks"] if "training form" in r["message"]]
    assert len(said) == 1 and ("BatchNormalization (1 node)" in said[0]) == (name != "dropout"), said
    assert ("Dropout (1 node)" in said[0]) == drops, said

    train = ["train", path, "--data", "data.npz", "--steps", 4, "--batch", 30, "--valid", "data.npz", "--seed", 3]
    done = run(*train, "-o", "kept.onnx", "--save-state", "s.safetensors")
    assert "kept.onnx is in training form" in " ".join(done.stdout.split()), done.stdout
    before, after = onnx.load(path), onnx.load("kept.onnx")
    assert [n.SerializeToString() for n in before.graph.node] == [n.SerializeToString() for n in after.graph.node]
    done = run(*train, "-o", "turned.onnx", "--inference-form", "--log", "log.jsonl")
    assert "training form" not in done.stdout, done.stdout

    # It is what one would write, and what onnxruntime makes of it is what evaluation saw.
    turned = onnx.load("turned.onnx")
    onnx.checker.check_model(turned, full_check=True)
    assert not json.loads(run("check", "turned.onnx", "--json").stdout)["remarks"]
    results = ask("turned.onnx")
    for value, expected in zip(results, ask(by_hand("kept.onnx").SerializeToString()), strict=True):
        np.testing.assert_array_equal(value, expected)
    agree("turned.onnx", results)
    agree("kept.onnx", results, "--inference-form")
    logits = results[0] - results[0].max(1, keepdims=True)
    loss = np.mean(np.log(np.exp(logits).sum(1)) - logits[np.arange(90), np.arange(90) % 5])
    held_out = [json.loads(line) for line in open("log.jsonl") if "event" in line][-1]["loss"]
    assert abs(loss - held_out) < 1e-5 * loss, (loss, held_out)

    # From the trained file, from the state, and through a glyph it is the same.
    run("export", "kept.onnx", "--inference-form", "-o", "a.onnx")
    run("export", path, "--state", "s.safetensors", "--inference-form", "-o", "b.onnx")
    run("compile", path, "--loss", "cross-entropy", "--batch", 30, "-o", "step.glyph")
    assert "training form" in run("train", "step.glyph", *train[2:], "-o", "g.onnx").stdout
    run("train", "step.glyph", *train[2:], "-o", "c.onnx", "--inference-form")
    assert len({open(f, "rb").read() for f in ("turned.onnx", "a.onnx", "b.onnx", "c.onnx")}) == 1
    done = run("export", path, "--state", "s.safetensors", "-o", "d.onnx")
    assert "training form" in done.stdout and open("d.onnx", "rb").read() == open("kept.onnx", "rb").read()
    # Nothing is left to turn.
    run("export", "turned.onnx", "--inference-form", "-o", "e.onnx")
    assert open("e.onnx", "rb").read() == open("turned.onnx", "rb").read()

# What only the training form has cannot be kept.
save("saved.onnx", 9, network([node("BatchNormalization", statistics, ["n", "", "", "mean1", "variance1"], name="norm")], through),
     outputs=["mean1"])
fails("export", "saved.onnx", "--inference-form", "-o", "no.onnx", says=["'norm'", "'mean1'"])
fails("export", "norm.onnx", "-o", "no.onnx", code=USAGE, says=["--state", "--inference-form"])
