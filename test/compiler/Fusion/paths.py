# RUN: %python %s %t
"""Graphs with few nodes and very many paths: the time that fusion takes is that of the nodes."""
import pathlib
import resource
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
MAX_SECONDS = 10  # of an import, compilations for training and inference and their bills; a doubling per node would take years


def check(name, steps):
    """`steps(i, before, after)`: the nodes from one value to the next."""
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h0"])]
    for i in range(60):
        nodes += steps(i, f"h{i}", f"h{i + 1}")
    stored = [numpy_helper.from_array(np.eye(4, dtype=np.float32), "w"), numpy_helper.from_array(np.array([0]), "zero"),
              numpy_helper.from_array(np.array([4]), "four"), numpy_helper.from_array(np.array([1]), "one")]
    row = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 4])
    graph = helper.make_graph(nodes, "g", [row("x")], [row("h60")], stored)
    path = folder / f"{name}.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(["glyptic", "check", path], capture_output=True, text=True, timeout=100)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert run.returncode == 0 and "trains: 16 of 16 parameters" in run.stdout, run.stderr + run.stdout
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert seconds < MAX_SECONDS, (name, seconds)


check("add", lambda i, x, y: [helper.make_node("Add", [x, x], [y])])
check("product", lambda i, x, y: [helper.make_node("Tanh", [x], [f"t{i}"]), helper.make_node("Mul", [x, f"t{i}"], [y])])
check("joined", lambda i, x, y: [helper.make_node("Concat", [x, x], [f"c{i}"], axis=1),
                                 helper.make_node("Slice", [f"c{i}", "zero", "four", "one"], [y])])
