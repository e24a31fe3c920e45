"""Networks as PyTorch exports them, trained beside JAX in FP64 by the rule of docs/decisions.md, then run by onnxruntime."""
import fnmatch
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import reference
import training
from glyptic_tool import run

BATCH, STEPS = 16, 20
# Opset 18 and the newest, from the current exporter; what the older one writes; training form.
FORMS = {"dynamo", "newest", "older", "training"}
onnxruntime.set_default_logger_severity(3)


def check(path, data, options, untrained=(), label="label"):
    """Trains `path` on `data`. `untrained` are globs of floating-point tensors that no training of this file changes:
    tables, and what its loss does not depend on."""
    trained = check_training(path, data, options, untrained)
    # In training form a file says itself that it drops elements and normalises by batches.
    if path.stem.endswith("_training"):
        run("export", trained, "--inference-form", "-o", "turned.onnx")
        onnx.checker.check_model("turned.onnx", full_check=True)
        trained = "turned.onnx"
    check_run(trained, {n: array[:50] for n, array in data.items() if n != label})


def check_training(path, data, options, untrained):
    """Twenty steps; returns the name of the trained file."""
    path, trained = Path(path), Path(path).stem + ".trained.onnx"
    options = reference.Options(**options)
    state = training.train(path, options, data, BATCH, STEPS, output=trained)
    worst = reference.compare(path, options, state, data, BATCH, STEPS, frozen=untrained)
    print(f"{path.stem}: worst error over its bound {worst:.2f}")
    check_file(path, trained, untrained)
    return trained


def check_file(original, trained, untrained):
    """The trained file differs in the trained tensors and running statistics alone."""
    before, after = onnx.load(original).graph, onnx.load(trained).graph
    assert [n.SerializeToString() for n in before.node] == [n.SerializeToString() for n in after.node]
    changed = {a.name for a, b in zip(before.initializer, after.initializer, strict=True) if a != b}
    meant = {*reference.trainable(original, untrained), *reference.running_statistics(reference.Graph(original))}
    assert changed <= meant, f"{sorted(changed - meant)} should not have changed"
    # The true gradient of a bias before a normalisation, or of the keys', is zero.
    assert all(name.endswith("bias") for name in meant - changed), f"{sorted(meant - changed)} should have changed"


def check_run(model, inputs):
    """onnxruntime runs the trained model as `glyptic run` does."""
    np.savez("in.npz", **inputs)
    run("run", model, "--input", "in.npz", "--output", "out.npz")
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    outputs = np.load("out.npz")
    for output, expected in zip(session.get_outputs(), session.run(None, inputs), strict=True):
        actual = outputs[output.name]
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-4 * np.abs(expected).max(), err_msg=output.name)


def check_all(folder, networks, untrained, chosen="*"):
    """Each of `networks` (data and options by name) in all forms; those files alone whose name matches `chosen`.
    `untrained` are globs of tensors by globs of files. Returns what operators occur."""
    operators = set()
    for name, (data, options) in networks.items():
        paths = sorted(Path(folder).resolve().glob(f"{name}_*.onnx"))
        assert FORMS <= {path.stem.removeprefix(f"{name}_") for path in paths}, f"{name} is not there in all forms"
        for path in paths:
            operators.update(node.op_type for node in onnx.load(path).graph.node)
            kept = [glob for files, globs in untrained.items() if path.match(f"{files}.onnx") for glob in globs]
            if fnmatch.fnmatchcase(path.stem, chosen):
                check(path, data, options, kept)
    return operators
