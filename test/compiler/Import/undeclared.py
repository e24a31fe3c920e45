# RUN: %python %s %t
"""PyTorch's exporter marks parameters. A convolution whose weight and bias have lost the mark holds a normalisation, too."""
import json
import pathlib
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)


def remarks(marked):
    stored = {"a.weight": (2, 1, 3), "a.bias": (2,), "b.weight": (2, 2, 3), "b.bias": (2,)}
    image = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", None, None])
    nodes = [helper.make_node("Conv", ["x", "a.weight", "a.bias"], ["h"], name="first", pads=[1, 1]),
             helper.make_node("Conv", ["h", "b.weight", "b.bias"], ["y"], name="second", pads=[1, 1])]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 1, 8])], [image("y")],
                              [numpy_helper.from_array(np.ones(shape, np.float32), name) for name, shape in stored.items()])
    for name in marked:
        info = graph.value_info.add(name=name)
        info.metadata_props.add(key="pkg.torch.export.graph_signature.InputSpec.kind", value="PARAMETER")
    path = folder / "model.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), path)
    report = json.loads(subprocess.run(["glyptic", "check", path, "--json"], capture_output=True, text=True, check=True).stdout)
    return [remark for remark in report["remarks"] if "fold batch normalisations" in remark["message"]]


every = ["a.weight", "a.bias", "b.weight", "b.bias"]
assert not remarks([]) and not remarks(every) and not remarks(["a.weight", "b.weight", "b.bias"])
[remark] = remarks(every[:2])
assert remark["node"] == "second" and remark["op"] == "Conv", remark
assert remark["message"].startswith("1 of the model's 2 convolutions and linear layers"), remark
assert "optimize=False" in remark["message"] and "model.train()" not in remark["message"]
