# RUN: %python %s
"""`glyptic bench` runs steps like `glyptic train`, and its parts make up the whole."""
import json

import numpy as np

from glyptic_tool import USAGE, enter_folder, fails, log_lines, run

enter_folder()
rng = np.random.default_rng(3)
run("new", "lenet", "--image", 8, "--filters", 4, "-o", "lenet.onnx")
flags = ["--loss", "cross-entropy", "--batch", 16]
run("compile", "lenet.onnx", *flags, "--threads", 2, "-o", "step.glyph")
np.savez("data.npz", image=rng.normal(size=(48, 1, 8, 8)).astype(np.float32), label=rng.integers(0, 10, 48))


def bench(*arguments):
    return json.loads(run("bench", *arguments, "--json").stdout)


result = bench("step.glyph", "--data", "data.npz", "--warm-up", 1, "--steps", 5, "--profile")
assert (result["entry"], result["samples"], result["threads"], result["runs"]) == ("step", 16, 2, 5)
times = result["seconds"]
assert 0 < times["least"] <= times["p10"] <= times["median"] <= times["p90"]
assert abs(sum(result["split"].values()) - times["median"]) < 1e-9

# The losses are those of training on the same batches in order: the first, and the sixth, three batches repeating.
run("train", "step.glyph", "--data", "data.npz", "--steps", 6, "--shuffle", "off", "--log", "log.jsonl", "-o", "out.onnx")
losses = [line["loss"] for line in log_lines("log.jsonl")[0]]
assert np.allclose([result["output"]["first"], result["output"]["last"]], [losses[0], losses[5]], rtol=1e-6), (result["output"], losses)

# Every kernel and call of the program, with what the program says of it.
inspected = json.loads(run("inspect", "step.glyph", "--json").stdout)
step = next(entry for entry in inspected["entries"] if entry["name"] == "step")
for key in ("kind", "name", "nodes", "flops", "bytes"):
    assert [i[key] for i in result["instructions"]] == [i[key] for i in step["instructions"]], key
calls = [i for i in result["instructions"] if i["kind"] == "library call"]
assert result["library_calls"] == len(calls) > 0 and result["kernels"] == len(result["instructions"]) - len(calls)
assert all(i["alone"] > 0 for i in calls) and abs(sum(i["alone"] for i in calls) - result["library_alone"]) < 1e-9
assert all(0 < i["busy"] <= i["longest"] <= i["seconds"] for i in result["instructions"])
assert abs(sum(i["predicted"] for i in result["instructions"]) - result["predicted"]) < 1e-9

# Inference, straight from the model, on random numbers; and for people.
result = bench("lenet.onnx", "--batch", 1, "--steps", 3)
assert (result["entry"], result["samples"]) == ("infer", 1) and "instructions" not in result
text = run("bench", "step.glyph", "--steps", 3, "--profile").stdout
assert "library calls alone" in text and "conv1" in text and "dispatch" in text

fails("bench", "step.glyph", "--entry", "nothing", says="has no entry 'nothing'")
np.savez("short.npz", image=np.zeros((3, 1, 8, 8), np.float32), label=np.zeros(3, np.int64))
fails("bench", "step.glyph", "--data", "short.npz", says=["'image'", "is not 16 samples of float32"])
np.savez("partial.npz", image=np.zeros((16, 1, 8, 8), np.float32))
fails("bench", "step.glyph", "--data", "partial.npz", says="has no array 'label'")
fails("bench", "step.glyph", "--warm-up", 0, code=USAGE)
