# RUN: %python %s
# XFAIL: *
"""A label outside the classes is refused before the first step, and named by its sample.

Not there yet: the runtime checks the ranges that a glyph records, and the compiler records none.
"""
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
