# RUN: %python %s %root
"""Which GPU for a model: predictions beside numbers from the machine files and the ONNX graph alone, and what fits beside
what a compilation accepts."""
import json
import math
import pathlib
import sys
import tomllib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from glyptic_tool import USAGE, enter_folder, fails, run

root = pathlib.Path(sys.argv[1])
machines = {path.stem: tomllib.loads(path.read_text()) for path in sorted((root / "machines").glob("*.toml"))}
enter_folder()


def reached(machine, what):
    return machine[what]["peak"][0] * machine[what]["share"][0]


def predict(machine, instructions, arithmetic):
    """Seconds of (FLOPs, bytes, is a matrix product), which start one after another."""
    rate = arithmetic if arithmetic in machine else "fp32"
    return sum(max(flops / reached(machine, rate if product else "fp32"), size / reached(machine, "bandwidth")) + machine["launch"][0]
               for flops, size, product in instructions)


def sizes(model, batch):
    """Bytes of each tensor, by ONNX's shape inference."""
    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    shapes = {w.name: tuple(w.dims) for w in graph.initializer}
    for value in [*graph.input, *graph.value_info, *graph.output]:
        shapes[value.name] = tuple(d.dim_value or batch for d in value.type.tensor_type.shape.dim)
    return shapes, {name: 4 * math.prod(shape) for name, shape in shapes.items()}


def instructions_of(model, batch):
    """One for each node: matrix products, and a softmax, whose ten or fewer operations an element never take longest."""
    shapes, size = sizes(model, batch)
    return [(2 * math.prod(shapes[n.output[0]]) * shapes[n.input[1]][0] if n.op_type == "MatMul" else 10 * math.prod(shapes[n.output[0]]),
             sum(size[name] for name in [*n.input, *n.output]), n.op_type == "MatMul") for n in model.graph.node]


def compare(*arguments):
    report = json.loads(run("devices", *arguments, "--json").stdout)
    return report, {device["machine"]: device for device in report["devices"]}


# ---- Predictions of inference are those of the graph ----
rng = np.random.default_rng(0)
weight = lambda name, *shape: numpy_helper.from_array(rng.normal(size=shape).astype(np.float32), name)
value = helper.make_tensor_value_info
WIDE = 1536  # so that a product is bound by arithmetic in FP32, by traffic in TF32 on some
model = helper.make_model(helper.make_graph(
    [helper.make_node("MatMul", ["x", "w1"], ["h"], "first"), helper.make_node("Softmax", ["h"], ["p"], "soft", axis=-1),
     helper.make_node("MatMul", ["p", "w2"], ["y"], "last")], "g", [value("x", TensorProto.FLOAT, ["N", WIDE])],
    [value("y", TensorProto.FLOAT, ["N", 8])], [weight("w1", WIDE, WIDE), weight("w2", WIDE, 8)]),
    opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
onnx.save(model, "wide.onnx")
for batch, arithmetic in [(1, "fp32"), (64, "tf32"), (3000, "fp32"), (3000, "tf32")]:
    report, devices = compare("wide.onnx", "--inference", "--batch", batch, *(["--tf32"] if arithmetic == "tf32" else []))
    expected = instructions_of(model, batch)
    assert list(devices) == list(machines) and report["batch"] == batch and report["instructions"] == 3, report
    assert report["bytes"] == sum(size for _, size, _ in expected)
    for name, device in devices.items():
        machine, seconds = machines[name], predict(machines[name], expected, arithmetic)
        assert math.isclose(device["predicted_seconds"], seconds, rel_tol=1e-9), (name, batch, device, seconds)
        assert math.isclose(sum(device["predicted"].values()), seconds, rel_tol=1e-9)
        assert math.isclose(device["predicted"]["start"], 3 * machine["launch"][0])
        assert math.isclose(device["samples_per_second"], batch / seconds, rel_tol=1e-9)
        assert math.isclose(device["joules_per_1000_samples"], machine["power"][0] * seconds / batch * 1000, rel_tol=1e-9)
        assert device["memory"] == machine["memory"][0] and device["fits"], device

# ---- A training step costs the same in devices, inspect and check; each instruction by hand ----
run("new", "lenet", "--image", 8, "--filters", 4, "--hidden", 16, "-o", "lenet.onnx")
STEP = ["--loss", "cross-entropy", "--optimizer", "adam"]
_, devices = compare("lenet.onnx", *STEP, "--batch", 32)
run("compile", "lenet.onnx", *STEP, "--batch", 32, "--target", "cuda:sm_90", "-o", "step.glyph")
for name in ["h100", "h200"]:
    glyph = json.loads(run("inspect", "step.glyph", "--json", *(["--machine", name] if name != "h100" else [])).stdout)
    step = next(entry for entry in glyph["entries"] if entry["name"] == "step")
    assert glyph["machine"] == machines[name]["name"]
    byhand = predict(machines[name], [(i["flops"], i["bytes"], False) for i in step["instructions"]], "fp32")
    checked = json.loads(run("check", "lenet.onnx", *STEP, "--machine", name, "--json").stdout)
    at32 = next(cost for cost in checked["training"] if cost["batch"] == 32)
    for seconds in [devices[name]["predicted_seconds"], step["predicted_seconds"], at32["predicted_seconds"],
                    sum(i["predicted_seconds"] for i in step["instructions"])]:
        assert math.isclose(seconds, byhand, rel_tol=1e-9), (name, seconds, byhand)
    assert at32["memory"] == sum(glyph["arenas"].values()) and checked["machine"] == machines[name]["name"]
# An update of two microbatches is two gradients and what follows them.
report, devices = compare("lenet.onnx", *STEP, "--batch", 64, "--accumulate", 2, "--machine", "h100")
glyph = json.loads(run("inspect", "step.glyph", "--json").stdout)
entries = {entry["name"]: entry["predicted_seconds"] for entry in glyph["entries"]}
assert math.isclose(devices["h100"]["predicted_seconds"], 2 * entries["grad"] + entries["apply"], rel_tol=1e-9)
assert report["batch"] == 64 and report["microbatches"] == 2

# ---- The largest batch that fits is the one that a compilation accepts ----
small = (root / "machines/h100.toml").read_text()
for memory in [150_000, 34_000_000, 60_000_000]:
    small_text = small.replace("memory = [80e9", f"memory = [{memory}").replace("reserve = [1e9", "reserve = [1000")
    pathlib.Path("small.toml").write_text(small_text)
    _, devices = compare("lenet.onnx", *STEP, "--machine", "small.toml")
    device = devices["small.toml"]
    largest = device["largest_batch"]
    assert device["memory"] == memory and device["reserved"] == 1000 and device["fits"] == (largest >= 32), device
    target = ["compile", "lenet.onnx", *STEP, "--target", "cuda:sm_90", "--machine", "small.toml", "--stop-after", "planning"]
    if largest:
        run(*target, "--batch", largest)
    fails(*target, "--batch", largest + 1, says=f"the largest batch that fits is {largest}" if largest else "even one sample needs")

# ---- What people see ----
text = run("devices", "lenet.onnx", *STEP, "--machine", "h100,small.toml").stdout
assert "\x1b" not in text and max(map(len, text.splitlines())) <= 100, text
table = run("devices", "lenet.onnx").stdout.split("\n\n")[1].splitlines()
assert len(table) == 1 + len(machines) and max(map(len, table)) <= 80, table
for name in machines:
    assert any(line.split()[0] == name for line in table[1:]), name

# ---- A model that fixes its batch ----
run("new", "mlp", "--inputs", 4, "--outputs", 2, "-o", "mlp.onnx")
fixed = onnx.load("mlp.onnx")
fixed.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 6
fixed.graph.output[0].type.tensor_type.shape.dim[0].dim_value = 6
onnx.save(fixed, "fixed.onnx")
report, devices = compare("fixed.onnx", "--machine", "t4")
assert report["fixed_batch"] and report["batch"] == 6 and "largest_batch" not in devices["t4"], report

# ---- Errors ----
fails("devices", "mlp.onnx", "--machine", "h10", says=["'h10'", "h100-pcie, h100"])
pathlib.Path("bad.toml").write_text(small.replace("power = ", "powr = "))
fails("devices", "mlp.onnx", "--machine", "bad.toml", says=["bad.toml:", "'power' is missing"])
fails("devices", "step.glyph", says="give the model")
fails("devices", "--tf32", code=USAGE, says="name a model")
fails("compile", "mlp.onnx", "--machine", "h100", "-o", "m.glyph", says=["'h100' is a GPU", "--target"])
run("compile", "mlp.onnx", "-o", "cpu.glyph")
fails("inspect", "cpu.glyph", "--machine", "h100", says="compiled for a processor")
