# RUN: %python %s
"""A training step moves no more than it should: kernels, bytes and memory are counted, not timed, so that a pass that
stores what could be computed, or reads twice what could be read once, shows here. Limits are what is reached now and a
little; who does better lowers them."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../helpers"))
import glyptic_tool

glyptic_tool.enter_folder()

# model: flags of `new`, flags of `compile`, most kernels, most MB that kernels move, most MB of work memory
LIMITS = {
    "gpt": (["--layers", "2", "--width", "64"], ["--loss", "cross-entropy"], 52, 97, 28),
    "lenet": (["--image", "28"], ["--loss", "cross-entropy"], 20, 38, 10),
}
for model, (size, flags, most_kernels, most_moved, most_memory) in LIMITS.items():
    glyptic_tool.run("new", model, *size, "-o", f"{model}.onnx")
    glyptic_tool.run("compile", f"{model}.onnx", *flags, "--batch", "32", "-o", f"{model}.glyph")
    glyph = json.loads(glyptic_tool.run("inspect", f"{model}.glyph", "--json").stdout)
    step = next(entry for entry in glyph["entries"] if entry["name"] == "step")
    kernels = [i for i in step["instructions"] if i["kind"] == "kernel"]
    copies = [i for i in step["instructions"] if i["kind"] not in ("kernel", "library call")]
    moved, memory = sum(i["bytes"] for i in kernels) / 1e6, glyph["arenas"]["Work"] / 1e6
    print(f"{model}: {len(kernels)} kernels move {moved:.1f} MB; {memory:.1f} MB of work memory")
    assert not copies, copies
    assert len(kernels) <= most_kernels, len(kernels)
    assert moved <= most_moved, moved
    assert memory <= most_memory, memory
