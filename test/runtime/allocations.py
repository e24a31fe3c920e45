# RUN: %python %s %build %root
"""Once an entry has run with a number of samples, running it again allocates nothing: 100 rounds are watched.

What oneDNN allocates in its own calls (8 times for a product: lists of arguments, tables of memory) is printed, not
judged. libgomp allocates nothing once its threads are there.
"""
import collections
import pathlib
import subprocess
import sys

from glyptic_tool import enter_folder, run

build, root = map(pathlib.Path, sys.argv[1:])
enter_folder()
subprocess.run(["c++", "-std=c++17", "-O1", "-rdynamic", root / "test/runtime/allocations.cpp", f"-I{root}/runtime/include",
                f"-I{root}/support/include", f"-L{build}/lib", f"-Wl,-rpath,{build}/lib", "-lglyptic-runtime", "-ldl", "-o", "allocations"],
               check=True)


def allocations(glyph, *entries):
    """How many of each library."""
    done = subprocess.run(["./allocations", glyph, *entries], check=True, capture_output=True, text=True)
    return collections.Counter(done.stdout.split("\n")[:-1])


SIZES = {
    "mlp": ["--inputs", 10, "--outputs", 2],
    "lenet": ["--image", 8, "--filters", 8, "--hidden", 16],
    "gpt": ["--layers", 2, "--heads", 2, "--width", 16, "--context", 8, "--vocabulary", 32],
}
seen = collections.Counter()
for name, sizes in SIZES.items():
    run("new", name, *sizes, "-o", f"{name}.onnx")
    run("compile", f"{name}.onnx", "--loss", "cross-entropy", "--clip-norm", 1, "--batch", 8, "-o", f"{name}.glyph")
    for entries in [["step:8"], ["step:8", "step:3"], ["grad:8", "apply:1"], ["step:8", "evaluate:8"], ["infer:8"]]:
        found = allocations(f"{name}.glyph", *entries)
        print(name, *entries, dict(found))
        seen += found
        ours = {library: count for library, count in found.items() if not library.startswith("libdnnl")}
        assert not ours, f"{name} {entries}: {ours}"
assert seen["libdnnl.so.3"], "oneDNN is known to allocate: this test sees nothing"
