# RUN: %python %s %t
"""External data may lie only in the model's folder, and must have the bytes that the shapes ask for."""
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
from onnx import TensorProto, helper

folder = pathlib.Path(sys.argv[1])
shutil.rmtree(folder, ignore_errors=True)
(folder / "inner").mkdir(parents=True)
(folder / "secret.bin").write_bytes(bytes(64))
(folder / "inner" / "good.bin").write_bytes(np.arange(16, dtype=np.float32).tobytes())
(folder / "inner" / "link.bin").symlink_to(folder / "secret.bin")
(folder / "inner" / "within.bin").symlink_to(folder / "inner" / "good.bin")
(folder / "inner" / "deep").symlink_to(folder)
os.mkfifo(folder / "inner" / "pipe.bin")


def load(**external):
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2, 4], data_location=TensorProto.EXTERNAL)
    for key, value in external.items():
        tensor.external_data.add(key=key, value=str(value))
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"], name="product")], "g",
                              [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 2])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 4])], [tensor])
    path = folder / "inner" / "model.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9).SerializeToString())
    run = subprocess.run(["glyptic-translate", "--import-onnx", path, "--weights"], capture_output=True, text=True)
    assert run.returncode in (0, 1), run
    return run.stdout + run.stderr


for location in ("good.bin", "within.bin", "./good.bin"):
    assert "w: tensor<2x4xf32>, 32 bytes, parameter" in load(location=location), location
assert "w: tensor<2x4xf32>, 32 bytes, parameter" in load(location="good.bin", offset=32, length=32)

outside = "lies outside the model's folder; move the file beside the model and name it without a path"
assert outside in load(location="../secret.bin")
assert outside in load(location="x/../../secret.bin")
assert outside in load(location=folder / "secret.bin")
led_out = "is a link that leads out of the model's folder; copy the file beside the model"
assert led_out in load(location="link.bin")
assert led_out in load(location="deep/secret.bin")
assert "cannot be read: No such file or directory; copy the file beside the model" in load(location="missing.bin")
assert "is not a regular file" in load(location="pipe.bin")
assert "names no file" in load(offset=0)

assert "has external data past the end of 'good.bin': bytes 40 to 72 of 64; copy the file again" in \
    load(location="good.bin", offset=40)
assert "past the end" in load(location="good.bin", offset=2**64 - 8)
assert "needs 32 bytes, but its external data has 16" in load(location="good.bin", length=16)
assert "has external data with the offset '-1', which is not a number" in load(location="good.bin", offset=-1)
assert "tensor 'w' has external data in '\\x1b[2J.bin'" in load(location="\x1b[2J.bin")
