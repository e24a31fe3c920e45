# RUN: %python %s
"""Each command does what its page says, and its results agree with onnxruntime."""
import json
import os
import shutil
import subprocess

import numpy as np
import onnx
import onnxruntime

from glyptic_tool import enter_folder, run

enter_folder()
rng = np.random.default_rng(2)


def infer(model, arrays):
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {i.name: arrays[i.name] for i in session.get_inputs()})))


def agree(a, b):
    assert sorted(a) == sorted(b)
    for name in a:
        assert a[name].dtype == b[name].dtype and a[name].shape == b[name].shape
        np.testing.assert_allclose(a[name], b[name], rtol=0, atol=1e-4 * np.abs(a[name]).max())


# ---- Help teaches ----
top = run("--help").stdout
listed = run("new").stdout
for command in ["new", "check", "gradcheck", "train", "run", "compile", "inspect", "export", "devices"]:
    assert command in top
    text = run(command, "--help").stdout
    assert "Example" in text and len(text) > 200, text
for name in ["linear", "mlp", "lenet", "gpt"]:
    assert name in listed

text = " ".join(run("train", "--help").stdout.split())
assert "adam (learning rate 0.001), adamw (learning rate 0.001, weight decay 0.01)" in text, text
assert "--class-weights" not in text and "--precision" not in text, "flags that are refused"
assert "standard error" in run("compile", "--help").stdout

# ---- new, run, compile ----
inputs = {
    "linear": (["--inputs", 5], {"x": rng.normal(size=(70, 5)).astype(np.float32)}),
    "mlp": (["--inputs", 5, "--outputs", 3], {"x": rng.normal(size=(70, 5)).astype(np.float32)}),
    "lenet": (["--image", 8, "--filters", 4], {"image": rng.normal(size=(70, 1, 8, 8)).astype(np.float32)}),
}
for name, (sizes, arrays) in inputs.items():
    run("new", name, *sizes, "-o", f"{name}.onnx")
    onnx.checker.check_model(f"{name}.onnx")
    np.savez("in.npz", **arrays)
    expected = infer(f"{name}.onnx", arrays)
    run("run", f"{name}.onnx", "--input", "in.npz", "--output", "out.npz")  # 70 samples in batches of 32
    agree(expected, np.load("out.npz"))
    run("compile", f"{name}.onnx", "--batch", 100, "-o", f"{name}.glyph")
    run("run", f"{name}.glyph", "--input", "in.npz", "--output", "out.npz")
    agree(expected, np.load("out.npz"))

# A model whose batch is fixed is one execution.
fixed = onnx.load("mlp.onnx")
for value in [*fixed.graph.input, *fixed.graph.output]:
    value.type.tensor_type.shape.dim[0].dim_value = 3
del fixed.graph.value_info[:]
onnx.save(fixed, "fixed.onnx")
three = {"x": inputs["mlp"][1]["x"][:3]}
np.savez("in.npz", **three)
run("run", "fixed.onnx", "--input", "in.npz", "--output", "out.npz")
agree(infer("fixed.onnx", three), np.load("out.npz"))

# ---- check ----
report = json.loads(run("check", "lenet.onnx", "--json").stdout)
model = onnx.load("lenet.onnx")
count = sum(int(np.prod(t.dims)) for t in model.graph.initializer if t.data_type == onnx.TensorProto.FLOAT)
assert report["trains"] and report["parameters"] == report["trained_parameters"] == count
assert [cost["batch"] for cost in report["training"]] == [1, 8, 32, 128]
memory = [cost["memory"] for cost in report["training"]]
assert memory == sorted(memory) and memory[0] > 3 * 4 * count, "parameters and two moments at least"
assert all(weight["reason"] for weight in report["weights"])
frozen = json.loads(run("check", "lenet.onnx", "--freeze", "conv1*", "--loss", "cross-entropy", "--json").stdout)
assert [w["name"] for w in frozen["weights"] if not w["trained"]] == ["conv1.weight", "conv1.bias"]
text = run("check", "lenet.onnx").stdout
assert "conv1.weight" in text and "128" in text

# ---- compile, inspect ----
run("compile", "lenet.onnx", "--loss", "cross-entropy", "--batch", 16, "--optimizer", "adam", "--lr", 0.01, "-o", "step.glyph")
run("compile", "linear.onnx", "-o", "/dev/null")  # which has no size
report = json.loads(run("inspect", "step.glyph", "--json").stdout)
assert {"infer", "evaluate", "step", "grad", "apply"} <= {entry["name"] for entry in report["entries"]}
assert report["max_batch"] == 16 and report["options"]["optimizer"] == "adam" and report["options"]["lr"] == 0.01
parameters = {tensor["name"] for tensor in report["state"] if tensor["role"] == "parameter"}
assert parameters == {t.name for t in model.graph.initializer if t.data_type == onnx.TensorProto.FLOAT}
step = next(entry for entry in report["entries"] if entry["name"] == "step")
assert step["instructions"] and sum(i["flops"] for i in step["instructions"]) > 0
shown = run("inspect", "step.glyph").stdout
assert report["bill"] in shown

# What kept kernels from being one: the bytes that pass are at most what the one writes and the other reads.
boundaries = [(i, each) for i, instruction in enumerate(step["instructions"]) for each in instruction.get("apart", [])]
assert boundaries
for i, each in boundaries:
    producer, consumer = step["instructions"][each["producer"]], step["instructions"][i]
    assert each["producer"] < i and producer["kind"] == consumer["kind"] == "kernel"
    assert 0 < each["bytes"] <= min(producer["bytes"], consumer["bytes"]), (producer, consumer)
i, most = max(boundaries, key=lambda boundary: boundary[1]["bytes"])
line = shown[shown.index("\nstep "):].split("because\n")[1].splitlines()[0]
assert line.split()[:2] == [str(i + 1), str(most["producer"] + 1)] and line.endswith(most["reason"]) and len(line) <= 100, line

# ---- train from a glyph, export from its state ----
np.savez("d.npz", image=rng.normal(size=(50, 1, 8, 8)).astype(np.float32), label=rng.integers(0, 10, 50))
shown = run("train", "step.glyph", "--data", "d.npz", "--epochs", 2, "--save-state", "s.safetensors", "-o", "t.onnx").stdout
assert report["bill"].strip() in shown, "the bill comes before the first step"
run("export", "lenet.onnx", "--state", "s.safetensors", "-o", "e.onnx")
assert open("t.onnx", "rb").read() == open("e.onnx", "rb").read()
assert open("t.onnx", "rb").read() != open("lenet.onnx", "rb").read()
agree(infer("t.onnx", dict(np.load("d.npz"))), infer("e.onnx", dict(np.load("d.npz"))))

# ---- tables ----
table = "a,b,c,d,e,label\n" + "\n".join(",".join(map(repr, map(float, row))) + f",{i % 3}" for i, row in enumerate(inputs["mlp"][1]["x"]))
open("t.csv", "w").write(table + "\n")
np.savez("t.npz", x=inputs["mlp"][1]["x"], label=np.arange(70) % 3)
for data in ["t.csv", "t.npz"]:
    run("train", "mlp.onnx", "--data", data, "--epochs", 1, "-o", data + ".onnx")
assert open("t.csv.onnx", "rb").read() == open("t.npz.onnx", "rb").read()

# ---- what is trained, and why, is said first ----
total = len(onnx.load("mlp.onnx").graph.initializer)
shown = " ".join(run("train", "mlp.onnx", "--data", "t.npz", "--epochs", 1, "--freeze", "layers.0.*", "-o", "f.onnx").stdout.split())
assert f"note: trains {total - 2} of {total} tensors" in shown and "keeps frozen or without a gradient 2" in shown, shown

# --freeze and --train change it by globs; where both match, --train wins.
scaled = onnx.load("mlp.onnx")
output = scaled.graph.output[0].name
scaled.graph.node.append(onnx.helper.make_node("Mul", [output, "units"], ["scaled"]))
scaled.graph.output[0].name = "scaled"
scaled.graph.initializer.append(onnx.numpy_helper.from_array(np.array([1, 2, 3], np.float32), "units"))
onnx.save(scaled, "scaled.onnx")


def trained(*flags):
    """Tensors that training changes."""
    run("train", "scaled.onnx", "--data", "t.npz", "--epochs", 1, *flags, "-o", "f.onnx")
    return {a.name for a, b in zip(scaled.graph.initializer, onnx.load("f.onnx").graph.initializer, strict=True) if a != b}


names = {tensor.name for tensor in scaled.graph.initializer}
assert trained() == names - {"units"}
assert trained("--train", "un*") == names
assert trained("--freeze", "*.weight") == {name for name in names if name.endswith(".bias")}
assert trained("--freeze", "*", "--train", "units", "--train", "layers.0.*") == {"units", "layers.0.weight", "layers.0.bias"}
report = json.loads(run("check", "scaled.onnx", "--train", "units", "--json").stdout)
reasons = {w["name"]: w["reason"] for w in report["weights"]}
assert reasons["units"] == "trained on request", reasons

# A machine that only runs glyphs has no compiler.
os.makedirs("alone/bin")
alone = shutil.copy(shutil.which("glyptic"), "alone/bin")
for command in "train", "compile":
    done = subprocess.run([alone, command, "--help"], capture_output=True, text=True)
    assert done.returncode == 0 and "--optimizer" in done.stdout and "cannot be listed" in done.stdout, done

# ---- weights that were one are named ----
gpt = ["gpt", "--layers", 1, "--heads", 2, "--width", 8, "--context", 4, "--vocabulary", 16, "-o", "tied.onnx"]
run("new", *gpt)
tied = onnx.load("tied.onnx")
table = next(t for t in tied.graph.initializer if list(t.dims) == [16, 8])
twice = onnx.numpy_helper.from_array(np.ascontiguousarray(onnx.numpy_helper.to_array(table).T), "head.weight")
tied.graph.initializer.append(twice)
for node in tied.graph.node:
    if node.op_type == "MatMul" and node.output[0] == tied.graph.output[0].name:
        node.input[1] = "head.weight"
onnx.save(tied, "untied.onnx")
said = f"'{table.name}' and 'head.weight' hold the same numbers"
assert said in " ".join(run("check", "untied.onnx").stdout.split())
assert "hold the same numbers" not in run("check", "tied.onnx").stdout
np.savez("tokens.npz", **{tied.graph.input[0].name: rng.integers(0, 16, (4, 4)), "label": rng.integers(0, 16, (4, 4))})
assert said in " ".join(run("train", "untied.onnx", "--data", "tokens.npz", "--epochs", 1, "-o", "u.onnx").stdout.split())

# ---- and those that became one: PyTorch's exporters merge equal tensors, such as the scales of new normalisations ----
tensor = onnx.numpy_helper.from_array
# Once trained, a tensor of two nodes was one from the start, unless they are the same node of two layers that are copies.
for name, scale, path in [("merged", np.ones(4), ""), ("shared", np.arange(4), ""), ("copied", np.arange(4), "/layers.{}/norm/")]:
    stored = {"w1": rng.normal(size=(5, 4)), "scale": scale, "w2": rng.normal(size=(4, 4)), "w3": rng.normal(size=(4, 3))}
    nodes = [("first", "MatMul", ["x", "w1"]), ("norm1", "LayerNormalization", ["first", "scale"]),
             ("second", "MatMul", ["norm1", "w2"]), ("norm2", "LayerNormalization", ["second", "scale"]),
             ("y", "MatMul", ["norm2", "w3"])]
    graph = onnx.helper.make_graph([onnx.helper.make_node(op, ins, [node], name=path.format(node[-1]) + node) for node, op, ins in nodes], "g",
                                   [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["N", 5])],
                                   [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["N", 3])],
                                   [tensor(np.float32(value), key) for key, value in stored.items()])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, f"{name}.onnx")
    said = f"'scale' is one weight of 2 nodes, the first is node '{path.format(1)}norm1' (LayerNormalization)"
    for command in [["check"], ["train", "--data", "t.npz", "--epochs", 1, "-o", "m.onnx"]]:
        shown = " ".join(run(command[0], f"{name}.onnx", *command[1:]).stdout.split())
        assert (said in shown and "optimize=False" in shown) == (name != "shared"), shown

# ---- devices ----
cpu = json.loads(run("devices", "--json").stdout)["devices"][0]
assert cpu["name"] == "cpu" and cpu["memory"] > 1e8 and cpu["bandwidth"] > 1e8 and cpu["flops"] > 1e8
assert "gpu" in run("devices").stdout
