# RUN: %python %s %t
"""Fresh models: valid, the same bytes for the same seed, initial weights as documented."""
import pathlib
import subprocess
import sys

import numpy as np
import onnx
from onnx import numpy_helper

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)


def new(name, *arguments):
    path = folder / f"{name}.onnx"
    run = subprocess.run(["glyptic-translate", "--new", name, "-o", path, *arguments], capture_output=True, text=True)
    return path.read_bytes() if run.returncode == 0 else run.stderr


def weights(content):
    return {t.name: numpy_helper.to_array(t) for t in onnx.load_from_string(content).graph.initializer}


def philox(counter, key):
    """Philox4x32-10 as published, in Python's integers."""
    mask = 2**32 - 1
    for _ in range(10):
        a, b = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [(b >> 32) ^ counter[1] ^ key[0], b & mask, (a >> 32) ^ counter[3] ^ key[1], a & mask]
        key = [(key[0] + 0x9E3779B9) & mask, (key[1] + 0xBB67AE85) & mask]
    return counter


for name in ("linear", "mlp", "lenet", "gpt"):
    content = new(name, "--seed", "12")
    onnx.checker.check_model(onnx.load_from_string(content), full_check=True)
    assert content == new(name, "--seed", "12") and content != new(name, "--seed", "13")

# The founding article's two networks are the defaults.
assert {n: w.shape for n, w in weights(new("mlp")).items()} == {
    "layers.0.weight": (10, 10), "layers.0.bias": (10,), "head.weight": (1, 10), "head.bias": (1,)}
assert {n: w.shape for n, w in weights(new("linear")).items()} == {"head.weight": (1, 10), "head.bias": (1,)}

# Element i of tensor t is lane i % 4 of block i / 4 of stream t: 24 bits in [-1, 1) times 1 / sqrt(inputs).
seed = 2**40 + 5
drawn = weights(new("mlp", "--seed", str(seed), "--size", "inputs=7"))
bound = np.float32(1 / np.sqrt(7))
for stream, name in enumerate(["layers.0.weight", "layers.0.bias"]):
    lanes = [philox([i // 4, 0, stream, 0], [seed & (2**32 - 1), seed >> 32])[i % 4] for i in range(drawn[name].size)]
    expected = np.array([(lane >> 8) / 2**23 - 1 for lane in lanes], np.float32) * bound
    np.testing.assert_array_equal(drawn[name].flatten(), expected)

large = weights(new("gpt"))
np.testing.assert_allclose(large["embedding.weight"].std(), 0.02, rtol=0.02)
np.testing.assert_allclose(large["blocks.0.mlp.expand.weight"].std(), 1 / np.sqrt(3 * 128), rtol=0.02)
assert (large["norm.weight"] == 1).all() and (large["norm.bias"] == 0).all()

assert new("lenet", "--size", "image=3") == "error: --image must be at least 4: two poolings halve it twice\n"
assert new("gpt", "--size", "heads=3") == "error: --width 128 must be a multiple of --heads 3\n"
assert new("gpx") == "error: there is no architecture 'gpx'; there are linear, mlp, lenet, gpt\n"
assert new("mlp", "--size", "depth=2") == \
    "error: the architecture mlp has no size 'depth'; it has inputs, hidden, layers, outputs\n"
assert new("mlp", "--size", "hidden=0") == "error: --hidden must be between 1 and 1048576, not 0\n"
