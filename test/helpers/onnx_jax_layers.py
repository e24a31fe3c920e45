"""Contractions, convolutions, pooling, reductions and normalisations of ONNX by jax.numpy."""
import numpy as np

from onnx_jax_registry import OPERATORS, ints, jax, jnp, module_of, operator


# --- contractions and convolutions -----------------------------------------------------------------------------------
@operator("MatMul")
def matmul(graph, attributes, x, y):
    return module_of(x, y).matmul(x, y)


@operator("Einsum")
def einsum(graph, attributes, *x):
    return jnp.einsum(attributes["equation"].decode(), *x)


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
    axes = attributes.get("axes", range(x.ndim))
    if graph.opset < 11:  # which knew no region
        attributes = {"coordinate_transformation_mode": b"asymmetric", "nearest_mode": b"floor", **attributes}
        scales = region
    if sizes is not None and np.size(sizes):
        results = ints(sizes)
        scales = [r / x.shape[axis] for r, axis in zip(results, axes)]
    else:
        scales = [float(s) for s in np.asarray(scales)]
        results = [int(np.floor(f * x.shape[axis])) for f, axis in zip(scales, axes)]
    for axis, result, scale in zip(axes, results, scales):
        if result != x.shape[axis]:
            x = resize_dimension(attributes, x, axis, result, scale)
    return x


@operator("Upsample")
def upsample(graph, attributes, x, scales=None):
    return resize(graph, attributes, x, attributes["scales"] if scales is None else scales)


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
