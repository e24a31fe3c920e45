# RUN: %python %s %fixtures
"""Errors, instructions, profiles and gradcheck name the node, its operator, and the module and line of Python that PyTorch's
exporter wrote down."""
import json
import sys

import onnx

from glyptic_tool import enter_folder, fails, run

enter_folder()
model = onnx.load(f"{sys.argv[1]}/gpt_dynamo.onnx")
nodes = {node.name: node for node in model.graph.node}

# The line is the author's, not that of PyTorch's own layers; names that the exporter makes up are none.
place = "node 'node_layer_norm' (my.domain.Mystery), module 'blocks.0.norm1', /opt/fixtures/make_pytorch.py:62"
root = "node 'node_add' (my.domain.Riddle), /opt/fixtures/make_pytorch.py:83"
for name, op in [("node_layer_norm", "Mystery"), ("node_add", "Riddle")]:
    nodes[name].op_type, nodes[name].domain = op, "my.domain"
model.opset_import.append(onnx.helper.make_opsetid("my.domain", 1))
onnx.save(model, "strange.onnx")
done = fails("check", "strange.onnx", "--json", says=["strange.onnx: ", place, root, "2 nodes are at fault"])
report = json.loads(done.stdout)
assert not report["trains"] and [item["op"] for item in report["unsupported"]] == ["my.domain.Riddle", "my.domain.Mystery"]
second = report["unsupported"][1]
assert second["node"] == "node_layer_norm" and second["module"] == "blocks.0.norm1", second
assert second["source"] == "/opt/fixtures/make_pytorch.py:62" and second["place"] == place, second
for command in ["compile", "run", "gradcheck"]:
    more = {"compile": ["-o", "o.glyph"], "run": ["--input", "i.npz", "--output", "o.npz"], "gradcheck": []}[command]
    fails(command, "strange.onnx", *more, says=[place, root])

# Labels of instructions say it once for neighbours of one place.
run("compile", f"{sys.argv[1]}/gpt_dynamo.onnx", "--loss", "cross-entropy", "-o", "gpt.glyph")
step = next(e for e in json.loads(run("inspect", "gpt.glyph", "--json").stdout)["entries"] if e["name"] == "step")
labels = [instruction["nodes"] for instruction in step["instructions"]]
assert any("blocks.1.up, make_pytorch.py:" in label for label in labels), labels
assert all("site-packages" not in label and "_empty_nn_module" not in label for label in labels), labels

# So do the rows of a profile.
profile = run("bench", "gpt.glyph", "--batch", 2, "--steps", 1, "--warm-up", 1, "--profile", "--json").stdout
assert [row["nodes"] for row in json.loads(profile)["instructions"]] == labels

# A line of gradcheck: where all pre-activations are 0, ReLU has a kink.
mlp = onnx.load(f"{sys.argv[1]}/mlp_dynamo.onnx")
for tensor in mlp.graph.initializer:
    if tensor.name.startswith("hidden."):
        tensor.raw_data = bytes(len(tensor.raw_data))
onnx.save(mlp, "kinks.onnx")
place = "node 'node_relu' (Relu), /opt/fixtures/make_pytorch.py:22"
assert place in " ".join(run("gradcheck", "kinks.onnx", "--loss", "bce", "--certificate", "c.json").stdout.split())
assert [node["place"] for node in json.load(open("c.json"))["nodes"]] == [place]
