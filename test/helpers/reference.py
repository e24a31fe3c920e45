"""Training by the book: PyTorch's losses and optimizers over the same .onnx file, in JAX, in FP64 or FP32."""
import fnmatch
import json
import math
from dataclasses import dataclass, field

import numpy as np
from onnx_jax import Graph, Training, jax, jnp


def read_safetensors(path):
    """Tensors of a safetensors file by name."""
    types = {"F32": "<f4", "F64": "<f8", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I8": "i1", "U8": "u1", "BOOL": "?"}
    data = open(path, "rb").read()
    start = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        if name != "__metadata__":
            begin, end = (start + o for o in entry["data_offsets"])
            tensors[name] = np.frombuffer(data[begin:end], types[entry["dtype"]]).reshape(entry["shape"])
    return tensors


@dataclass
class Options:
    """As the flags of `glyptic train`, with PyTorch's defaults."""
    loss: str = "cross-entropy"
    optimizer: str = "adam"
    label: str = "label"
    lr: float = None
    weight_decay: float = None
    no_decay: list = field(default_factory=list)
    betas: tuple = (0.9, 0.999)
    eps: float = 1e-8
    momentum: float = 0.9
    clip_norm: float = None
    schedule: str = "constant"
    warmup: int = 0
    steps: int = 0
    min_lr: float = 0.0
    ignore_index: int = -100
    label_smoothing: float = 0.0
    accumulate: int = 1
    seed: int = 0

    def learning_rate(self, step):
        base = self.lr if self.lr is not None else 1e-3 if self.optimizer.startswith("adam") else 1e-2
        if step < self.warmup:
            return base * (step + 1) / self.warmup
        if self.schedule == "constant":
            return base
        progress = min((step - self.warmup) / max(self.steps - self.warmup, 1), 1.0)
        if self.schedule == "linear":
            return base + (self.min_lr - base) * progress
        return self.min_lr + (base - self.min_lr) * 0.5 * (1 + math.cos(math.pi * progress))

    def decay(self, name):
        default = 0.01 if self.optimizer == "adamw" else 0.0
        spared = any(fnmatch.fnmatchcase(name, glob) for glob in self.no_decay)
        return 0.0 if spared else default if self.weight_decay is None else self.weight_decay


def cross_entropy(options, scores, labels):
    """PyTorch's CrossEntropyLoss; classes in dimension 1 of images, else in the last."""
    return nll(options, jax.nn.log_softmax(scores, 1 if scores.ndim >= 4 else -1), labels)


def nll(options, logp, labels):
    logp = jnp.moveaxis(logp, 1 if logp.ndim >= 4 else -1, -1)
    labels = labels.reshape(logp.shape[:-1])
    counted = labels != options.ignore_index
    picked = jnp.take_along_axis(logp, jnp.where(counted, labels, 0)[..., None], -1)[..., 0]
    s = options.label_smoothing
    losses = -(1 - s) * picked - s * logp.mean(-1)
    return jnp.where(counted, losses, 0).sum() / counted.sum()


def bce(options, p, labels):
    """PyTorch's BCELoss, whose logarithms end at -100."""
    labels = labels.reshape(p.shape).astype(p.dtype)
    log = lambda x: jnp.maximum(jnp.log(x), -100)
    return -(labels * log(p) + (1 - labels) * log(1 - p)).mean()


def bce_logits(options, x, labels):
    labels = labels.reshape(x.shape).astype(x.dtype)
    return (jnp.maximum(x, 0) - x * labels + jnp.log1p(jnp.exp(-jnp.abs(x)))).mean()


def mse(options, y, labels):
    return ((y - labels.reshape(y.shape).astype(y.dtype)) ** 2).mean()


def l1(options, y, labels):
    return jnp.abs(y - labels.reshape(y.shape).astype(y.dtype)).mean()


def huber(options, y, labels):
    size = jnp.abs(y - labels.reshape(y.shape).astype(y.dtype))
    return jnp.where(size <= 1, 0.5 * size**2, size - 0.5).mean()


LOSSES = {"cross-entropy": cross_entropy, "nll": nll, "bce": bce, "bce-logits": bce_logits, "mse": mse, "l1": l1, "huber": huber}
ACTIVATIONS = {"cross-entropy": ("Softmax", "LogSoftmax"), "bce": ("Sigmoid",), "bce-logits": ("Sigmoid",)}
SLOTS = {"sgd": (), "momentum": ("momentum_buffer",), "nesterov": ("momentum_buffer",),
         "adam": ("exp_avg", "exp_avg_sq"), "adamw": ("exp_avg", "exp_avg_sq")}


def update(options, name, parameter, gradient, slots, step):
    """PyTorch's update number `step` (from 1) of NumPy arrays; returns the parameter and its slots."""
    lr, decay = options.learning_rate(step - 1), options.decay(name)
    if options.optimizer == "adamw":
        parameter = parameter * (1 - lr * decay)
    elif decay:
        gradient = gradient + decay * parameter
    if options.optimizer == "sgd":
        return parameter - lr * gradient, ()
    if options.optimizer in ("momentum", "nesterov"):
        buffer = options.momentum * slots[0] + gradient
        change = gradient + options.momentum * buffer if options.optimizer == "nesterov" else buffer
        return parameter - lr * change, (buffer,)
    (b1, b2), (m, v) = options.betas, slots
    m, v = b1 * m + (1 - b1) * gradient, b2 * v + (1 - b2) * gradient**2
    denominator = np.sqrt(v) / math.sqrt(1 - b2**step) + options.eps
    return parameter - lr / (1 - b1**step) * m / denominator, (m, v)


class Trainer:
    """Trains initializers of a model; `dtype` is that of all floating-point tensors."""

    def __init__(self, path, options, parameters, dtype):
        self.options, self.graph = options, Graph(path, dtype)
        self.parameters = {n: self.graph.weights[n] for n in parameters}
        self.statistics = {n: self.graph.weights[n] for n in running_statistics(self.graph)}
        self.slots = {n: tuple(np.zeros_like(v) for _ in SLOTS[options.optimizer])
                      for n, v in self.parameters.items()}
        self.step, self.losses = 0, []
        self.loss = LOSSES[options.loss]
        self._use_logits()
        self.gradient = jax.jit(jax.value_and_grad(self._mean_loss, has_aux=True))

    def _use_logits(self):
        """As Glyptic does: a model that ends in the loss's own activation is trained from its logits."""
        graph = self.graph.model.graph
        last = next((n for n in graph.node if self.graph.outputs[0] in n.output), None)
        if last is not None and last.op_type in ACTIVATIONS.get(self.options.loss, ()):
            self.graph.outputs[0] = last.input[0]
            if self.options.loss == "bce":
                self.loss = bce_logits

    def _mean_loss(self, parameters, statistics, inputs, labels, iteration, first):
        training = Training(self.options.seed, iteration, first)
        outputs = self.graph(inputs, {**parameters, **statistics}, training)
        return self.loss(self.options, outputs[self.graph.outputs[0]], labels), training.statistics

    def _mean_gradient(self, batch, labels):
        """Over microbatches, each with statistics of its own; running ones follow them in order."""
        count = len(labels)
        size = -(-count // self.options.accumulate)
        loss, gradients = 0.0, {n: 0.0 for n in self.parameters}
        for first in range(0, count, size):
            part = {n: v[first:first + size] for n, v in batch.items()}
            (value, observed), slopes = self.gradient(self.parameters, self.statistics, part, labels[first:first + size],
                                                      self.step, first)
            observed, slopes = jax.device_get((observed, slopes))
            self.statistics.update(observed)
            share = min(size, count - first) / count
            loss += share * value
            gradients = {n: g + share * slopes[n] for n, g in gradients.items()}
        return loss, gradients

    def train(self, batches):
        """`batches` of arrays by name, the label among them: an update each."""
        for batch in batches:
            batch = {n: self.graph.cast(v) for n, v in batch.items()}
            labels = batch.pop(self.options.label)
            loss, gradients = self._mean_gradient(batch, labels)
            if self.options.clip_norm:
                norm = math.sqrt(sum(float((g**2).sum()) for g in gradients.values()))
                factor = min(1.0, self.options.clip_norm / (norm + 1e-6))
                gradients = {n: g * factor for n, g in gradients.items()}
            self.step += 1
            self.losses.append(float(loss))
            for name, gradient in gradients.items():
                self.parameters[name], self.slots[name] = update(
                    self.options, name, self.parameters[name], gradient, self.slots[name], self.step)
        return self

    def state(self):
        """Parameters, running statistics and slots under the names of `glyptic train --save-state`."""
        state = {n: np.asarray(v) for n, v in {**self.parameters, **self.statistics}.items()}
        for name, slots in self.slots.items():
            state.update({f"optimizer.{s}.{name}": np.asarray(v) for s, v in zip(SLOTS[self.options.optimizer], slots)})
        return state


def batches(data, size, steps):
    """The batches of an unshuffled run (`--shuffle off`): in order, the last of an epoch partial."""
    count, begin = len(next(iter(data.values()))), 0
    for _ in range(steps):
        yield {n: v[begin:begin + size] for n, v in data.items()}
        begin = begin + size if begin + size < count else 0


def running_statistics(graph):
    """Initializers that batch normalisations update."""
    return [n for node in graph.model.graph.node if node.op_type == "BatchNormalization" for n in node.input[3:]
            if n in graph.weights]


def trainable(path, frozen=()):
    """Floating-point initializers, less running statistics and those whose names match a glob of `frozen` (as --freeze;
    tables and masks). A number alone is a constant of the architecture (a scale, the value of a mask)."""
    graph = Graph(path)
    return [n for n, v in graph.weights.items()
            if np.issubdtype(v.dtype, np.floating) and v.ndim and n not in running_statistics(graph) and
            not any(fnmatch.fnmatchcase(n, glob) for glob in frozen)]


def compare(path, options, state, data, batch, steps, frozen=(), zero_gradients={}):
    """Checks a saved `state` after `steps` updates on `data` in order, by the rule of docs/decisions.md: no element's
    error against JAX in FP64 exceeds twice the tensor's largest error of JAX in FP32, plus 1e-6.

    `zero_gradients` are indices, by glob, of elements whose true gradient is zero (key biases of an attention): rounding
    alone moves them, so they must exist and are left out. Returns the largest ratio of error to bound."""
    exact, rounded = (Trainer(path, options, trainable(path, frozen), dtype).train(batches(data, batch, steps)).state()
                      for dtype in (np.float64, np.float32))
    worst = 0.0
    for name, truth in exact.items():
        assert name in state, f"{name} is missing from the saved state"
        assert state[name].shape == truth.shape, f"{name}: {state[name].shape} instead of {truth.shape}"
        meant = np.ones(truth.shape, bool)
        for pattern, index in zero_gradients.items():
            if fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(name, "optimizer.*." + pattern):
                meant[index] = False
        if not meant.any():
            continue
        error = np.abs(state[name].astype(np.float64) - truth)[meant].max()
        bound = 2 * np.abs(rounded[name].astype(np.float64) - truth)[meant].max() + 1e-6
        assert error <= bound, f"{name}: error {error:.3g} exceeds {bound:.3g} after {steps} steps"
        worst = max(worst, error / bound)
    assert state["training.step"] == steps, f"{state['training.step']} updates instead of {steps}"
    return worst
