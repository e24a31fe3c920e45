# RUN: %python %s %fixtures
"""--memory: a step that must not take more computes activations again. The same bits come of it, it takes as little as
its bill says, and where even that is too much the error says how much it would be."""
import json
import os
import re
import subprocess
import sys

import numpy as np

from glyptic_tool import enter_folder, fails, run

fixtures = sys.argv[1]
enter_folder()
rng = np.random.default_rng(0)


def compile(model, glyph, *flags):
    """The bytes that the program plans for, and its instructions by entry."""
    run("compile", model, "--loss", "cross-entropy", *flags, "-o", glyph)
    program = json.loads(run("inspect", glyph, "--json").stdout)
    return sum(program["arenas"].values()), {entry["name"]: entry["instructions"] for entry in program["entries"]}


def train(glyph, data, *flags):
    """What it saves, and the most memory that it has had at one time."""
    process = subprocess.Popen(["glyptic", "train", glyph, "--data", data, "--steps", "2", "--save-state", "state.safetensors",
                                "-o", "trained.onnx", *flags], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0
    return open("state.safetensors", "rb").read(), usage.ru_maxrss * 1024


run("new", "gpt", "--layers", 4, "--heads", 2, "--width", 128, "--context", 128, "--vocabulary", 64, "-o", "gpt.onnx", "--seed", 1)
tokens = rng.integers(0, 64, (48, 129))
np.savez("text.npz", tokens=tokens[:, :-1].copy(), label=tokens[:, 1:].copy())
free, instructions = compile("gpt.onnx", "free.glyph", "--batch", 48)
allowed = free * 9 // 10
tight, again = compile("gpt.onnx", "tight.glyph", "--batch", 48, "--memory", allowed)
assert tight <= allowed < free
counts = [sum(each["kind"] == "library call" for each in step) for step in (instructions["step"], again["step"])]
assert counts[0] == counts[1], "no product is computed again"
assert len(again["step"]) > len(instructions["step"])
bill = run("inspect", "tight.glyph").stdout
assert "total without computing activations again" in bill and "computing" not in run("inspect", "free.glyph").stdout

(state, peak), (state_again, peak_again) = train("free.glyph", "text.npz"), train("tight.glyph", "text.npz")
assert state == state_again, "the same bits"
assert abs((peak - peak_again) - (free - tight)) < 4 << 20, (peak, peak_again, free, tight)

# What is allowed anyway changes nothing, not even a byte of the glyph.
compile("gpt.onnx", "wide.glyph", "--batch", 48, "--memory", "1GB")
assert open("wide.glyph", "rb").read() == open("free.glyph", "rb").read()

# The least there is: what the error says is enough, and no less.
error = fails("compile", "gpt.onnx", "--loss", "cross-entropy", "--batch", 48, "--memory", "1MB", "-o", "none.glyph",
              says="a batch of 48 needs").stderr
least = float(re.search(r"needs ([\d.]+) MB of memory at least", error)[1]) * 1e6
assert least < tight
assert compile("gpt.onnx", "least.glyph", "--batch", 48, "--memory", int(least * 1.01))[0] < least * 1.01
assert train("least.glyph", "text.npz")[0] == state
fails("train", "gpt.onnx", "--data", "text.npz", "--batch", 48, "--memory", int(least * 0.9), "-o", "none.onnx",
      says="without computing activations again")
fails("train", "free.glyph", "--data", "text.npz", "--memory", "1GB", "-o", "none.onnx", says="compile the model with it")

# Images, with statistics of the batch; kernels for GPUs alike.
np.savez("images.npz", image=rng.normal(size=(32, 1, 8, 8)).astype(np.float32), label=rng.integers(0, 10, 32))
for target, device in (("cpu", "cpu"), ("cuda:sm_90", "shim")):
    step = [f"{fixtures}/resnet_training.onnx", "step.glyph", "--batch", 16, "--target", target]
    free, _ = compile(*step)
    state, _ = train("step.glyph", "images.npz", "--device", device)
    # Nothing can be saved of what a GPU's libraries work in.
    budget = free - (free - (32 << 20 if device == "shim" else 0)) // 10
    tight, _ = compile(*step, "--memory", budget)
    assert tight <= budget < free
    assert train("step.glyph", "images.npz", "--device", device)[0] == state
