"""ONNX operators that pick, place, order, pad and accumulate elements, by jax.numpy."""
import numpy as np

from onnx_jax_registry import ints, jax, jnp, module_of, operator


def positions(shape, indices, axis):
    """The place in a tensor of `shape` that each index along `axis` means; negative ones count from the end."""
    grid = list(np.indices(indices.shape, sparse=True))
    grid[axis] = jnp.where(indices < 0, indices + shape[axis], indices)
    return tuple(grid)


@operator("Gather")
def gather(graph, attributes, x, indices):
    return module_of(x, indices).take(x, indices, axis=attributes.get("axis", 0))


@operator("GatherElements")
def gather_elements(graph, attributes, x, indices):
    return x[positions(x.shape, indices, attributes.get("axis", 0))]


@operator("ScatterElements", "Scatter")
def scatter_elements(graph, attributes, x, indices, updates):
    places = jnp.asarray(x).at[positions(x.shape, indices, attributes.get("axis", 0))]
    reduction = attributes.get("reduction", b"none").decode()
    return {"none": places.set, "add": places.add, "mul": places.multiply, "max": places.max, "min": places.min}[reduction](updates)


@operator("TopK")
def top_k(graph, attributes, x, k=None):
    count = attributes["k"] if k is None else int(np.asarray(k).reshape(()))
    axis, sign = attributes.get("axis", -1), 1 if attributes.get("largest", 1) else -1
    _, indices = jax.lax.top_k(jnp.moveaxis(sign * x, axis, -1), count)
    indices = jnp.moveaxis(indices, -1, axis)
    return jnp.take_along_axis(x, indices, axis), indices.astype(jnp.int64)


@operator("CumSum")
def cum_sum(graph, attributes, x, axis):
    m, axis, reverse = module_of(x), int(axis), attributes.get("reverse", 0)
    turned = m.flip(x, axis) if reverse else x
    result = m.cumsum(turned, axis)
    result = result - turned if attributes.get("exclusive", 0) else result
    return m.flip(result, axis) if reverse else result


@operator("Pad")
def pad(graph, attributes, x, pads=None, value=None, axes=None):
    pads = attributes["pads"] if pads is None else ints(pads)
    axes = range(x.ndim) if axes is None else ints(axes)
    widths = [(0, 0)] * x.ndim
    for axis, low, high in zip(axes, pads, pads[len(pads) // 2:]):
        widths[axis] = low, high
    mode = attributes.get("mode", b"constant").decode()
    # Before opset 11, the value is an attribute.
    value = attributes.get("value", 0.0) if value is None else np.asarray(value).reshape(())
    return module_of(x).pad(x, widths, mode, **({"constant_values": value} if mode == "constant" else {}))


@operator("Trilu")
def trilu(graph, attributes, x, k=None):
    m = module_of(x)
    return (m.triu if attributes.get("upper", 1) else m.tril)(x, int(k) if k is not None else 0)
