# RUN: %python %s %t
"""Fourier transforms, interpreted, against NumPy: odd and even lengths, padded and cut signals, frames of a signal."""
import pathlib
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(3)


def run(op, signal, constants, opset, **attributes):
    """Result of one node; `constants` are its other operands, None for one that is missing."""
    names = ["x"] + [f"c{i}" if c is not None else "" for i, c in enumerate(constants)]
    initializers = [numpy_helper.from_array(np.asarray(c), f"c{i}") for i, c in enumerate(constants) if c is not None]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *signal.shape[1:]])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([helper.make_node(op, names, ["y"], **attributes)], "g", [x], [y], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    onnx.save(model, folder / "m.onnx")
    np.savez(folder / "in.npz", x=signal.astype(np.float32))
    subprocess.run(["glyptic-translate", "--import-onnx", folder / "m.onnx", "--interpret", folder / "in.npz", "-o", folder / "out.npz"],
                   check=True)
    return np.load(folder / "out.npz")["y"]


def parts(value):
    return np.stack([value.real, value.imag], -1)


def check(got, want):
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-5 * np.abs(want).max())


def draw(*shape):
    return rng.standard_normal(shape).astype(np.float32)


for size, length in [(8, 8), (7, 7), (6, 9), (9, 4)]:
    real, pair = draw(3, size, 4, 1), draw(3, size, 4, 2)
    signal, points = pair[..., 0] + 1j * pair[..., 1], np.int64(length)
    check(run("DFT", real, [points, np.int64(1)], 20), parts(np.fft.fft(real[..., 0], length, 1)))
    check(run("DFT", pair, [points, np.int64(1)], 20), parts(np.fft.fft(signal, length, 1)))
    check(run("DFT", pair, [points, np.int64(-2)], 20, inverse=1), parts(np.fft.ifft(signal, length, 2)))
    check(run("DFT", real, [points], 17, axis=1, onesided=1), parts(np.fft.rfft(real[..., 0], length, 1)))
    half = parts(np.fft.rfft(real[..., 0], length, 1))
    back = np.fft.irfft(half[..., 0] + 1j * half[..., 1], length, 1)[..., None]
    check(run("DFT", half, [points, np.int64(1)], 20, inverse=1, onesided=1), back)

signal, window = draw(2, 50, 1), draw(9)
frames = np.stack([signal[:, i:i + 9, 0] for i in range(0, 50 - 9 + 1, 4)], 1)
check(run("STFT", signal, [np.int64(4), window, np.int64(9)], 17), parts(np.fft.rfft(frames * window)))
check(run("STFT", signal, [np.int64(4), window], 17, onesided=0), parts(np.fft.fft(frames * window)))
check(run("STFT", signal, [np.int64(4), None, np.int64(9)], 17), parts(np.fft.rfft(frames)))
