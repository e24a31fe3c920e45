# RUN: %python %s
"""Operators that draw random numbers: how these are distributed, what they repeat, and what a training step does with them.

No value is compared with one of our own: distributions are those of the standard, and the counts of what a dropout
keeps are read off the gradient.
"""
import json
import math

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from glyptic_tool import enter_folder, fails, run

enter_folder()
SAMPLES, WIDTH = 4000, 5
rng = np.random.default_rng(11)
x = rng.uniform(size=(SAMPLES, WIDTH)).astype(np.float32)
np.savez("x.npz", x=x, label=np.zeros((SAMPLES, WIDTH), np.float32))
node = helper.make_node


def save(path, nodes, outputs, valid=True, **weights):
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", WIDTH])],
                              [helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in outputs],
                              [numpy_helper.from_array(value, name) for name, value in weights.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    if valid:
        onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def outputs_of(path, *flags):
    run("run", path, "--input", "x.npz", "--output", "out.npz", *flags)
    return dict(np.load("out.npz"))


# ---- Distributions ----
like = ["N", WIDTH]
save("draws.onnx", [
    node("RandomUniformLike", ["x"], ["uniform"]), node("RandomUniformLike", ["x"], ["other"]),
    node("RandomUniformLike", ["x"], ["wide"], low=-3.0, high=5.0, seed=2.5),
    node("RandomNormalLike", ["x"], ["normal"]), node("RandomNormalLike", ["x"], ["shifted"], mean=2.0, scale=0.5, dtype=TensorProto.DOUBLE),
    node("RandomUniform", [], ["table"], shape=[300, 7]), node("RandomNormal", [], ["half"], shape=[3000], dtype=TensorProto.FLOAT16),
    node("Bernoulli", ["x"], ["coins"], dtype=TensorProto.INT64),
], [("uniform", 1, like), ("other", 1, like), ("wide", 1, like), ("normal", 1, like), ("shifted", TensorProto.DOUBLE, like),
    ("table", 1, [300, 7]), ("half", TensorProto.FLOAT16, [3000]), ("coins", TensorProto.INT64, like)])
drawn = outputs_of("draws.onnx")
assert all((drawn[name] == value).all() for name, value in outputs_of("draws.onnx").items()), "a run repeats the one before"


def deviates(values, cdf):
    """Kolmogorov and Smirnov's statistic in units of its 0.1 % bound."""
    values = np.sort(np.asarray(values, np.float64).ravel())
    steps = np.arange(values.size + 1) / values.size
    expected = cdf(values)
    return max((steps[1:] - expected).max(), (expected - steps[:-1]).max()) * math.sqrt(values.size) / 1.95


normal = np.vectorize(lambda z: (1 + math.erf(z / math.sqrt(2))) / 2)
for name, low, high in (("uniform", 0, 1), ("other", 0, 1), ("wide", -3, 5), ("table", 0, 1)):
    assert drawn[name].min() >= low and drawn[name].max() <= high and len(np.unique(drawn[name])) > 0.99 * drawn[name].size
    assert deviates(drawn[name], lambda v: (v - low) / (high - low)) < 1, name
assert deviates(drawn["normal"], normal) < 1 and deviates(drawn["shifted"], lambda v: normal((v - 2) / 0.5)) < 1
assert drawn["half"].dtype == np.float16 and deviates(drawn["half"], normal) < 1
independent = [drawn[name].astype(np.float64) for name in ("uniform", "other", "wide", "normal", "shifted")]
rows = [v.ravel() for v in independent] + [np.roll(v, 1, axis) for v in independent for axis in (0, 1)]
correlations = np.corrcoef([row.ravel() for row in rows]) - np.eye(len(rows))
assert np.abs(correlations).max() < 5 / math.sqrt(x.size), correlations
assert set(np.unique(drawn["coins"])) == {0, 1} and drawn["coins"].dtype == np.int64
for low in np.arange(0, 1, 0.1):  # ones are as frequent as x says
    chosen = (x >= low) & (x < low + 0.1)
    expected, count = x[chosen].mean(), chosen.sum()
    assert abs(drawn["coins"][chosen].mean() - expected) < 4 * math.sqrt(expected * (1 - expected) / count), low

save("integers.onnx", [node("Cast", ["x"], ["i"], to=TensorProto.INT64), node("RandomNormalLike", ["i"], ["r"], name="draw"),
                       node("Cast", ["r"], ["y"], to=TensorProto.FLOAT)], [("y", 1, like)], valid=False)
fails("run", "integers.onnx", "--input", "x.npz", "--output", "no.npz", says=["'draw'", "RandomNormalLike", "dtype"])

# ---- Training ----
# y = w + s * noise against 0: the first step of plain descent shows the sums of noise and of its square.
start = dict(w=np.zeros(WIDTH, np.float32), s=np.ones(WIDTH, np.float32))
save("noisy.onnx", [node("RandomNormalLike", ["x"], ["n"], name="draw"), node("Mul", ["n", "s"], ["m"]), node("Add", ["m", "w"], ["y"])],
     [("y", 1, like)], **start)
train = ["--label", "label", "--loss", "mse", "--optimizer", "sgd", "--lr", 1, "--shuffle", "off", "--train", "*"]


def trained(path, *flags):
    run("train", path, "--data", "x.npz", *train, *flags, "-o", "trained.onnx")
    return {t.name: numpy_helper.to_array(t) for t in onnx.load("trained.onnx").graph.initializer}


def noise_of(*flags, batch=SAMPLES):
    after = trained("noisy.onnx", "--steps", 1, "--batch", batch, *flags)
    return (start["w"] - after["w"]) * WIDTH / 2, (start["s"] - after["s"]) * WIDTH / 2


mean, square = noise_of()
bound = 4 / math.sqrt(SAMPLES)
assert np.abs(mean).max() < bound and np.abs(square - 1).max() < bound * math.sqrt(2) and len(np.unique(mean)) == WIDTH, (mean, square)
again, other = noise_of(), noise_of("--seed", 9)
assert (again[0] == mean).all() and (other[0] != mean).all() and np.abs(other[0]).max() < bound
halves = noise_of("--accumulate", 2)
np.testing.assert_allclose(halves[0], mean, rtol=0, atol=1e-5)  # the same numbers for the same samples
modes = json.loads(run("check", "noisy.onnx", "--train", "*", "--json").stdout)["modes"]
assert [(m["node"], "random numbers" in m["message"]) for m in modes] == [("draw", True)], modes

# A dropout of whole rows, as PyTorch exports Dropout2d in training form: nothing is left of it but in training steps.
KEPT = np.float32(0.75)
save("rows.onnx", [
    node("Shape", ["x"], ["n"], start=0, end=1), node("Concat", ["n", "one"], ["size"], axis=0), node("ConstantOfShape", ["size"], ["zeros"]),
    node("RandomUniformLike", ["zeros"], ["draw"], name="draw"), node("Less", ["draw", "kept"], ["less"]),
    node("Cast", ["less"], ["mask"], to=TensorProto.FLOAT), node("Div", ["mask", "kept"], ["factor"], name="factor"),
    node("Add", ["x", "w"], ["sum"]), node("Mul", ["sum", "factor"], ["y"])], [("y", 1, like)],
    one=np.array([1]), kept=KEPT, w=start["w"])
np.testing.assert_array_equal(outputs_of("rows.onnx")["y"], x)
report = json.loads(run("check", "rows.onnx", "--json").stdout)
assert report["composites"].get("dropout") == 1, report["composites"]
np.savez("x.npz", x=np.zeros_like(x), label=np.ones((SAMPLES, WIDTH), np.float32))
kept = []
for steps in (1, 2):
    after = trained("rows.onnx", "--steps", steps, "--batch", 1000)
    kept.append(after["w"] / (2 / (1000 * WIDTH)) * KEPT)  # the first step: how many samples were kept
counts = kept[0]
assert (counts == counts[0]).all() and abs(counts[0] - round(float(counts[0]))) < 0.02, counts  # all of a row or nothing
assert abs(counts[0] - 750) < 4 * math.sqrt(1000 * 0.75 * 0.25), counts
# With w after the first step, the second one's gradient per kept sample is 2 / 5000 * (1 - w / p) / p.
w = counts[0] * 2 / (1000 * WIDTH) / KEPT
second = (kept[1][0] - counts[0]) / (1 - w / KEPT)
assert abs(second - round(float(second))) < 0.05 and abs(second - 750) < 4 * math.sqrt(1000 * 0.75 * 0.25), second
assert round(float(second)) != round(float(counts[0]))
