"""JAX: the ONNX graph in jax.numpy, the whole step under one jit with its buffers donated."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "test" / "helpers"))
import numpy as np

import onnx_jax
import peer
from onnx_jax import jax, jnp

jax.config.update("jax_enable_x64", False)
task = peer.Task()
work = task.work
graph = onnx_jax.Graph(task.path, np.float32)
logits = graph.outputs[0]
if task.training and work.loss == "bce":  # from logits, as one would write it
    last = next(node for node in graph.model.graph.node if logits in node.output)
    logits = graph.outputs[0] = last.input[0]
parameters = {n: jnp.asarray(w) for n, w in graph.weights.items() if np.issubdtype(w.dtype, np.floating) and "running_" not in n}


class Masks:
    """JAX's own random numbers for the dropouts of a step, and where batch normalisations leave their statistics."""

    def __init__(self, key):
        self.key, self.sites, self.statistics = key, 0, {}

    def mask(self, shape, probability):
        self.sites += 1
        return jax.random.bernoulli(jax.random.fold_in(self.key, self.sites), probability, shape)


def get_loss(parameters, statistics, x, label, count):
    masks = Masks(jax.random.fold_in(jax.random.key(0), count))
    scores = graph({"x": x}, {**parameters, **statistics}, training=masks)[logits]
    if work.loss == "bce":
        loss = (jnp.maximum(scores, 0) - scores * label + jnp.log1p(jnp.exp(-jnp.abs(scores)))).mean()
    else:
        picked = jnp.take_along_axis(jax.nn.log_softmax(scores, -1), label.reshape(*scores.shape[:-1], 1), -1)
        loss = -picked.mean()
    return loss, masks.statistics


def update(parameter, gradient, slots, count):
    if work.optimizer == "momentum":
        buffer = 0.9 * slots[0] + gradient
        return parameter - work.lr * buffer, (buffer,)
    m, v = 0.9 * slots[0] + 0.1 * gradient, 0.999 * slots[1] + 0.001 * gradient**2
    decayed = parameter * (1 - work.lr * 0.01) if work.optimizer == "adamw" else parameter
    step = work.lr / (1 - 0.9**count)
    return decayed - step * m / (jnp.sqrt(v / (1 - 0.999**count)) + 1e-8), (m, v)


def train_step(parameters, slots, statistics, x, label, count):
    (loss, statistics), gradients = jax.value_and_grad(get_loss, has_aux=True)(parameters, statistics, x, label, count)
    changed = {n: update(parameters[n], g, slots[n], count) for n, g in gradients.items()}
    return {n: c[0] for n, c in changed.items()}, {n: c[1] for n, c in changed.items()}, statistics, loss


jitted = jax.jit(train_step, donate_argnums=(0, 1, 2))
forward = jax.jit(lambda parameters, x: graph({"x": x}, parameters)[graph.outputs[0]])
slots = {n: tuple(jnp.zeros_like(p) for _ in range(1 if work.optimizer == "momentum" else 2)) for n, p in parameters.items()}
statistics = {n: jnp.asarray(w) for n, w in graph.weights.items() if "running_" in n}
count = 0


def train(batch):
    global parameters, slots, statistics, count
    count += 1
    parameters, slots, statistics, loss = jitted(parameters, slots, statistics, batch["x"], batch["label"], float(count))
    return float(loss)


peer.serve(task, jax.__version__, train if task.training else lambda batch: np.asarray(forward(parameters, batch["x"])))
