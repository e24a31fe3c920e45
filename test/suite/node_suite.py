# RUN: %python %s %t
"""The ONNX backend node suite, generated from the pinned onnx package: every plain tensor case, interpreted and compiled,
and the gradient of those that may have one against differences.

expected_failures.json holds the cases that fail, by reason. It is strict both ways: a case that fails without a reason
there fails the test, and so does one that passes in spite of it. `--update` rewrites the list: reasons of cases that
still fail are kept, new failures appear under what the tool said of them, to be given a reason by hand.

Real models keep sizes, axes and pads in initializers; the suite feeds them as inputs. Programs have static shapes, so
such operands (SHAPE_OPERANDS, through whatever computes them) are made initializers here. All other inputs stay data.
"""
import collections
import concurrent.futures
import fnmatch
import json
import os
import pathlib
import subprocess
import sys
import warnings

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

MODES = ("interpreted", "compiled", "gradient")
PLAIN_CASES = 1611  # of onnx 1.23.2: fewer would mean that the generator or the selection has changed
REQUIRED_SHARE = 0.75
LIST = pathlib.Path(__file__).with_name("expected_failures.json")

# Operands that shapes of results, or dimensions that are walked, depend on: position by operator.
SHAPE_OPERANDS = {
    "AffineGrid": [1], "CenterCropPad": [1], "Col2Im": [1, 2], "Compress": [1], "ConstantOfShape": [0], "CumProd": [1], "CumSum": [1],
    "Expand": [1], "HannWindow": [0], "HammingWindow": [0], "BlackmanWindow": [0], "MaxUnpool": [2],
    "OneHot": [1], "Pad": [1, 3], "Range": [0, 1, 2], "Reshape": [1], "Resize": [1, 2, 3], "Slice": [1, 2, 3, 4],
    "Split": [1], "Squeeze": [1], "STFT": [1, 3], "Tile": [1], "TopK": [1], "Unsqueeze": [1], "Upsample": [1],
    "DFT": [1, 2], "Dropout": [2], "MelWeightMatrix": [0, 1, 2, 3, 4], "TensorScatter": [],
    **{op: [1] for op in ("ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd "
                          "ReduceSum ReduceSumSquare").split()},
}
# Operators without a fixed result.
RANDOM = {"Bernoulli"}
CONTROL_FLOW = {"If", "Loop", "Scan", "SequenceMap"}
FLOATS = {onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16}
FOREIGN_TYPES = ("STRING", "FLOAT8*", "FLOAT4*", "INT4", "UINT4", "INT2", "UINT2")


def all_nodes(graph):
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in [attribute.g, *attribute.graphs]:
                yield from all_nodes(inner)


def is_plain(case):
    graph, nodes = case.model.graph, list(all_nodes(case.model.graph))
    values = [*graph.input, *graph.output, *graph.value_info]
    if not all(v.type.WhichOneof("value") == "tensor_type" for v in values):
        return False
    types = [v.type.tensor_type.elem_type for v in values] + [a.t.data_type for n in nodes for a in n.attribute if a.HasField("t")]
    names = {onnx.TensorProto.DataType.Name(t) for t in types}
    return (not any(fnmatch.fnmatch(name, pattern) for name in names for pattern in FOREIGN_TYPES)
            and all(n.domain in ("", "ai.onnx.preview") and n.op_type not in CONTROL_FLOW | {"ImageDecoder"} for n in nodes)
            and not case.name.startswith("test_bernoulli"))


def shape_inputs(graph):
    """Graph inputs that reach a shape operand."""
    wanted = set()
    for node in reversed(graph.node):
        positions = SHAPE_OPERANDS.get(node.op_type, [])
        wanted.update(node.input[i] for i in positions if i < len(node.input))
        # The size of a tensor is known without its elements.
        if node.op_type not in ("Shape", "Size") and wanted & set(node.output):
            wanted.update(node.input)
    return [v for v in graph.input if v.name in wanted]


def modes_of(case):
    """A gradient leads from a floating-point output to a floating-point input."""
    graph = case.model.graph
    is_float = lambda v: v.type.tensor_type.elem_type in FLOATS
    return MODES if any(map(is_float, graph.input)) and any(map(is_float, graph.output)) else MODES[:2]


def as_array(value):
    value = numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else np.asarray(value)
    return value.astype(np.float32) if value.dtype.name == "bfloat16" else value  # NumPy's files know no bfloat16


def as_tensor(value, name):
    tensor = value if isinstance(value, onnx.TensorProto) else numpy_helper.from_array(np.asarray(value))
    tensor = onnx.TensorProto.FromString(tensor.SerializeToString())
    tensor.name = name
    return tensor


def write_case(folder, case):
    """Writes model and inputs; returns the expected outputs by name."""
    model, (inputs, outputs) = onnx.ModelProto(), case.data_sets[0]
    model.CopyFrom(case.model)
    feeds = {}
    fixed = {v.name for v in shape_inputs(model.graph)}
    kept = []
    for info, value in zip(model.graph.input, inputs):
        if info.name in fixed:
            model.graph.initializer.append(as_tensor(value, info.name))
        else:
            kept.append(info)
            feeds[info.name] = as_array(value)
    kept = [onnx.ValueInfoProto.FromString(info.SerializeToString()) for info in kept]
    del model.graph.input[:]
    model.graph.input.extend(kept)
    (folder / f"{case.name}.onnx").write_bytes(model.SerializeToString())
    np.savez(folder / f"{case.name}.in.npz", **feeds)
    return {info.name: as_array(value) for info, value in zip(model.graph.output, outputs)}


def run_tool(folder, names):
    """Failures by case and mode. A case that ends the process has failed; the rest go on in another."""
    failures, names = {}, list(names)
    while names:
        done = subprocess.run(["glyptic-conformance", folder], input="\n".join(names), capture_output=True, text=True)
        reports = [json.loads(line) for line in done.stdout.splitlines()]
        failures.update({(r["case"], r["mode"]): r["error"] for r in reports if r["error"]})
        if done.returncode == 0:
            break
        crashed = names[len(reports) // len(MODES)]
        mode = MODES[len(reports) % len(MODES)]
        failures[crashed, mode] = f"crashes: {done.stderr.strip()[:200]}"
        for other in MODES[MODES.index(mode):]:
            failures[crashed, other] = failures[crashed, mode]
        names = names[names.index(crashed) + 1:]
    return failures


def difference(case, expected, path):
    """What is wrong with the outputs in the file, if anything."""
    actual = np.load(path)
    for name, want in expected.items():
        got = actual[name]
        if got.shape != want.shape:
            return f"{name} has the shape {got.shape}, not {want.shape}"
        if not np.allclose(got.astype(np.float64), want.astype(np.float64), case.rtol, case.atol, equal_nan=True):
            return f"{name} is {got.ravel()[:6]}, not {want.ravel()[:6]}"
    return ""


def plain_cases():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the generator divides by zero on purpose
        cases = {case.name: case for case in collect_testcases(None) if is_plain(case)}
    assert len(cases) == PLAIN_CASES, f"{len(cases)} plain cases instead of {PLAIN_CASES}"
    return cases


def run_suite(folder, pattern="*"):
    """Cases, and failures by case and mode."""
    folder.mkdir(parents=True, exist_ok=True)
    cases = plain_cases()
    cases = {name: case for name, case in cases.items() if fnmatch.fnmatch(name, pattern)}
    expected = {name: write_case(folder, case) for name, case in cases.items()}
    names, workers = sorted(cases), os.cpu_count() or 1
    failures = {}
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for part in pool.map(lambda i: run_tool(folder, names[i::workers]), range(workers)):
            failures.update(part)
    failures = {(name, mode): text for (name, mode), text in failures.items() if mode in modes_of(cases[name])}
    for name, case in cases.items():
        for mode in ("interpreted", "compiled"):
            if (name, mode) not in failures:
                if text := difference(case, expected[name], folder / f"{name}.{mode}.npz"):
                    failures[name, mode] = text
    return cases, failures


def read_list():
    """Reasons by case and mode."""
    reasons = {}
    for entry in json.loads(LIST.read_text()):
        for name in entry["cases"]:
            for mode in entry["modes"]:
                reasons[name, mode] = entry["reason"]
    return reasons


def write_list(reasons):
    """`reasons` by case and mode."""
    modes = collections.defaultdict(set)
    for (name, mode), reason in reasons.items():
        modes[name, reason].add(mode)
    groups = collections.defaultdict(list)
    for (name, reason), failing in modes.items():
        groups[reason, tuple(mode for mode in MODES if mode in failing)].append(name)
    entries = [{"reason": reason, "modes": failing, "cases": sorted(names)}
               for (reason, failing), names in sorted(groups.items())]
    LIST.write_text(json.dumps(entries, indent=1) + "\n")


def main(folder, update):
    cases, failures = run_suite(folder)
    reasons = read_list()
    for mode in MODES:
        asked = [name for name, case in cases.items() if mode in modes_of(case)]
        passed = sum((name, mode) not in failures for name in asked)
        print(f"{mode}: {passed} of {len(asked)} pass ({passed / len(asked):.1%})")
        assert update or mode == "gradient" or passed >= REQUIRED_SHARE * len(asked), "too few pass"
    if update:
        write_list({key: reasons.get(key, f"NEW: {text}") for key, text in failures.items()})
        return 0
    surprises = [f"{name} ({mode}) fails: {text}" for (name, mode), text in sorted(failures.items()) if (name, mode) not in reasons]
    surprises += [f"{name} ({mode}) passes, but is listed: {reason}" for (name, mode), reason in sorted(reasons.items())
                  if (name, mode) not in failures]
    surprises += [f"{name} ({mode}) is listed without a reason" for (name, mode), reason in sorted(reasons.items())
                  if reason.startswith("NEW")]
    if surprises:
        print(*surprises, f"{len(surprises)} surprises; once they are right, --update rewrites {LIST.name}", sep="\n")
    return 1 if surprises else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), "--update" in sys.argv[2:]))
