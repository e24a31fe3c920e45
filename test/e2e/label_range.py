# RUN: %python %s
"""A label outside the classes is refused before the first step, and named by its sample; so is a token id outside the
vocabulary. The loss's ignored label passes."""
import os

import numpy as np

from glyptic_tool import enter_folder, fails, run

enter_folder()
run("new", "mlp", "--inputs", 4, "--outputs", 3, "-o", "m.onnx")
x = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
label = (np.arange(20) % 3).astype(np.int64)
for name, wrong, says in [("range", 3, ["sample 7 is 3", "0 to 2"]), ("negative", -1, ["sample 7 is -1"])]:
    path = f"{name}.npz"
    np.savez(path, x=x, label=np.where(np.arange(20) == 7, wrong, label))
    fails("train", "m.onnx", "--data", path, "-o", "t.onnx", says=[path, *says])
    assert not os.path.exists("t.onnx")

ignored = "ignored.npz"
np.savez(ignored, x=x, label=np.where(np.arange(20) == 7, -100, label))
run("train", "m.onnx", "--data", ignored, "-o", "t.onnx", "--epochs", 1)
assert os.path.exists("t.onnx")
