# REQUIRES: real-models
# RUN: %python %s %root
"""Published models agree with onnxruntime and train, or are refused by name. Without them (scripts/fetch_models.py needs the package index
once) this test is unsupported."""
import hashlib
import pathlib
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime

from glyptic_tool import enter_folder, fails, log_lines, run

root = pathlib.Path(sys.argv[1]).resolve()
models = tomllib.loads((root / "test/e2e/real_models.toml").read_text())["model"]
only = sys.argv[2:]  # names, for a look at some
STEPS = 10


def get_flags(model):
    return [flag for shape in model.get("shapes", []) for flag in ("--shape", shape)]


def make_feeds(session, model, rng):
    """Random inputs: normal, fair coins, and integers that are small enough for every table."""
    batch, fixed = model.get("batch", 2), dict(shape.split("=") for shape in model.get("shapes", []))
    feeds = {}
    for info in session.get_inputs():
        sizes = fixed[info.name].split(",") if info.name in fixed else info.shape
        shape = [int(size) if str(size).isdigit() else batch for size in sizes]
        if "float" in info.type:
            feeds[info.name] = rng.standard_normal(shape, np.float32)
        elif "bool" in info.type:
            feeds[info.name] = rng.random(shape) < 0.5
        else:
            feeds[info.name] = rng.integers(0, 100, shape).astype(info.type[7:-1])
    return feeds


def check(model):
    name, path = model["name"], root / f".deps/models/{model['name']}.onnx"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == model["sha256"], f"{path} is another file; remove it"
    if "refused" in model:
        fails("check", path, *get_flags(model), says=[path.name, "node '", model["refused"]])
        return f"{name}: refused"
    rng = np.random.default_rng(5)
    settings = onnxruntime.SessionOptions()
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    settings.log_severity_level, settings.intra_op_num_threads = 3, 1
    session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
    feeds = make_feeds(session, model, rng)
    expected = session.run(None, feeds)

    np.savez(f"{name}.npz", **feeds)
    run("run", path, "--input", f"{name}.npz", "--output", f"{name}.out.npz", *get_flags(model))
    actual, worst = np.load(f"{name}.out.npz"), 0
    for info, value in zip(session.get_outputs(), expected):
        assert actual[info.name].shape == value.shape, (name, info.name, actual[info.name].shape, value.shape)
        error = np.abs(actual[info.name].astype(np.float64) - value).max() / max(np.abs(value).max(), 1e-30)
        assert error <= 1e-4, (name, info.name, error)
        worst = max(worst, error)

    # The first output is to come half of the way to its mean, which a last softmax or sigmoid can reach as well. The
    # batch is the same in each step.
    target = (expected[0] + expected[0].mean(-1, keepdims=True)) / 2
    np.savez(f"{name}.npz", **feeds, target=target)
    run("train", path, "--data", f"{name}.npz", "--label", "target", "--loss", "mse", "--lr", model.get("lr", "1e-4"),
        "--steps", STEPS, "--batch", len(target), "--shuffle", "off", "--log", f"{name}.jsonl",
        "-o", f"{name}.onnx", *get_flags(model))
    losses = [step["loss"] for step in log_lines(f"{name}.jsonl")[0]]
    assert len(losses) == STEPS and losses[-1] < 0.9 * losses[0], (name, losses)
    return f"{name}: error {worst:.1e} of the largest magnitude, loss {losses[0]:.6g} to {losses[-1]:.6g}"


enter_folder()
with ThreadPoolExecutor(2) as pool:
    for line in pool.map(check, [model for model in models if not only or model["name"] in only]):
        print(line, flush=True)
