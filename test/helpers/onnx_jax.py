"""ONNX graphs evaluated by jax.numpy, so that jax.grad checks any graph we train.

Written from the ONNX operator specification alone. Values that are known without the inputs (shapes, axes) stay NumPy
arrays, so that a graph can be traced by jax.jit and jax.grad although its shapes are computed by nodes.
"""
import jax
import numpy as np
import onnx
from onnx import numpy_helper

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp  # noqa: E402

OPERATORS = {}


def operator(*names):
    def register(function):
        for name in names:
            OPERATORS[name] = function
        return function
    return register


def module_of(*values):
    """NumPy where everything is known, else JAX."""
    return np if all(v is None or isinstance(v, (np.ndarray, np.generic, list)) for v in values) else jnp


def ints(value):
    return [int(v) for v in np.asarray(value).reshape(-1)]


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


# --- contractions and convolutions -----------------------------------------------------------------------------------
@operator("MatMul")
def matmul(graph, attributes, x, y):
    return module_of(x, y).matmul(x, y)


@operator("Gemm")
def gemm(graph, attributes, a, b, c=None):
    a, b = a.T if attributes.get("transA") else a, b.T if attributes.get("transB") else b
    product = attributes.get("alpha", 1.0) * (a @ b)
    return product if c is None else product + attributes.get("beta", 1.0) * c


def get_pads(attributes, shape, window, strides, dilations):
    rank, mode = len(window), attributes.get("auto_pad", b"NOTSET")
    if mode in (b"NOTSET", b"VALID"):
        pads = attributes.get("pads", [0] * 2 * rank) if mode == b"NOTSET" else [0] * 2 * rank
        return list(zip(pads[:rank], pads[rank:]))
    pads = []
    for size, extent, stride, dilation in zip(shape, window, strides, dilations):
        total = max((-(-size // stride) - 1) * stride + (extent - 1) * dilation + 1 - size, 0)
        less, more = total // 2, total - total // 2
        pads.append((less, more) if mode == b"SAME_UPPER" else (more, less))
    return pads


@operator("Conv")
def conv(graph, attributes, x, weight, bias=None):
    rank = x.ndim - 2
    strides, dilations = (attributes.get(n, [1] * rank) for n in ("strides", "dilations"))
    pads = get_pads(attributes, x.shape[2:], weight.shape[2:], strides, dilations)
    result = jax.lax.conv_general_dilated(x, weight, strides, pads, rhs_dilation=dilations,
                                          feature_group_count=attributes.get("group", 1))
    return result if bias is None else result + bias.reshape([-1] + [1] * rank)


@operator("ConvTranspose")
def conv_transpose(graph, attributes, x, weight, bias=None):
    """The convolution of the input, its elements apart by the strides, with the weight turned round."""
    rank, groups = x.ndim - 2, attributes.get("group", 1)
    ones, zeros = [1] * rank, [0] * rank
    strides, dilations = (attributes.get(n, ones) for n in ("strides", "dilations"))
    pads, more = attributes.get("pads", zeros * 2), attributes.get("output_padding", zeros)
    assert "output_shape" not in attributes and attributes.get("auto_pad", b"NOTSET") == b"NOTSET"
    inputs, outputs, *window = weight.shape
    weight = weight.reshape(groups, inputs // groups, outputs, *window).swapaxes(1, 2)
    weight = jnp.flip(weight.reshape(groups * outputs, inputs // groups, *window), range(2, 2 + rank))
    reach = [d * (w - 1) for d, w in zip(dilations, window)]
    pads = [(r - low, r - high + m) for r, low, high, m in zip(reach, pads[:rank], pads[rank:], more)]
    result = jax.lax.conv_general_dilated(x, weight, ones, pads, lhs_dilation=strides, rhs_dilation=dilations,
                                          feature_group_count=groups)
    return result if bias is None else result + bias.reshape([-1] + ones)


def get_source(attributes, y, size, result, scale):
    """Where position y of a resized dimension lies in the input."""
    mode = attributes.get("coordinate_transformation_mode", b"half_pixel").decode()
    return {"half_pixel": (y + 0.5) / scale - 0.5, "asymmetric": y / scale,
            "pytorch_half_pixel": (y + 0.5) / scale - 0.5 if result > 1 else -0.5 + 0 * y,
            "align_corners": y * (size - 1) / max(result - 1, 1)}[mode]


def resize_dimension(attributes, x, axis, result, scale):
    size = x.shape[axis]
    position = get_source(attributes, np.arange(result), size, result, scale)
    if attributes.get("mode", b"nearest") == b"nearest":
        rounded = {b"floor": np.floor, b"ceil": np.ceil, b"round_prefer_floor": lambda p: np.ceil(p - 0.5),
                   b"round_prefer_ceil": lambda p: np.floor(p + 0.5)}
        index = rounded[attributes.get("nearest_mode", b"round_prefer_floor")](position)
        return x.take(np.clip(index, 0, size - 1).astype(int), axis)
    assert attributes["mode"] == b"linear"
    low = np.floor(position)
    share = (position - low).astype(x.dtype).reshape([-1] + [1] * (x.ndim - axis - 1))
    pick = lambda index: x.take(np.clip(index, 0, size - 1).astype(int), axis)
    return pick(low) * (1 - share) + pick(low + 1) * share


@operator("Resize")
def resize(graph, attributes, x, region=None, scales=None, sizes=None):
    if sizes is not None and np.size(sizes):
        results = ints(sizes)
        scales = [r / s for r, s in zip(results, x.shape)]
    else:
        scales = [float(s) for s in np.asarray(scales)]
        results = [int(np.floor(f * s)) for f, s in zip(scales, x.shape)]
    for axis, (result, scale) in enumerate(zip(results, scales)):
        if result != x.shape[axis]:
            x = resize_dimension(attributes, x, axis, result, scale)
    return x


def windows(attributes, x, initial, combine):
    window = attributes["kernel_shape"]
    strides, dilations = (attributes.get(n, [1] * len(window)) for n in ("strides", "dilations"))
    pads = get_pads(attributes, x.shape[2:], window, strides, dilations)
    if attributes.get("ceil_mode"):
        for i, (size, (low, high)) in enumerate(zip(x.shape[2:], pads)):
            extent = (window[i] - 1) * dilations[i] + 1
            count = -(-(size + low + high - extent) // strides[i]) + 1
            count -= (count - 1) * strides[i] >= size + low  # a window starts inside
            pads[i] = low, max(high, (count - 1) * strides[i] + extent - size - low)
    pads = [(0, 0), (0, 0)] + pads
    return jax.lax.reduce_window(x, x.dtype.type(initial), combine, (1, 1, *window), (1, 1, *strides), pads,
                                 window_dilation=(1, 1, *dilations))


@operator("MaxPool")
def max_pool(graph, attributes, x):
    return windows(attributes, x, -np.inf, jax.lax.max)


@operator("AveragePool")
def average_pool(graph, attributes, x):
    total = windows(attributes, x, 0, jax.lax.add)
    if attributes.get("count_include_pad"):
        return total / np.prod(attributes["kernel_shape"])
    return total / windows(attributes, jnp.ones_like(x), 0, jax.lax.add)


@operator("GlobalAveragePool")
def global_average_pool(graph, attributes, x):
    return x.mean(tuple(range(2, x.ndim)), keepdims=True)


# --- reductions and normalisations -----------------------------------------------------------------------------------
def reduction(name, function):
    def evaluate(graph, attributes, x, axes=None):
        axes = ints(axes) if axes is not None else attributes.get("axes", [])
        if not axes and attributes.get("noop_with_empty_axes"):
            return x
        return function(module_of(x), x, axis=tuple(axes) or None, keepdims=bool(attributes.get("keepdims", 1)))
    OPERATORS[name] = evaluate


reduction("ReduceMean", lambda m, x, **k: m.mean(x, **k))
reduction("ReduceSum", lambda m, x, **k: m.sum(x, **k))
reduction("ReduceMax", lambda m, x, **k: m.max(x, **k))
reduction("ReduceL2", lambda m, x, **k: m.sqrt(m.sum(x * x, **k)))
reduction("ReduceMin", lambda m, x, **k: m.min(x, **k))


@operator("Softmax")
def softmax(graph, attributes, x):
    return normalise(graph, attributes, x, jax.nn.softmax)


@operator("LogSoftmax")
def log_softmax(graph, attributes, x):
    return normalise(graph, attributes, x, jax.nn.log_softmax)


def normalise(graph, attributes, x, function):
    if graph.opset >= 13:
        return function(x, axis=attributes.get("axis", -1))
    rows = x.reshape(int(np.prod(x.shape[:attributes.get("axis", 1)])), -1)  # older opsets flatten to a matrix
    return function(rows, axis=1).reshape(x.shape)


@operator("BatchNormalization")
def batch_normalization(graph, attributes, x, scale, bias, mean, variance):
    along = lambda v: v.reshape([1, -1] + [1] * (x.ndim - 2))
    if graph.training is not None:
        axes = (0, *range(2, x.ndim))
        batch_mean = x.mean(axes)
        batch = batch_mean, ((x - along(batch_mean)) ** 2).mean(axes)
        momentum, known = attributes.get("momentum", 0.9), graph.training.statistics
        for name, running, observed in zip(graph.node.input[3:], (mean, variance), batch):
            known[name] = momentum * known.get(name, running) + (1 - momentum) * observed
        mean, variance = batch
    return (x - along(mean)) / jnp.sqrt(along(variance) + attributes.get("epsilon", 1e-5)) * along(scale) + along(bias)


@operator("LayerNormalization")
def layer_normalization(graph, attributes, x, scale, bias=None):
    axes = tuple(range(attributes.get("axis", -1) % x.ndim, x.ndim))
    mean = x.mean(axes, keepdims=True)
    variance = ((x - mean) ** 2).mean(axes, keepdims=True)
    result = (x - mean) / jnp.sqrt(variance + attributes.get("epsilon", 1e-5)) * scale
    return result if bias is None else result + bias


@operator("RMSNormalization")
def rms_normalization(graph, attributes, x, scale):
    axes = tuple(range(attributes.get("axis", -1) % x.ndim, x.ndim))
    return x / jnp.sqrt((x**2).mean(axes, keepdims=True) + attributes.get("epsilon", 1e-5)) * scale


def normalise_groups(x, groups, epsilon):
    rows = x.reshape(x.shape[0], groups, -1)
    centred = rows - rows.mean(-1, keepdims=True)
    return (centred / jnp.sqrt((centred**2).mean(-1, keepdims=True) + epsilon)).reshape(x.shape)


@operator("InstanceNormalization")
def instance_normalization(graph, attributes, x, scale, bias):
    along = lambda v: v.reshape([-1] + [1] * (x.ndim - 2))
    return normalise_groups(x, x.shape[1], attributes.get("epsilon", 1e-5)) * along(scale) + along(bias)


@operator("GroupNormalization")
def group_normalization(graph, attributes, x, scale, bias):
    groups = attributes["num_groups"]
    along = lambda v: jnp.repeat(v, x.shape[1] // len(v)).reshape([-1] + [1] * (x.ndim - 2))  # by group before opset 21
    return normalise_groups(x, groups, attributes.get("epsilon", 1e-5)) * along(scale) + along(bias)


@operator("Attention")
def attention(graph, attributes, q, k, v, mask=None):
    assert q.ndim == 4 and not attributes.get("softcap")
    k, v = (jnp.repeat(t, q.shape[1] // t.shape[1], 1) for t in (k, v))
    scores = q @ k.swapaxes(2, 3) * attributes.get("scale", q.shape[3] ** -0.5)
    if attributes.get("is_causal"):
        scores = jnp.where(np.tri(*scores.shape[2:], dtype=bool), scores, -jnp.inf)
    if mask is not None:
        scores = jnp.where(mask, scores, -jnp.inf) if mask.dtype == bool else scores + mask
    return jax.nn.softmax(scores) @ v


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


@operator("Gather")
def gather(graph, attributes, x, indices):
    return module_of(x, indices).take(x, indices, axis=attributes.get("axis", 0))


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


@operator("Trilu")
def trilu(graph, attributes, x, k=None):
    m = module_of(x)
    return (m.triu if attributes.get("upper", 1) else m.tril)(x, int(k) if k is not None else 0)
