# RUN: %python %s %fixtures
"""The reference that training is compared with: its graphs agree with onnxruntime, its verdict notices small faults."""
import sys

import numpy as np
import onnxruntime
from onnx_jax import Graph
import reference

fixtures, rng = sys.argv[1], np.random.default_rng(0)
onnxruntime.set_default_logger_severity(3)

for name in ("linear", "mlp", "lenet", "gpt"):
    for exporter in ("dynamo", "older"):
        path = f"{fixtures}/{name}_{exporter}.onnx"
        session = onnxruntime.InferenceSession(path)
        argument = session.get_inputs()[0]
        shape = [3 if isinstance(size, str) else size for size in argument.shape]
        x = rng.integers(0, 64, shape) if "int" in argument.type else rng.normal(size=shape).astype(np.float32)
        expected = session.run(None, {argument.name: x})[0]
        (actual,) = Graph(path)({argument.name: x}).values()
        error = np.abs(actual - expected).max() / np.abs(expected).max()
        assert error < 1e-5, f"{path}: {error}"

path = f"{fixtures}/mlp_older.onnx"
options = reference.Options(loss="bce", optimizer="adamw", clip_norm=1.0)
data = {"x": rng.normal(size=(20, 10)).astype(np.float32), "label": rng.integers(0, 2, 20)}
trainer = reference.Trainer(path, options, reference.trainable(path), np.float32)
state = trainer.train(reference.batches(data, 8, 5)).state() | {"training.step": np.int64(5)}
reference.compare(path, options, state, data, 8, 5)
for fault in (reference.Options(loss="bce", optimizer="adamw", clip_norm=1.0, weight_decay=0.0),
              reference.Options(loss="bce", optimizer="adamw", clip_norm=1.0, betas=(0.8, 0.999)),
              reference.Options(loss="bce", optimizer="adamw", clip_norm=1.0, lr=1.01e-3)):
    try:
        reference.compare(path, fault, state, data, 8, 5)
    except AssertionError:
        continue
    raise SystemExit(f"nothing noticed: {fault}")
