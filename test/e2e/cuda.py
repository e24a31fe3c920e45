# RUN: %python %s %fixtures
"""Whole steps with the CUDA source of their kernels, on the host shim: the very text that NVRTC compiles, beside JAX (by
the bounds of e2e/lenet and e2e/gpt) and beside the CPU's kernels."""
import json
import pathlib
import subprocess
import sys

import numpy as np
from sklearn.datasets import load_digits

import reference
import training
from glyptic_tool import enter_folder, fails, run

STEPS = 20
SHIM = ["--device", "shim"]


def check(model, options, data, batch, zero_gradients={}):
    state, worst = training.check(model, options, data, batch, STEPS, zero_gradients=zero_gradients, extra=SHIM)
    print(f"{model}: worst error over its bound {worst:.2f}")
    cpu = training.train(model, options, data, batch, STEPS)
    assert state.keys() == cpu.keys()
    for name, value in cpu.items():
        if name not in zero_gradients:
            np.testing.assert_allclose(state[name], value, rtol=0, atol=1e-4 * max(np.abs(value).max(), 1e-3), err_msg=name)


enter_folder()
fixtures, rng = sys.argv[1], np.random.default_rng(0)
run("new", "mlp", "--inputs", 8, "--outputs", 3, "-o", "mlp.onnx", "--seed", 1)
table = {"x": rng.standard_normal((100, 8)).astype(np.float32), "label": rng.integers(0, 3, 100)}
check("mlp.onnx", reference.Options(), table, 32)  # the last batch is a partial one

run("new", "lenet", "--image", 8, "--filters", 8, "--hidden", 32, "-o", "lenet.onnx", "--seed", 1)
digits = load_digits()
images = {"image": (digits.images / 16).astype(np.float32)[:, None], "label": digits.target.astype(np.int64)}
check("lenet.onnx", reference.Options(optimizer="nesterov", lr=0.05, clip_norm=0.2, weight_decay=1e-3), images, 32)
# Two residual blocks in training form: statistics of each batch, and running ones among the state.
check(f"{fixtures}/resnet_training.onnx", reference.Options(optimizer="momentum"),
      {name: values[:160] for name, values in images.items()}, 16)

run("new", "gpt", "--layers", 2, "--heads", 2, "--width", 32, "--context", 16, "--vocabulary", 29, "-o", "gpt.onnx",
    "--seed", 1)
tokens = rng.integers(0, 29, (64, 17))
text = {"tokens": tokens[:, :-1].copy(), "label": tokens[:, 1:].copy()}
keys = {"*.qkv.bias": slice(32, 64)}  # softmax takes no notice of what all scores of a query share
training.check("gpt.onnx", reference.Options(optimizer="adamw", clip_norm=0.5), text, 16, STEPS, zero_gradients=keys,
               extra=SHIM)

# What libraries do, and the memory that they have for themselves: matrix products are NVIDIA's on a GPU, pooling is a kernel.
for model, loss, calls in (("lenet.onnx", "cross-entropy", {"matmul", "convolution", "convolution_weight_gradient", "convolution_input_gradient"}),
                           ("gpt.onnx", "cross-entropy", {"matmul"})):
    run("compile", model, "--loss", loss, "--target", "cuda:sm_90", "-o", "gpu.glyph")
    glyph = json.loads(run("inspect", "gpu.glyph", "--json").stdout)
    step = next(entry["instructions"] for entry in glyph["entries"] if entry["name"] == "step")
    found = {each["name"]: each["workspace"] for each in step if each["kind"] == "library call"}
    assert found.keys() == calls, found
    assert found["matmul"] == 32 << 20, found
    assert all(found.values()), found
    assert "of which workspace of libraries" in glyph["bill"]
    assert ("Not done by a library\n  cuDNN's attention" in glyph["bill"]) == (model == "gpt.onnx"), glyph["bill"]
    assert max(found.values()) < glyph["arenas"]["Work"]
    assert "matmul, 33.6 MB workspace" in run("inspect", "gpu.glyph").stdout

# Without cuDNN convolutions are matrix products of what kernels copy, and only grouped ones are kernels.
mobilenet = f"{fixtures}/mobilenet_dynamo.onnx"
np.savez("images.npz", **{name: values[:24] for name, values in images.items()})
states = []
for target, device in (("cpu", "cpu"), ("cuda:sm_90,no-cudnn", "shim")):
    run("compile", mobilenet, "--loss", "cross-entropy", "--batch", 8, "--target", target, "-o", "gpu.glyph")
    run("train", "gpu.glyph", "--data", "images.npz", "--steps", 3, "--shuffle", "off", "--device", device, "-o", "t.onnx",
        "--save-state", "state.safetensors")
    states.append(reference.read_safetensors("state.safetensors"))
for name, value in states[0].items():
    np.testing.assert_allclose(states[1][name], value, rtol=0, atol=1e-4 * max(np.abs(value).max(), 1e-3), err_msg=name)
glyph = json.loads(run("inspect", "gpu.glyph", "--json").stdout)
calls = [each["name"] for entry in glyph["entries"] for each in entry["instructions"] if each["kind"] == "library call"]
assert {*calls} == {"matmul"}, calls
assert "Not done by a library\n  the target has no cuDNN for convolutions: " in glyph["bill"], glyph["bill"]

# A glyph for several GPUs: its bytes do not depend on when or by how many threads it is compiled; it runs on the shim.
np.savez("table.npz", **table)
for name in "ab":
    run("compile", "mlp.onnx", "--loss", "cross-entropy", "--target", "cuda:sm_90,sm_80", "-o", name + ".glyph",
        env=None if name == "a" else {**__import__("os").environ, "GLYPTIC_CACHE_DIR": "cache"})
assert open("a.glyph", "rb").read() == open("b.glyph", "rb").read()
names = subprocess.run(["unzip", "-Z1", "a.glyph"], check=True, capture_output=True, text=True).stdout.split()
assert {"cuda/sm_80-0.cubin", "cuda/sm_80-0.ptx", "cuda/sm_90-0.cubin", "cuda/sm_90-0.ptx", "cuda/kernels.cu"} <= {*names}
assert "shim: the kernels of cuda:sm_80,sm_90" in run("train", "a.glyph", "--data", "table.npz", "--steps", 1, *SHIM, "-o",
                                                      "t.onnx").stdout
fails("train", "a.glyph", "--data", "table.npz", "--steps", 1, "--device", "cpu", "-o", "t.onnx", says="--target cpu")
fails("compile", "mlp.onnx", "--target", "cuda:no-cudnn", "-o", "t.glyph", says="needs an architecture, too")
