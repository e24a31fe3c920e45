# RUN: %python %s
"""LeNet on scikit-learn's digits: twenty steps beside JAX."""
import numpy as np
from sklearn.datasets import load_digits

import reference
import training
from glyptic_tool import enter_folder, run

STEPS = 20

enter_folder()
run("new", "lenet", "--image", 8, "--filters", 8, "--hidden", 32, "-o", "lenet.onnx", "--seed", 1)
digits = load_digits()
data = {"image": (digits.images / 16).astype(np.float32)[:, None], "label": digits.target.astype(np.int64)}
# A norm of 0.2 clips about half of the steps; a batch of 100 ends the epoch with a partial one.
for options, batch in [
    (reference.Options(optimizer="adam", schedule="linear", warmup=5, min_lr=1e-4, steps=STEPS), 32),
    (reference.Options(optimizer="nesterov", lr=0.05, clip_norm=0.2, weight_decay=1e-3), 100),
    (reference.Options(optimizer="sgd", lr=0.1, clip_norm=0.2, label_smoothing=0.1), 32),
]:
    _, worst = training.check("lenet.onnx", options, data, batch, STEPS)
    print(f"{options.optimizer}: worst error over its bound {worst:.2f}")

flat = training.train("lenet.onnx", reference.Options(), data, 32, 5)
column = training.train("lenet.onnx", reference.Options(), {**data, "label": data["label"][:, None]}, 32, 5)
for name in flat:
    np.testing.assert_array_equal(flat[name], column[name], err_msg=name)
