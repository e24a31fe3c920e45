# RUN: %python %s
"""A model may call its tensors as losses and metrics are called; only the names of training itself are taken."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import reference
import training
from glyptic_tool import enter_folder, fails

enter_folder()
rng = np.random.default_rng(4)
arrays = [rng.normal(size=shape).astype(np.float32) for shape in ((3, 4), 3)]
x, label = (rng.normal(size=(24, width)).astype(np.float32) for width in (4, 3))


def save(path, input, parameters, output):
    node = helper.make_node("Gemm", [input, *parameters], [output], transB=1)
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", size])
              for name, size in ((input, 4), (output, 3))]
    graph = helper.make_graph([node], "linear", values[:1], values[1:],
                              list(map(numpy_helper.from_array, arrays, parameters)))
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9), path)


def train(input, parameters, output, extra=()):
    save("m.onnx", input, parameters, output)
    state = training.train("m.onnx", reference.Options(loss="mse", optimizer="adam"), {input: x, "label": label}, 8, 6,
                           ["--metric", "mse", *extra])
    return [state[name] for name in parameters]


# As torch.nn.Linear is exported, and worse.
for extra in ([], ["--accumulate", "2"]):
    expected = train("x", ["w", "b"], "y", extra)
    for names in (["x", ["weight", "bias"], "loss"], ["weight", ["loss", "mse"], "finite"]):
        for one, other in zip(train(*names, extra), expected):
            np.testing.assert_array_equal(one, other, err_msg=str(names))

for taken in ("gradient.b", "total.loss", "optimizer.exp_avg.w", "training.step"):
    save("m.onnx", "x", ["w", taken], "y")
    np.savez("data.npz", x=x, label=label)
    fails("train", "m.onnx", "--loss", "mse", "--data", "data.npz", "-o", "out.onnx", says=[f"'{taken}'", "rename it"])
