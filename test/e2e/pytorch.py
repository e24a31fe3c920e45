# RUN: %python %s %fixtures
"""What PyTorch's two exporters write trains as JAX trains it, and comes out as the same file with other weights."""
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from sklearn.datasets import load_breast_cancer, load_digits

import reference
import training
from glyptic_tool import enter_folder, run

STEPS, BATCH = 20, 16
fixtures = pathlib.Path(sys.argv[1]).resolve()
enter_folder()
onnxruntime.set_default_logger_severity(3)

cancer = load_breast_cancer()
columns = cancer.data[:, :10]
table = {"x": ((columns - columns.mean(0)) / columns.std(0)).astype(np.float32), "label": cancer.target}
digits = load_digits()
images = {"image": (digits.images / 16).astype(np.float32)[:, None], "label": digits.target}
windows = np.random.default_rng(0).integers(0, 64, (64, 17))
sequences = {"tokens": windows[:, :-1], "label": windows[:, 1:]}

adam = reference.Options(loss="bce", optimizer="adam")
nesterov = reference.Options(optimizer="nesterov", lr=0.05, schedule="linear", warmup=5, steps=STEPS)
adamw = reference.Options(optimizer="adamw", no_decay=["*norm*"], schedule="cosine", warmup=5, steps=STEPS)
momentum = reference.Options(optimizer="momentum", lr=0.1, clip_norm=0.5)
# Softmax takes no notice of what all scores of a query share, so the biases of the keys have no gradient.
keys = {"*.qkv.bias": slice(32, 64)}
CASES = {
    "mlp_dynamo": (table, adam, {}), "mlp_older": (table, adam, {}),
    "linear_dynamo": (table, adam, {}), "linear_older": (table, adam, {}),
    "lenet_dynamo": (images, nesterov, {}), "lenet_older": (images, nesterov, {}),
    "gpt_dynamo": (sequences, adamw, keys), "gpt_older": (sequences, momentum, keys),
}


def check_file(original, trained, state):
    """With the old bytes of the trained weights put back, the trained file is the original to the last byte."""
    before, after = ({t.name: t for t in onnx.load(path).graph.initializer} for path in (original, trained))
    content = trained.read_bytes()
    for name in reference.trainable(original):
        new, old = after[name].raw_data, before[name].raw_data
        assert new == state[name].tobytes() and new != old, f"{name} is not what was trained"
        assert content.count(new) == 1
        content = content.replace(new, old)
    assert content == original.read_bytes()


def check_run(model, data):
    """onnxruntime runs the trained model as `glyptic run` does."""
    inputs = {name: array[:50] for name, array in data.items() if name != "label"}
    np.savez("in.npz", **inputs)
    run("run", model, "--input", "in.npz", "--output", "out.npz")
    (expected,) = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).run(["output"], inputs)
    np.testing.assert_allclose(np.load("out.npz")["output"], expected, rtol=0, atol=1e-4 * np.abs(expected).max())


for name, (data, options, zero_gradients) in CASES.items():
    original, trained = fixtures / f"{name}.onnx", pathlib.Path(f"{name}.trained.onnx")
    state, worst = training.check(original, options, data, BATCH, STEPS, zero_gradients=zero_gradients, output=trained)
    print(f"{name}: worst error over its bound {worst:.2f}")
    check_file(original, trained, state)
    check_run(trained, data)
