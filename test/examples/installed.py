# RUN: %python %s %build %root
"""Builds the examples against an installed tree that has been moved, and trains exclusive or with them."""
import os, pathlib, re, shutil, subprocess, sys, tempfile
import numpy as np, onnx
from onnx import TensorProto, helper, numpy_helper

build, root = map(pathlib.Path, sys.argv[1:])


def run(*command):
    environment = {k: v for k, v in os.environ.items() if k not in ("LD_LIBRARY_PATH", "CC", "CXX")}
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def model():
    rng = np.random.default_rng(3)
    weights = {"w1": (2, 16), "b1": (16,), "w2": (16, 2), "b2": (2,)}
    values = [numpy_helper.from_array(rng.normal(0, 0.5, s).astype("f4"), n) for n, s in weights.items()]
    nodes = [helper.make_node("Gemm", ["x", "w1", "b1"], ["h"], "first"), helper.make_node("Tanh", ["h"], ["t"], "activation"),
             helper.make_node("Gemm", ["t", "w2", "b2"], ["logits"], "second")]
    graph = helper.make_graph(nodes, "xor", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 2])],
                              [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 2])], values)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


with tempfile.TemporaryDirectory() as name:
    work = pathlib.Path(name)
    run("cmake", "--install", build, "--prefix", work / "first")
    shutil.move(work / "first", work / "moved")
    for example in ("runtime", "compiler"):
        # Debian's default compiler, not the one that Glyptic is built with.
        run("cmake", "-S", root / "examples" / example, "-B", work / example, f"-DCMAKE_PREFIX_PATH={work / 'moved'}")
        run("cmake", "--build", work / example)
    needed = run("ldd", work / "moved/lib/libglyptic-runtime.so") if (work / "moved/lib").exists() else run(
        "ldd", next((work / "moved").glob("lib/*/libglyptic-runtime.so")))
    assert not re.search("LLVM|MLIR|protobuf|python", needed), needed
    assert str(work / "moved") in needed and str(root) not in needed, f"oneDNN must come from the installed tree:\n{needed}"

    onnx.save(model(), work / "xor.onnx")
    bill = run(work / "compiler/compile-step", work / "xor.onnx", work / "step.glyph")
    assert bill.strip(), "the bill is empty"
    losses = [float(x) for x in re.findall(r"loss (\S+)", run(work / "runtime/train-step", work / "step.glyph", work / "trained.onnx"))]
    assert losses[-1] < 0.1 < losses[0], losses

    import onnxruntime
    session = onnxruntime.InferenceSession(work / "trained.onnx")
    logits = session.run(None, {"x": np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "f4")})[0]
    assert logits.argmax(1).tolist() == [0, 1, 1, 0], logits
