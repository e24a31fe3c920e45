# RUN: %python %s %t %fixtures
"""The trained model is the original file with other weights: everything else is byte for byte the same."""
import json
import pathlib
import struct
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

folder, fixtures = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
TYPES = {"float32": "F32", "float64": "F64", "float16": "F16", "int64": "I64"}


def write_state(path, tensors):
    header, data = {}, b""
    for name, array in tensors.items():
        header[name] = {"dtype": TYPES[array.dtype.name], "shape": list(array.shape),
                        "data_offsets": [len(data), len(data) + array.nbytes]}
        data += array.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def export(model, tensors, check=True):
    """Returns the exported file's path, or the error's text."""
    out = folder / "trained.onnx"
    out.unlink(missing_ok=True)
    write_state(folder / "state.safetensors", tensors)
    run = subprocess.run(["glyptic-translate", "--import-onnx", model, "--export-state", folder / "state.safetensors", "-o", out],
                         capture_output=True, text=True)
    if not check:
        assert run.returncode == 1 and not out.exists(), run
        return run.stderr
    assert run.returncode == 0, run.stderr
    return out


def constants(model):
    return {n.output[0]: n.attribute[0].t for n in model.graph.node if n.op_type == "Constant" and n.attribute[0].HasField("t")}


def shaping(model):
    """Tensors of floats that say how large a result is, or pieces of such; they are part of the program."""
    sizes = {name for n in model.graph.node if n.op_type in ("Resize", "Upsample") for name in n.input[1:]}
    return sizes | {name for n in model.graph.node if n.op_type == "Concat" and n.output[0] in sizes for name in n.input}


def weights_of(model):
    tensors = {t.name: t for t in model.graph.initializer} | constants(model)
    tensors = {name: numpy_helper.to_array(t, str(folder)) for name, t in tensors.items()}
    return {name: array for name, array in tensors.items() if array.dtype.kind == "f" and array.ndim and name not in shaping(model)}


def changed(tensors):
    return {name: array + np.arange(array.size, dtype=array.dtype).reshape(array.shape) for name, array in tensors.items()}


def make(name, tensors, nodes, inputs=4, opset=20):
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", inputs])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 2])], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    path = folder / f"{name}.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def same_but_weights(original, trained, state):
    """Compares two protos with the weights taken out, and the weights of the second with `state`."""
    for name, array in weights_of(trained).items():
        np.testing.assert_array_equal(array, state[name], err_msg=name)
    for model in (original, trained):
        for tensor in list(model.graph.initializer) + list(constants(model).values()):
            for field in ("raw_data", "float_data", "int32_data", "double_data", "external_data", "data_location"):
                tensor.ClearField(field)
    assert original == trained


# Files whose weights are plain bytes are patched: the same size, other bytes only where weights lie.
for path in sorted(fixtures.glob("*.onnx")):
    original = path.read_bytes()
    weights = weights_of(onnx.load_from_string(original))
    assert export(path, weights).read_bytes() == original, path
    state = changed(weights)
    trained = export(path, state).read_bytes()
    assert len(trained) == len(original) and trained != original
    same_but_weights(onnx.load_from_string(original), onnx.load_from_string(trained), state)

# What protobuf does not know stays, too.
gemm = [helper.make_node("Gemm", ["x", "w", "b"], ["y"])]
w, b = np.arange(8, dtype=np.float32).reshape(4, 2), np.ones(2, np.float32)
plain = make("plain", [numpy_helper.from_array(w, "w"), numpy_helper.from_array(b, "b")], gemm)
unknown = b"\xba\x7d\x03abc"  # field 2007
plain.write_bytes(plain.read_bytes() + unknown)
assert export(plain, {"w": w * 2, "b": b * 3}).read_bytes().endswith(unknown)

# Numbers in every other form, in one model each.
def check(path, weights=None):
    original = onnx.load(path, load_external_data=False)
    state = changed(weights or weights_of(original))
    same_but_weights(original, onnx.load(export(path, state)), state)

floats = lambda name, array: helper.make_tensor(name, TensorProto.FLOAT, array.shape, array.flatten().tolist())
check(make("packed", [floats("w", w), floats("b", b)], gemm))

unpacked = make("unpacked", [floats("w", w), numpy_helper.from_array(b, "b")], gemm)
packed = b"\x22\x20" + w.tobytes()  # field 4, 32 bytes
single = b"".join(b"\x25" + element.tobytes() for element in w.flatten())
content = unpacked.read_bytes()
assert content.count(packed) == 1
model = onnx.load_from_string(content)
graph = model.graph.SerializeToString()
tensor = model.graph.initializer[0].SerializeToString()
longer = lambda bytes, tag: tag + bytes_varint(len(bytes)) + bytes
def bytes_varint(n):
    return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + bytes_varint(n >> 7)
graph = graph.replace(longer(tensor, b"\x2a"), longer(tensor.replace(packed, single), b"\x2a"))
model.ClearField("graph")
unpacked.write_bytes(model.SerializeToString() + longer(graph, b"\x3a"))
check(unpacked)

half = helper.make_tensor("h", TensorProto.FLOAT16, [4, 2], w.astype(np.float16).flatten().tolist())
assert half.int32_data
cast = [helper.make_node("Cast", ["h"], ["w"], to=TensorProto.FLOAT), helper.make_node("MatMul", ["x", "w"], ["y"])]
check(make("half", [half], cast))

constant = [helper.make_node("Constant", [], ["w"], value=floats("inner", w)), helper.make_node("MatMul", ["x", "w"], ["y"])]
check(make("constant", [], constant))

external = onnx.load(make("external", [numpy_helper.from_array(w, "w"), numpy_helper.from_array(b, "b")], gemm))
onnx.save_model(external, folder / "external.onnx", save_as_external_data=True, location="external.bin", size_threshold=0)
check(folder / "external.onnx", {"w": w, "b": b})

text = folder / "text.onnxtxt"
text.write_text("""<ir_version: 9, opset_import: ["" : 20]>
g (float[N, 4] x) => (float[N, 2] y) <float[4, 2] w = {0, 1, 2, 3, 4, 5, 6, 7}> { y = MatMul (x, w) }""")
np.testing.assert_array_equal(numpy_helper.to_array(onnx.load(export(text, {"w": w * 5})).graph.initializer[0]), w * 5)

# Faults of the state; no file is left behind.
assert "the state lacks the parameter 'b'" in export(plain, {"w": w}, check=False)
assert "'w' is float32 [2, 4], but the model's is float32 [4, 2]" in export(plain, {"w": w.T.copy(), "b": b}, check=False)
