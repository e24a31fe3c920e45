# RUN: %python %s %fixtures
"""Networks as PyTorch exports them, in inference form (dynamo) and in training form (older exporter): twenty steps
against JAX in FP64, running statistics and dropout masks included, then the trained file against onnxruntime."""
import sys

import glyptic_tool
import numpy as np
import onnx
import onnxruntime
import training
from reference import Options
from sklearn.datasets import load_digits

fixtures, rng = sys.argv[1], np.random.default_rng(0)
onnxruntime.set_default_logger_severity(3)
glyptic_tool.enter_folder()

digits = load_digits()
images = (digits.images[:160, None] / 16).astype(np.float32)
tokens = rng.integers(0, 32, (160, 12))
NETWORKS = {
    "resnet": ({"image": images, "label": digits.target[:160]}, dict(optimizer="momentum")),
    "mobilenet": ({"image": images, "label": digits.target[:160]}, dict(optimizer="nesterov", seed=3)),
    # The derivative of a key's bias is zero, which Adam would blow up.
    "encoder": ({"tokens": tokens, "label": tokens.max(1) // 8}, dict(optimizer="momentum", accumulate=2, seed=2**40 + 1)),
}

for name, (data, options) in NETWORKS.items():
    for form in ("dynamo", "training"):
        path = f"{fixtures}/{name}_{form}.onnx"
        _, ratio = training.check(path, Options(**options), data, batch=16, steps=20)
        print(f"{name}_{form}: {ratio:.2f} of the bound")

# The trained file says what it said before, and holds the statistics that training left.
data, _ = NETWORKS["resnet"]
np.savez("data.npz", **data)
np.savez("images.npz", image=images[:50])
path = f"{fixtures}/resnet_dynamo.onnx"
glyptic_tool.run("train", path, "--data", "data.npz", "--epochs", 2, "--batch", 16, "-o", "trained.onnx")
glyptic_tool.run("run", "trained.onnx", "--input", "images.npz", "--output", "outputs.npz")
expected = onnxruntime.InferenceSession("trained.onnx").run(None, {"image": images[:50]})[0]
error = np.abs(np.load("outputs.npz")["output"] - expected).max() / np.abs(expected).max()
assert error < 1e-4, error
before, after = onnx.load(path), onnx.load("trained.onnx")
assert [n.SerializeToString() for n in before.graph.node] == [n.SerializeToString() for n in after.graph.node]
changed = {a.name for a, b in zip(before.graph.initializer, after.graph.initializer) if a.raw_data != b.raw_data}
assert {n for n in changed if "running" in n} == {t.name for t in before.graph.initializer if "running" in t.name}
