# RUN: %python %s
"""Models with functions compute what onnxruntime computes: constants inside, names that the graph has, too, and versions
of their own."""
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from glyptic_tool import enter_folder, fails, run

enter_folder()
rng = np.random.default_rng(2)
x = rng.normal(size=(5, 6)).astype(np.float32)
np.savez("x.npz", x=x)
W, SQUARE = rng.normal(size=(6, 3)).astype(np.float32), rng.normal(size=(6, 6)).astype(np.float32)
node = helper.make_node
value = lambda name, width=6: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", width])


def constant(name, array):
    return node("Constant", [], [name], value=numpy_helper.from_array(array))


def function(name, inputs, outputs, *nodes, opset=18):
    return helper.make_function("own", name, inputs, outputs, nodes, [helper.make_opsetid("", opset), helper.make_opsetid("own", 1)])


def save(path, nodes, functions, width=6, **weights):
    graph = helper.make_graph(nodes, "g", [value("x")], [value("y", width)], [numpy_helper.from_array(w, n) for n, w in weights.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("own", 1)],
                                functions=functions, ir_version=9), path)


def agree(name, *model, expected=None, **more):
    save(f"{name}.onnx", *model, **more)
    if expected is None:
        expected = onnxruntime.InferenceSession(f"{name}.onnx", providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
    run("run", f"{name}.onnx", "--input", "x.npz", "--output", "out.npz")
    np.testing.assert_allclose(np.load("out.npz")["y"], expected, rtol=0, atol=1e-4 * np.abs(expected).max(), err_msg=name)


linear = function("Linear", ["a"], ["b"], constant("w", W), constant("c", W[0]), node("MatMul", ["a", "w"], ["t"]), node("Add", ["t", "c"], ["b"]))
square = function("Square", ["a"], ["b"], constant("w", SQUARE), node("MatMul", ["a", "w"], ["b"]))
agree("constant", [node("Linear", ["x"], ["y"], domain="own")], [linear], width=3)
agree("twice", [node("Square", ["x"], ["h"], domain="own"), node("Square", ["h"], ["y"], domain="own")], [square])
agree("nested", [node("Outer", ["x"], ["y"], domain="own")],
      [square, function("Outer", ["a"], ["b"], node("Square", ["a"], ["w"], domain="own"), constant("c", SQUARE[0]), node("Mul", ["w", "c"], ["b"]))])

# What a function calls its values is nobody else's business.
product = function("Product", ["x", "v"], ["y"], node("MatMul", ["x", "v"], ["t"]), node("Neg", ["t"], ["y"]))
agree("names", [node("Product", ["x", "w"], ["t"], domain="own"), node("Relu", ["t"], ["y"])], [product], w=SQUARE)

# Each by its own version of the operators: before opset 13 axes are an attribute, and Softmax flattens what follows its
# axis. (onnxruntime takes the model's version.)
older = function("Older", ["a"], ["b"], node("Unsqueeze", ["a"], ["u"], axes=[0]), node("Softmax", ["u"], ["s"], axis=1),
                 node("Squeeze", ["s"], ["b"], axes=[0]), opset=11)
exponentials = np.exp(x - x.max())
agree("versions", [node("Older", ["x"], ["y"], domain="own")], [older], expected=exponentials / exponentials.sum())

save("many.onnx", [node("Square", ["x", "x"], ["y"], domain="own", name="call")], [square])
fails("check", "many.onnx", says=["'call'", "2 inputs", "1 and 1"])
save("faulty.onnx", [node("Broken", ["x"], ["y"], domain="own", name="call")], [function("Broken", ["a"], ["b"], node("Neg", ["z"], ["b"]))])
fails("check", "faulty.onnx", says=["'Broken'", "'z'"])
