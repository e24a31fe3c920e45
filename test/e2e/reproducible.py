# RUN: %python %s
"""Same seed, same bits: in another process, at other addresses, from a glyph, with objects compiled afresh."""
import os
import shutil
import subprocess

import numpy as np

from glyptic_tool import enter_folder, run

enter_folder()
rng = np.random.default_rng(1)
np.savez("d.npz", image=rng.normal(size=(200, 1, 8, 8)).astype(np.float32), label=rng.integers(0, 10, 200))
run("new", "lenet", "--image", 8, "--filters", 4, "--hidden", 16, "-o", "m.onnx", "--seed", 3)
run("new", "lenet", "--image", 8, "--filters", 4, "--hidden", 16, "-o", "again.onnx", "--seed", 3)
LOOP = ["--data", "d.npz", "--epochs", 2, "--seed", 9]


def bits(path):
    return open(path, "rb").read()


assert bits("m.onnx") == bits("again.onnx")
for name, prefix, environment in [
    ("first", [], {}),
    ("second", [], {}),
    ("fixed addresses", ["setarch", "-R"], {}),
    ("large environment", [], {"PADDING": "x" * 50000}),
    ("fresh objects", [], {"GLYPTIC_CACHE_DIR": os.path.abspath("cache")}),
]:
    command = [*prefix, "glyptic", "train", "m.onnx", *map(str, LOOP), "-o", "t.onnx", "--save-state", "t.safetensors"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, **environment})
    if name == "first":
        shutil.copy("t.onnx", "want.onnx")
        shutil.copy("t.safetensors", "want.safetensors")
    assert bits("t.onnx") == bits("want.onnx") and bits("t.safetensors") == bits("want.safetensors"), name

run("compile", "m.onnx", "--loss", "cross-entropy", "-o", "m.glyph")
run("compile", "m.onnx", "--loss", "cross-entropy", "-o", "n.glyph")
assert bits("m.glyph") == bits("n.glyph")
run("train", "m.glyph", *LOOP, "-o", "t.onnx")
assert bits("t.onnx") == bits("want.onnx")
