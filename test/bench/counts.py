# RUN: %python %s
"""What the workloads of bench/ compile to is counted, so that no change makes them larger, or smaller, unnoticed.

counts.json holds for each entry the instructions of each kind, the bytes that they move and their arithmetic, and for
each workload the sizes of its memory. After a change that means to move them: `scripts/test bench/counts` shows what
moved, and this file run with --update (with build/bin in PATH) writes the new numbers.
"""
import json
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent / "bench"), str(HERE.parent / "helpers")]
import networks
import onnx
import workloads
from glyptic_tool import run

KNOWN = HERE / "counts.json"


def count(row, folder):
    """The counts of a workload, by a path of names."""
    model, glyph = folder / "model.onnx", folder / "program.glyph"
    onnx.save(networks.build(workloads.workload(row)), model)
    flags = workloads.workload(row).flags if row in workloads.TRAINING else ["--batch", 1]
    run("compile", model, *flags, "--threads", 2, "-o", glyph)
    program = json.loads(run("inspect", glyph, "--json").stdout)
    counts = {f"{name.lower()} bytes": size for name, size in program["arenas"].items()}
    for entry in program["entries"]:
        for instruction in entry["instructions"]:
            for what, amount in ((instruction["kind"], 1), ("bytes", instruction["bytes"]), ("flops", instruction["flops"])):
                key = f"{entry['name']}: {what}"
                counts[key] = counts.get(key, 0) + amount
    return counts


with tempfile.TemporaryDirectory() as folder:
    found = {row: count(row, pathlib.Path(folder)) for row in [*workloads.TRAINING, *workloads.INFERENCE]}
if "--update" in sys.argv:
    KNOWN.write_text(json.dumps(found, indent=1) + "\n")
known = json.loads(KNOWN.read_text())
changes = [f"{row}: {key}: {known.get(row, {}).get(key, 0)} became {found.get(row, {}).get(key, 0)}"
           for row in {**known, **found} for key in {**known.get(row, {}), **found.get(row, {})}
           if known.get(row, {}).get(key) != found.get(row, {}).get(key)]
sys.exit("\n".join(changes) or None)
