# RUN: %python %s %build %root
"""What runs glyphs for the CPU loads no LLVM, protobuf, Python, CUDA or compiler: neither by link nor while it runs."""
import os
import pathlib
import re
import subprocess
import sys

import numpy as np

from glyptic_tool import enter_folder, run

build, root = map(pathlib.Path, sys.argv[1:])
FOREIGN = re.compile("llvm|mlir|lld|protobuf|onnx|python|cuda|nvrtc|glyptic-compiler", re.IGNORECASE)
enter_folder()


def refuse_foreign(libraries, where):
    names = sorted({os.path.basename(library) for library in libraries})
    foreign = [name for name in names if FOREIGN.search(name)]
    assert not foreign, f"{where} loads {foreign}"


def linked(file):
    """All libraries that the file needs, and those that they need."""
    return re.findall(r"^\s*(\S+)", subprocess.run(["ldd", file], check=True, capture_output=True, text=True).stdout, re.MULTILINE)


def loaded(*command):
    """Every library that the command really loads, those that it opens by itself included."""
    environment = {**os.environ, "LD_DEBUG": "files", "LD_DEBUG_OUTPUT": os.path.abspath("loaded")}
    subprocess.run(list(map(str, command)), check=True, env=environment, stdout=subprocess.DEVNULL)
    libraries = []
    for log in pathlib.Path(".").glob("loaded.*"):
        libraries += re.findall(r"file=(\S+) \[\d+\];\s+generating link map", log.read_text())
        log.unlink()
    return libraries


# The embedding example, built against the build tree.
subprocess.run(["c++", "-std=c++17", root / "examples/runtime/train-step.cpp", f"-I{root}/runtime/include", f"-I{root}/support/include",
                f"-L{build}/lib", f"-Wl,-rpath,{build}/lib", "-lglyptic-runtime", "-o", "train-step"], check=True)
for file in [build / "lib/libglyptic-runtime.so", "train-step", build / "bin/glyptic"]:
    refuse_foreign(linked(file), file)

run("new", "mlp", "--inputs", 2, "--outputs", 2, "-o", "m.onnx")
run("compile", "m.onnx", "--loss", "cross-entropy", "--batch", 4, "-o", "m.glyph")
np.savez("d.npz", x=np.eye(2, dtype=np.float32), label=np.arange(2))
for command in [
    ["./train-step", "m.glyph", "t.onnx"],
    ["glyptic", "train", "m.glyph", "--data", "d.npz", "--epochs", 2, "-o", "t.onnx"],
    ["glyptic", "run", "m.glyph", "--input", "d.npz", "--output", "o.npz"],
    ["glyptic", "inspect", "m.glyph"],
    ["glyptic", "devices"],
]:
    libraries = loaded(*command)
    assert any("libc.so" in library for library in libraries), f"the log of {command} names no library: {libraries}"
    refuse_foreign(libraries, command)

# The same way of looking sees the compiler where it is needed.
assert any("glyptic-compiler" in library for library in loaded("glyptic", "run", "m.onnx", "--input", "d.npz", "--output", "o.npz"))
