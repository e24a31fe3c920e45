"""ONNX graphs evaluated by jax.numpy, so that jax.grad checks any graph we train.

Written from the ONNX operator specification alone. Values that are known without the inputs (shapes, axes) stay NumPy
arrays, so that a graph can be traced by jax.jit and jax.grad although its shapes are computed by nodes.
"""
import numpy as np
import onnx
from onnx import numpy_helper

import onnx_jax_indexing  # noqa: F401: adds its operators
import onnx_jax_layers  # noqa: F401
from onnx_jax_registry import OPERATORS, ints, jax, jnp, module_of, operator


class Training:
    """What a pass over a graph in training form depends on, and the running statistics that it leaves behind."""

    def __init__(self, seed, iteration, first):
        self.seed, self.iteration, self.first = seed, iteration, first  # `first`: samples of the batch before this part
        self.sites, self.statistics = 0, {}

    def mask(self, shape, probability):
        """Philox4x32-10, written from the paper: true with `probability`, by element and site."""
        site, self.sites = self.sites, self.sites + 1
        low = lambda x: x & jnp.uint64(0xFFFFFFFF)
        high = lambda x: x >> jnp.uint64(32)
        number = lambda x: jnp.asarray(x).astype(jnp.uint64)
        size = int(np.prod(shape))
        index = jnp.arange(size, dtype=jnp.uint64) + number(self.first) * number(size // shape[0])
        block, seed = index // 4, number(self.seed)
        c = [low(block), high(block), number(site), low(number(self.iteration))]
        k = [low(seed), high(seed)]
        for _ in range(10):
            a, b = number(0xD2511F53) * c[0], number(0xCD9E8D57) * c[2]
            c = [high(b) ^ c[1] ^ k[0], low(b), high(a) ^ c[3] ^ k[1], low(a)]
            k = [low(k[0] + number(0x9E3779B9)), low(k[1] + number(0xBB67AE85))]
        words = jnp.choose((index % 4).astype(jnp.int32), [jnp.broadcast_to(w, index.shape) for w in c], mode="wrap")
        return (words >= number(round((1 - probability) * 2**32))).reshape(shape)


class Graph:
    """A model whose floating-point tensors are all of `dtype`."""

    def __init__(self, path, dtype=np.float64):
        self.model = onnx.load(path)
        self.dtype = np.dtype(dtype)
        graph = self.model.graph
        self.opset = next(o.version for o in self.model.opset_import if o.domain in ("", "ai.onnx"))
        self.weights = {t.name: self.cast(numpy_helper.to_array(t)) for t in graph.initializer}
        self.inputs = [i.name for i in graph.input if i.name not in self.weights]
        self.outputs = [o.name for o in graph.output]
        unknown = sorted({n.op_type for n in graph.node} - OPERATORS.keys())
        if unknown:
            raise NotImplementedError(f"no reference for {', '.join(unknown)}")

    def cast(self, array):
        array = np.asarray(array)
        return array.astype(self.dtype) if np.issubdtype(array.dtype, np.floating) else array

    def __call__(self, inputs, parameters=None, training=None):
        """Outputs by name; `parameters` replace initializers of their names. With `training`, batch normalisations and
        dropouts do what they do in training steps, whatever mode the file says."""
        self.training = training
        values = {"": None, **self.weights, **{n: self.cast(v) if isinstance(v, np.ndarray) else v
                                               for n, v in inputs.items()}, **(parameters or {})}
        # Inputs must be traced values, or a model without parameters in front would be evaluated by NumPy.
        values.update({n: jnp.asarray(values[n]) for n in self.inputs})
        for node in self.model.graph.node:
            self.node = node
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            results = OPERATORS[node.op_type](self, attributes, *[values[n] for n in node.input],
                                              **({"count": len(node.output)} if node.op_type == "Split" else {}))
            values.update(zip(node.output, results if isinstance(results, tuple) else (results,)))
        return {n: values[n] for n in self.outputs}


# --- elementwise -----------------------------------------------------------------------------------------------------
def elementwise(name, function):
    OPERATORS[name] = lambda graph, attributes, *x: function(module_of(*x), *x)


def erf(m, x):
    return jax.scipy.special.erf(x)


for name, function in {
        "Add": lambda m, x, y: m.add(x, y), "Sub": lambda m, x, y: m.subtract(x, y),
        "Mul": lambda m, x, y: m.multiply(x, y), "Pow": lambda m, x, y: m.power(x, m.asarray(y).astype(x.dtype)),
        "Div": lambda m, x, y: m.divide(x, y) if np.issubdtype(x.dtype, np.floating) else m.fix(x / y).astype(x.dtype),
        "Mod": lambda m, x, y: m.mod(x, y),  # of integers: the sign is the divisor's
        "Neg": lambda m, x: -x, "Abs": lambda m, x: m.abs(x), "Exp": lambda m, x: m.exp(x),
        "Log": lambda m, x: m.log(x), "Sqrt": lambda m, x: m.sqrt(x), "Reciprocal": lambda m, x: 1 / x,
        "Sin": lambda m, x: m.sin(x), "Cos": lambda m, x: m.cos(x), "Tanh": lambda m, x: m.tanh(x),
        "Sigmoid": lambda m, x: jax.nn.sigmoid(x), "Relu": lambda m, x: jax.nn.relu(x), "Erf": erf,
        "Not": lambda m, x: m.logical_not(x), "And": lambda m, x, y: m.logical_and(x, y),
        "Or": lambda m, x, y: m.logical_or(x, y), "Equal": lambda m, x, y: m.equal(x, y),
        "Softplus": lambda m, x: jax.nn.softplus(x), "IsNaN": lambda m, x: m.isnan(x),
        "Less": lambda m, x, y: m.less(x, y), "LessOrEqual": lambda m, x, y: m.less_equal(x, y),
        "Greater": lambda m, x, y: m.greater(x, y), "GreaterOrEqual": lambda m, x, y: m.greater_equal(x, y),
        "Where": lambda m, c, x, y: m.where(c, x, y), "Identity": lambda m, x: x}.items():
    elementwise(name, function)


@operator("Gelu")
def gelu(graph, attributes, x):
    return jax.nn.gelu(x, approximate=attributes.get("approximate", b"none") == b"tanh")


def hard_sigmoid_of(x, alpha, beta):
    return jnp.clip(alpha * x + beta, 0, 1)


@operator("HardSigmoid")
def hard_sigmoid(graph, attributes, x):
    return hard_sigmoid_of(x, attributes.get("alpha", 0.2), attributes.get("beta", 0.5))


@operator("HardSwish")
def hard_swish(graph, attributes, x):
    return x * hard_sigmoid_of(x, 1 / 6, 0.5)


@operator("Swish")
def swish(graph, attributes, x):
    return x * jax.nn.sigmoid(attributes.get("alpha", 1.0) * x)


@operator("LeakyRelu")
def leaky_relu(graph, attributes, x):
    return jnp.where(x > 0, x, attributes.get("alpha", 0.01) * x)


@operator("Elu")
def elu(graph, attributes, x):
    # Where the branch is not taken, the exponential must not overflow either.
    return jnp.where(x > 0, x, attributes.get("alpha", 1.0) * jnp.expm1(jnp.minimum(x, 0)))


@operator("PRelu")
def prelu(graph, attributes, x, slope):
    return jnp.where(x > 0, x, slope * x)


@operator("Clip")
def clip(graph, attributes, x, low=None, high=None):
    low, high = attributes.get("min", low), attributes.get("max", high)
    m = module_of(x, low, high)
    x = x if low is None else m.where(x < low, low, x)
    return x if high is None else m.where(x > high, high, x)


@operator("Cast")
def cast(graph, attributes, x):
    return convert(graph, x, onnx.helper.tensor_dtype_to_np_dtype(attributes["to"]))


@operator("CastLike")
def cast_like(graph, attributes, x, like):
    return convert(graph, x, like.dtype)


def convert(graph, x, dtype):
    return module_of(x).asarray(x).astype(graph.dtype if np.issubdtype(dtype, np.floating) else dtype)


@operator("Dropout")
def dropout(graph, attributes, x, ratio=None, training=None):
    ratio = float(ratio) if ratio is not None else attributes.get("ratio", 0.5)
    if graph.training is None or ratio == 0:
        return x, module_of(x).ones(x.shape, bool)
    mask = graph.training.mask(x.shape, 1 - ratio)
    return jnp.where(mask, x / (1 - ratio), 0), mask


# --- shapes ----------------------------------------------------------------------------------------------------------
@operator("Shape")
def shape(graph, attributes, x):
    return np.array(x.shape[attributes.get("start", 0):attributes.get("end")], np.int64)


@operator("Reshape")
def reshape(graph, attributes, x, target):
    sizes = [x.shape[i] if s == 0 and not attributes.get("allowzero") else s for i, s in enumerate(ints(target))]
    return x.reshape(sizes)


@operator("Flatten")
def flatten(graph, attributes, x):
    return x.reshape(int(np.prod(x.shape[:attributes.get("axis", 1)])), -1)


@operator("Transpose")
def transpose(graph, attributes, x):
    return x.transpose(attributes.get("perm"))


@operator("Unsqueeze")
def unsqueeze(graph, attributes, x, axes=None):
    return module_of(x).expand_dims(x, tuple(ints(axes) if axes is not None else attributes["axes"]))


@operator("Squeeze")
def squeeze(graph, attributes, x, axes=None):
    axes = ints(axes) if axes is not None else attributes.get("axes")
    return module_of(x).squeeze(x, tuple(axes) if axes else None)


@operator("Expand")
def expand(graph, attributes, x, target):
    return module_of(x).broadcast_to(x, np.broadcast_shapes(x.shape, tuple(ints(target))))


@operator("Tile")
def tile(graph, attributes, x, repeats):
    return module_of(x).tile(x, ints(repeats))


@operator("Concat")
def concat(graph, attributes, *x):
    return module_of(*x).concatenate(x, attributes["axis"])


@operator("Split")
def split(graph, attributes, x, sizes=None, count=0):
    axis = attributes.get("axis", 0)
    sizes = ints(sizes) if sizes is not None else attributes.get("split")
    size = -(-x.shape[axis] // count)
    bounds = np.cumsum(sizes)[:-1] if sizes else [size * i for i in range(1, count)]
    return tuple(module_of(x).split(x, bounds, axis))


@operator("SplitToSequence")
def split_to_sequence(graph, attributes, x, sizes=None):
    axis = attributes.get("axis", 0)
    if sizes is not None and np.ndim(sizes):
        parts = module_of(x).split(x, np.cumsum(ints(sizes))[:-1], axis)
    else:
        size = 1 if sizes is None else int(sizes)
        parts = module_of(x).split(x, list(range(size, x.shape[axis], size)), axis)
    return [p.squeeze(axis) for p in parts] if sizes is None and not attributes.get("keepdims", 1) else list(parts)


@operator("SequenceAt")
def sequence_at(graph, attributes, sequence, position):
    return sequence[int(position)]


@operator("Slice")
def slice_(graph, attributes, x, starts=None, ends=None, axes=None, steps=None):
    if starts is None:
        starts, ends, axes = attributes["starts"], attributes["ends"], attributes.get("axes")
    starts, ends = ints(starts), ints(ends)
    axes = ints(axes) if axes is not None else range(len(starts))
    steps = ints(steps) if steps is not None else [1] * len(starts)
    picked = [slice(None)] * x.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps):
        picked[axis] = slice(start, None if step < 0 and end < -x.shape[axis] else end, step)
    return x[tuple(picked)]


# --- values ----------------------------------------------------------------------------------------------------------
@operator("Constant")
def constant(graph, attributes):
    (name, value), = attributes.items()
    if name == "value":
        return graph.cast(numpy_helper.to_array(value))
    return graph.cast(np.array(value, np.float32 if "float" in name else np.int64))


@operator("ConstantOfShape")
def constant_of_shape(graph, attributes, target):
    value = graph.cast(numpy_helper.to_array(attributes["value"])) if "value" in attributes else graph.cast(np.float32(0))
    return np.full(ints(target), value.reshape(-1)[0] if value.ndim else value)


@operator("Range")
def range_(graph, attributes, start, limit, delta):
    return np.arange(start, limit, delta, dtype=np.asarray(start).dtype)
