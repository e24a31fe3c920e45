# RUN: %python %s %root
"""Arrows point one way: a folder includes itself and what is below it, and none of them stand in a circle."""
import graphlib
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
BELOW = {  # besides support and the public headers
    "support": [],
    "runtime": [],
    "dialects": ["llvm", "mlir"],
    "codegen": ["dialects", "lld", "llvm", "mlir"],
    "compiler": ["codegen", "dialects", "llvm", "mlir", "onnx"],
    "tools": ["codegen", "compiler", "dialects", "llvm", "mlir", "onnx"],  # the runtime by its public headers alone
}
KNOWN = {*BELOW, "lld", "llvm", "mlir", "onnx"}


def folder_of(file):
    """Two levels of it; None for files beside the folders, such as compiler/Passes.h, which serve them all."""
    folder = pathlib.PurePath(*file.parts[:2])
    return str(folder) if (root / folder).is_dir() else None


arrows, files = {}, 0
for level, below in BELOW.items():
    for path in (root / level).rglob("*"):
        if path.suffix not in (".cpp", ".h", ".hpp"):
            continue
        files += 1
        file = path.relative_to(root)
        for included in re.findall(r'^#include [<"]([^">]+)', path.read_text(), re.MULTILINE):
            target = pathlib.PurePath(included)
            allowed = [level, "support", *below]
            assert target.parts[0] not in KNOWN - {*allowed}, f"{file} includes {included}, which is not below it"
            source, target = folder_of(file), folder_of(target)
            if source and target and source != target:
                arrows.setdefault(source, set()).add(target)
assert files > 300 and "compiler/Planning" in arrows, "the sources were not found"
list(graphlib.TopologicalSorter(arrows).static_order())  # raises CycleError, which names the circle
