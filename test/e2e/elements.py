# RUN: %python %s
"""Training through operators that find, order and place elements: compiled forward and backward, beside JAX."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import reference
import training
from glyptic_tool import enter_folder
from onnx_jax import jax, jnp, operator

enter_folder()
rng = np.random.default_rng(3)


@operator("Einsum")
def einsum(graph, attributes, *x):
    return jnp.einsum(attributes["equation"].decode(), *x)


@operator("TopK")
def top_k(graph, attributes, x, k):
    return tuple(jax.lax.top_k(x, int(k[0])))


@operator("GatherElements")
def gather_elements(graph, attributes, x, i):
    return jnp.take_along_axis(x, i, attributes["axis"])


@operator("ScatterElements")
def scatter_elements(graph, attributes, x, i, updates):
    rows = jnp.arange(x.shape[0])[:, None]
    return x.at[rows, i].add(updates) if attributes.get("reduction") == b"add" else x.at[rows, i].set(updates)


@operator("CumSum")
def cumulative_sum(graph, attributes, x, axis):
    return jnp.cumsum(x, int(axis))


@operator("Asinh")
def asinh(graph, attributes, x):
    return jnp.arcsinh(x)


def weight(name, *shape):
    return numpy_helper.from_array(rng.normal(size=shape).astype(np.float32) / 2, name)


nodes = [helper.make_node("Einsum", ["x", "W"], ["h"], equation="bi,ij->bj"),
         helper.make_node("TopK", ["h", "four"], ["largest", "places"]),
         helper.make_node("GatherElements", ["h", "i"], ["picked"], axis=1),
         helper.make_node("Mul", ["largest", "picked"], ["products"]),
         helper.make_node("ScatterElements", ["h", "i", "products"], ["added"], axis=1, reduction="add"),
         helper.make_node("ScatterElements", ["added", "places", "picked"], ["set"], axis=1),
         helper.make_node("CumSum", ["set", "axis"], ["sums"]),
         helper.make_node("Asinh", ["sums"], ["a"]),
         helper.make_node("MatMul", ["a", "V"], ["y"])]
graph = helper.make_graph(
    nodes, "g",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 6]),
     helper.make_tensor_value_info("i", TensorProto.INT64, ["N", 4])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 3])],
    [weight("W", 6, 8), weight("V", 8, 3), numpy_helper.from_array(np.array([4]), "four"),
     numpy_helper.from_array(np.array(1), "axis")])
onnx.save(helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 18)]), "m.onnx")
data = {"x": rng.normal(size=(64, 6)).astype(np.float32), "i": rng.integers(0, 8, (64, 4)),
        "label": rng.integers(0, 3, 64)}
training.check("m.onnx", reference.Options(optimizer="sgd", lr=0.05), data, batch=16, steps=10)
