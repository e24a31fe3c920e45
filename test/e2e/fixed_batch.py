# RUN: %python %s %fixtures
"""A model whose batch is a number, as PyTorch exports it unless told otherwise, trains: a batch is several runs of it."""
import os
import sys

import numpy as np
from sklearn.datasets import load_digits

import reference
import training
from glyptic_tool import enter_folder, fails, log_lines, run

FIXED = 4  # in the file
model, free = (os.path.abspath(f"{sys.argv[1]}/lenet_{kind}.onnx") for kind in ("fixed", "dynamo"))
enter_folder()
digits = load_digits()
data = {"image": (digits.images[:240] / 16).astype(np.float32)[:, None], "label": digits.target[:240].astype(np.int64)}

# The file with a free batch has the same weights. The default batch, 32, is eight runs: as if it were accumulated.
options = reference.Options(clip_norm=1.0)
state = training.train(model, options, data, FIXED, 20)
reference.compare(free, options, state, data, FIXED, 20)
runs = training.train(model, options, data, 32, 20)
accumulated = training.train(free, options, data, 32, 20, ["--accumulate", "8"])
for name in runs:
    np.testing.assert_allclose(runs[name], accumulated[name], rtol=0, atol=1e-6, err_msg=name)

# Evaluation adds runs up, too.
np.savez("data.npz", **data)
evaluations = []
for path in (model, free):
    run("train", path, "--data", "data.npz", "--valid", "data.npz", "--metric", "accuracy", "--epochs", 1,
        "--log", "log.jsonl", "-o", "trained.onnx")
    evaluations.append(log_lines("log.jsonl")[1][0])
assert evaluations[0]["accuracy"] == evaluations[1]["accuracy"], evaluations
assert abs(evaluations[0]["loss"] - evaluations[1]["loss"]) < 1e-5, evaluations

# What cannot be divided is refused before the first step, with the size and a way out.
way_out = ["fixed at 4", "--shape image=N,1,8,8"]
flags = ["train", model, "--data", "data.npz", "-o", "refused.onnx"]
fails(*flags, "--batch", 6, says=["a batch has 6 samples", *way_out])
fails(*flags, "--batch", 32, "--accumulate", 2, says=["fixed at 4", "8 microbatches, not 2"])
fails(*flags, "--valid-split", 0.01, says=["238 samples", *way_out])
assert not os.path.exists("refused.onnx")
