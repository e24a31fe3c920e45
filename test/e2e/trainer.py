# RUN: %python %s
"""The loop: what it logs and saves, exact evaluation, checkpoints that continue to the bit, Ctrl-C."""
import json
import math
import os
import shutil
import signal
import subprocess
import time

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from sklearn.datasets import load_digits

from glyptic_tool import FAILED, INTERRUPTED, enter_folder, fails, log_lines, run

enter_folder()
digits = load_digits()
images = (digits.images / 16).astype(np.float32)[:, None]
labels = digits.target.astype(np.int64)
np.savez("train.npz", image=images[:450], label=labels[:450])
np.savez("valid.npz", image=images[450:600], label=labels[450:600])
run("new", "lenet", "--image", 8, "--filters", 4, "--hidden", 16, "-o", "m.onnx", "--seed", 3)

BATCH, EPOCHS = 64, 3
STEPS = EPOCHS * math.ceil(450 / BATCH)
FLAGS = ["train", "m.onnx", "--data", "train.npz", "--valid", "valid.npz", "--metric", "accuracy", "--batch", BATCH, "--seed", 5]


def read_state(path):
    """A safetensors file without its library: names to arrays, and the metadata."""
    raw = open(path, "rb").read()
    size = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:8 + size])
    types = {"F32": np.float32, "I64": np.int64, "F64": np.float64}
    metadata = header.pop("__metadata__", {})
    arrays = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        arrays[name] = np.frombuffer(raw[8 + size + begin:8 + size + end], types[entry["dtype"]]).reshape(entry["shape"])
    return arrays, metadata


def logits(model, x):
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0].astype(np.float64)


def cross_entropy(model, x, y):
    z = logits(model, x)
    z -= z.max(1, keepdims=True)
    return np.mean(np.log(np.exp(z).sum(1)) - z[np.arange(len(y)), y])


def bits(path):
    return open(path, "rb").read()


def same_logs(a, b):
    strip = lambda line: {key: value for key, value in line.items() if key != "samples_per_s"}
    return [strip(json.loads(line)) for line in open(a)] == [strip(json.loads(line)) for line in open(b)]


# ---- What a run writes ----
done = run(*FLAGS, "--epochs", EPOCHS, "--log", "a.jsonl", "--save-state", "a.safetensors", "-o", "a.onnx")
assert "\x1b" not in done.stdout and "\r" not in done.stdout and not done.stderr, done
steps, events = log_lines("a.jsonl")
assert [line["step"] for line in steps] == list(range(1, STEPS + 1))
assert [line["epoch"] for line in steps] == [1 + step // (STEPS // EPOCHS) for step in range(STEPS)]
assert list(steps[0])[:6] == ["step", "epoch", "loss", "lr", "grad_norm", "samples_per_s"]
assert all(line["lr"] == 0.001 and line["grad_norm"] > 0 and line["samples_per_s"] > 0 for line in steps)
assert [(line["event"], line["epoch"]) for line in events] == [("valid", epoch) for epoch in (1, 2, 3)]

# Evaluation is exact over all samples, the last partial batch included: 150 is no multiple of 64.
x, y = images[450:600], labels[450:600]
np.testing.assert_allclose(events[-1]["loss"], cross_entropy("a.onnx", x, y), rtol=1e-5)
assert round(events[-1]["accuracy"] * 150) == np.sum(logits("a.onnx", x).argmax(1) == y)

state, _ = read_state("a.safetensors")
weights = {t.name: numpy_helper.to_array(t) for t in onnx.load("a.onnx").graph.initializer}
trained = [name for name in weights if f"optimizer.exp_avg.{name}" in state or any(
    slot.startswith("optimizer.") and slot.endswith("." + name) for slot in state)]
assert trained, sorted(state)
for name in trained:
    np.testing.assert_array_equal(state[name], weights[name])
    assert all(state[slot].shape == weights[name].shape for slot in state if slot.endswith("." + name))
assert state["training.iteration"] == state["training.step"] == STEPS

# ---- Order ----
run(*FLAGS, "--steps", 2, "--shuffle", "off", "--log", "o.jsonl", "-o", "o.onnx")
first = log_lines("o.jsonl")[0][0]
np.testing.assert_allclose(first["loss"], cross_entropy("m.onnx", images[:BATCH], labels[:BATCH]), rtol=1e-5)
assert log_lines("o.jsonl")[0][0]["loss"] != steps[0]["loss"], "shuffled and sequential runs see the same batch"

# ---- Microbatches are exact ----
run(*FLAGS, "--epochs", 1, "--accumulate", 3, "--log", "micro.jsonl", "-o", "micro.onnx")
micro = log_lines("micro.jsonl")[0]
np.testing.assert_allclose([line["loss"] for line in micro], [line["loss"] for line in steps[:len(micro)]], rtol=1e-4)

# ---- A held-out part of the data ----
split = FLAGS[:4] + FLAGS[6:]
run(*split, "--valid-split", 0.2, "--epochs", 1, "--log", "split.jsonl", "-o", "split.onnx")
lines, events = log_lines("split.jsonl")
assert len(lines) == math.ceil(360 / BATCH) and len(events) == 1

# ---- kill -9 and resume, to the bit ----
RUN = [*FLAGS, "--epochs", EPOCHS, "--checkpoint", "ck", "--checkpoint-every", 2, "--log", "b.jsonl",
       "--save-state", "b.safetensors", "-o", "b.onnx"]
killed = 0
for attempt in range(8):
    process = subprocess.Popen(["glyptic", *map(str, RUN), "--resume"], stdout=subprocess.DEVNULL)
    deadline = time.time() + 120
    before = os.stat("ck/checkpoint.safetensors").st_mtime_ns if os.path.exists("ck/checkpoint.safetensors") else 0
    while process.poll() is None and time.time() < deadline and attempt < 4:
        if os.path.exists("ck/checkpoint.safetensors") and os.stat("ck/checkpoint.safetensors").st_mtime_ns != before:
            process.kill()
    killed += process.wait() == -signal.SIGKILL
    if process.returncode == 0:
        break
assert killed, "no run was cut: this test has shown nothing"
assert process.returncode == 0
assert bits("a.safetensors") == bits("b.safetensors") and bits("a.onnx") == bits("b.onnx")
assert same_logs("a.jsonl", "b.jsonl")

# A finished run has nothing left to do; a longer one goes on.
run(*RUN, "--resume")
assert bits("a.onnx") == bits("b.onnx")

# ---- A checkpoint of another run is refused by name ----
for change, says in [
    (["--seed", 6], "--seed"),
    (["--batch", 32], "--batch"),
    (["--optimizer", "sgd"], "--optimizer 'adam'"),
    (["--clip-norm", 2], "--clip-norm its default"),
    (["--data", "valid.npz"], "other data"),
]:
    flags = [flag for flag in RUN]
    if change[0] in flags:
        flags[flags.index(change[0]) + 1] = change[1]
    else:
        flags += change
    assert "null" not in fails(*flags, "--resume", code=FAILED, says=["checkpoint", says]).stderr
run("new", "lenet", "--image", 8, "--filters", 4, "--hidden", 16, "-o", "other.onnx", "--seed", 4)
fails("train", "other.onnx", *RUN[2:], "--resume", says=["checkpoint", "another model"])
with open("ck/checkpoint.safetensors", "r+b") as file:
    file.seek(-5, os.SEEK_END)
    last = file.read(1)
    file.seek(-5, os.SEEK_END)
    file.write(bytes([last[0] ^ 1]))
fails(*RUN, "--resume", says=["ck/checkpoint.safetensors", "damaged"])
fails(*RUN, says=["ck/checkpoint.safetensors", "--resume"])  # a fresh run must not replace it
open("ck/checkpoint.safetensors", "r+b").truncate(1000)
fails(*RUN, "--resume", says="ck/checkpoint.safetensors")

# ---- Ctrl-C: the step ends, everything is saved, and the run can go on ----
shutil.rmtree("ck")
LONG = [*FLAGS, "--epochs", 100000, "--checkpoint", "ck", "-o", "c.onnx", "--log", "c.jsonl", "--save-state", "c.safetensors"]
process = subprocess.Popen(["glyptic", *map(str, LONG)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
while not os.path.exists("ck/checkpoint.safetensors") and process.poll() is None:
    time.sleep(0.02)
process.send_signal(signal.SIGINT)
assert process.wait(timeout=60) == INTERRUPTED, process.stderr.read()
stopped = len(log_lines("c.jsonl")[0])
onnx.checker.check_model("c.onnx")
assert read_state("c.safetensors")[0]["training.iteration"] == stopped
more = stopped + 5
SHORT = [*FLAGS, "--steps", more]
run(*SHORT, "--checkpoint", "ck", "--resume", "-o", "d.onnx", "--save-state", "d.safetensors")
run(*SHORT, "-o", "e.onnx", "--save-state", "e.safetensors")
assert bits("d.safetensors") == bits("e.safetensors") and bits("d.onnx") == bits("e.onnx")
