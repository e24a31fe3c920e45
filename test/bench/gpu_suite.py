# RUN: %python %s %root %build
"""scripts/gpu-suite on the host shim with tiny sizes: its parts, what it leaves behind, how it reports what fails."""
import json
import os
import pathlib
import stat
import subprocess
import sys

import numpy as np

from glyptic_tool import enter_folder, run

root, build = map(pathlib.Path, sys.argv[1:3])
sys.path.insert(0, str(root / "bench" / "gpu"))
import arrays
import find
import parts

enter_folder()
SHIM = ["--device", "shim", "--quick", "--networks", "mlp", "--tool", build / "bin" / "glyptic"]


def suite(*arguments, code=0, **environment):
    done = subprocess.run([root / "scripts" / "gpu-suite", "out", *map(str, [*arguments, *SHIM])], capture_output=True, text=True,
                          env={**os.environ, "PYTHON": sys.executable, **environment})
    results = json.loads(pathlib.Path("out/results.json").read_text())
    assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}\n{pathlib.Path('out/suite.log').read_text()}"
    return results["parts"], pathlib.Path("out/table.txt").read_text()


# ---- Files of arrays, beside NumPy ----
rng = np.random.default_rng(1)
x, label = rng.standard_normal((5, 3)).astype(np.float32), rng.integers(0, 9, 5)
np.savez("numpy.npz", x=x, label=label)
found = arrays.read_npz("numpy.npz")
assert np.array_equal(found["x"], x.ravel()) and np.array_equal(found["label"], label)
arrays.write_npz("ours.npz", {"x": ((5, 3), found["x"]), "label": ((5,), found["label"])})
assert np.array_equal(np.load("ours.npz")["x"], x) and np.array_equal(np.load("ours.npz")["label"], label)
assert arrays.worst_difference({"a": [1.0, 2.5]}, {"a": [1.0, 2.0]}) == (0.25, "a")
worst, where = arrays.worst_difference({"a": [1.0, float("nan")]}, {"a": [1.0, 2.0]})
assert not worst <= parts.TOLERANCE and where == "a"

# ---- CUDA's libraries in the packages of a Python environment ----
for name in ["nvidia/cuda_nvrtc/lib/libnvrtc.so.12", "nvidia/cuda_runtime/lib/libcudart.so.12", "nvidia/cu13/lib/libcublasLt.so.13"]:
    path = pathlib.Path("packages") / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
find.toolkits, find.packages = lambda: [], lambda pythons: [pathlib.Path("packages")]
assert find.library_folders([]) == [pathlib.Path("packages/nvidia", name, "lib").resolve() for name in ("cu13", "cuda_nvrtc")]

# ---- Models for the bundle: their weights are one file, whatever their number ----
subprocess.run([sys.executable, root / "bench" / "gpu" / "light_models.py", ".", "W1"], check=True)
assert pathlib.Path("weights.data").stat().st_size == 4 * 10 * 10
report = json.loads(run("check", "W1.onnx", "--json").stdout)
assert report["trains"] and report["trained_parameters"] == 10 * 10 + 10 + 10 + 1, report

# ---- Correctness ----
found, table = suite("correctness", "--files", "linear_older")
cases = found["correctness"]
assert list(cases) == ["train mlp", "infer mlp", "same bits twice", "partial batches and accumulation",
                       "from PTX of an older architecture", "file linear_older"], cases
assert all(case["status"] == "passed" for case in cases.values()), table
assert 0 <= cases["train mlp"]["worst"] <= parts.TOLERANCE and "correctness: 6 passed, 0 failed, 0 skipped" in table

# ---- Sanitizers: one that finds nothing, and one that does ----
# (What they do not do is run the tool: the shim finds out about kernels elsewhere.)
for name, verdict in [("clean", '[ "$(basename "$1") $2" = "glyptic train" ]'), ("finds", "exit 66")]:
    path = pathlib.Path(name)
    path.write_text(f"""#!/bin/bash
echo "$2" >> tools
while [ "$1" != --error-exitcode ]; do shift; done
shift 2
{verdict}
""")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
found, table = suite("sanitizers", "--sanitizer", pathlib.Path("clean").resolve())
assert [case["status"] for case in found["sanitizers"].values()] == ["passed"] * 4, table
assert pathlib.Path("tools").read_text().split() == ["memcheck", "racecheck", "initcheck", "synccheck"]
assert list(found) == ["correctness", "sanitizers"], "a part that ran before is kept"
found, table = suite("sanitizers", "--sanitizer", pathlib.Path("finds").resolve(), code=1)
assert all(case["status"] == "failed" and "ended with 66" in case["why"] for case in found["sanitizers"].values()), table

# ---- Kernels: shares of a copy, and what inspect predicts ----
found, table = suite("kernels", code=1)  # the sanitizers' failures still stand
profile = found["kernels"]["profile mlp"]
assert profile["status"] == "passed", table
glyph = json.loads(run("inspect", "out/work/mlp.glyph", "--json").stdout)
step = next(entry for entry in glyph["entries"] if entry["name"] == "step")
assert abs(profile["predicted"] - step["predicted_seconds"]) < 1e-12 and profile["predicted_on"] == glyph["machine"]
kernels = [item for item in step["instructions"] if item["kind"] != "library call"]
assert sum(s["instructions"] for s in profile["schedules"].values()) == len(kernels)
assert sum(s["bytes"] for s in profile["schedules"].values()) == sum(item["bytes"] for item in kernels)
copy = json.loads(pathlib.Path("out/results.json").read_text())["machine"]["copy"]
for name, sums in profile["schedules"].items():
    assert name in ("pointwise", "row", "column", "column_finish", "nest", "gather", "scatter", "copy"), name
    assert abs(sums["share"] * copy * sums["seconds"] - sums["bytes"]) <= 1e-6 * sums["bytes"] and sums["share"] > 0

# ---- Training beside a peer ----
found, table = suite("training", "--rows", "W1", "--peers", "jax,compiled", "--python", sys.executable, code=1)
(row,) = found["training"].values()
assert row["status"] == "passed" and row["ours"]["seconds"]["median"] > 0, table
assert row["peers"]["jax"]["ours_faster"] > 0 and "samples/s" in table
assert "seconds" in row["peers"]["compiled"] or "no interpreter has it" in row["peers"]["compiled"]["error"]

# ---- Time is up; a kill leaves what was found out ----
found, table = suite("correctness", "--seconds", 0, code=1)
assert all(case["status"] == "skipped" and "time" in case["why"] for case in found["correctness"].values()), table
assert found["kernels"]["profile mlp"] == profile

# ---- Without a GPU it says so ----
if not pathlib.Path("/dev/nvidia0").exists():
    done = subprocess.run([root / "scripts" / "gpu-suite", "none"], capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith("error: no GPU can be used: "), done.stderr
