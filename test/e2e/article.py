# RUN: %python %s
"""The two networks of the founding article on ten standardised columns of the breast-cancer set, beside JAX."""
import numpy as np
from onnx_jax import Graph
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

import order
import reference
import training
from glyptic_tool import enter_folder, log_lines, run

EPOCHS, BATCH, SEED = 10, 32, 1
OPTIONS = reference.Options(loss="bce", optimizer="adam")
MOMENTUM = reference.Options(loss="bce", optimizer="momentum", lr=0.1, weight_decay=1e-2)

enter_folder()
cancer = load_breast_cancer()
points, held_out, label, held_out_label = train_test_split(
    cancer.data[:, :10], cancer.target, test_size=0.2, stratify=cancer.target, random_state=0)
mean, deviation = points.mean(0), points.std(0)
train, valid = ({"x": ((x - mean) / deviation).astype(np.float32), "label": y.astype(np.int64)}
                for x, y in ((points, label), (held_out, held_out_label)))
np.savez("train.npz", **train)
np.savez("valid.npz", **valid)


def check_steps(model):
    """Twenty steps against JAX; labels as a column are the same labels."""
    for options in (OPTIONS, MOMENTUM):
        training.check(model, options, train, BATCH, 20)
    column = {**train, "label": train["label"][:, None].astype(np.float32)}
    flat, tall = (training.train(model, OPTIONS, data, BATCH, 20) for data in (train, column))
    for name in flat:
        np.testing.assert_array_equal(flat[name], tall[name], err_msg=name)


def check_epochs(model):
    """Ten epochs: the loss falls, and what is held out is judged as by JAX from the same weights in the same order."""
    run("train", model, "--data", "train.npz", "--valid", "valid.npz", "--loss", "bce", "--optimizer", "adam",
        "--metric", "accuracy", "--epochs", EPOCHS, "--batch", BATCH, "--seed", SEED, "--log", "log.jsonl",
        "-o", "trained.onnx")
    steps, evaluations = log_lines("log.jsonl")
    jax = reference.Trainer(model, OPTIONS, reference.trainable(model), np.float64)
    jax.train(order.epochs(train, BATCH, EPOCHS, SEED))
    losses = [step["loss"] for step in steps]
    np.testing.assert_allclose(losses, jax.losses, rtol=1e-4)
    held_out = [evaluation["loss"] for evaluation in evaluations]
    assert len(held_out) == EPOCHS and held_out == sorted(held_out, reverse=True), held_out

    run("run", "trained.onnx", "--input", "valid.npz", "--output", "out.npz")
    probability = np.load("out.npz")["probability"]
    expected = np.asarray(Graph(model)({"x": valid["x"]}, jax.parameters)["probability"])
    np.testing.assert_allclose(probability, expected, atol=1e-4)
    accuracy, jax_accuracy = (np.mean((p[:, 0] > 0.5) == valid["label"]) for p in (probability, expected))
    assert abs(accuracy - jax_accuracy) <= np.mean(np.abs(expected - 0.5) < 1e-4), (accuracy, jax_accuracy)
    assert abs(evaluations[-1]["accuracy"] - accuracy) < 1e-6, (evaluations[-1], accuracy)
    print(f"{model}: held-out loss {held_out[0]:.4f} to {held_out[-1]:.4f}, accuracy {accuracy:.1%}")


for name in ("mlp", "linear"):
    run("new", name, "-o", f"{name}.onnx", "--seed", SEED)
    check_steps(f"{name}.onnx")
    check_epochs(f"{name}.onnx")
