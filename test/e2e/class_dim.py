# RUN: %python %s
"""Classes along a dimension that the person names: PyTorch's [batch, classes, time] trains as [batch, time, classes] does."""
import numpy as np

from glyptic_tool import enter_folder, fails, log_lines, run

enter_folder()
rng = np.random.default_rng(2)
x, label = rng.normal(size=(24, 4, 6)).astype(np.float32), rng.integers(0, 3, (24, 6))
weight = rng.normal(size=(3, 4)).astype(np.float32)
np.savez("data.npz", x=x, label=label)


def save(path, shape, nodes):
    values = ", ".join(f"{v:.9g}" for v in weight.ravel())
    open(path, "w").write(f'<ir_version: 8, opset_import: ["" : 17]>\ng (float[N, 4, 6] x) => (float[N, {shape}] y)\n'
                          f"<float[3, 4] w = {{{values}}}>\n{{ {nodes} }}\n")


save("first.onnxtxt", "3, 6", "y = MatMul(w, x)")
save("last.onnxtxt", "6, 3", "h = MatMul(w, x) y = Transpose<perm = [0, 2, 1]>(h)")
save("normalised.onnxtxt", "3, 6", "h = MatMul(w, x) y = Softmax<axis = 1>(h)")


def losses(model, *flags):
    done = run("train", model, "--data", "data.npz", "--batch", 24, "--steps", 5, "--optimizer", "sgd", "--lr", 0.5, "--log",
               "log.jsonl", "-o", "trained.onnx", *flags)
    return [line["loss"] for line in log_lines("log.jsonl")[0]], done.stdout


scores = np.einsum("ck,nkt->nct", weight.astype(np.float64), x)
chances = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
first = -np.log(np.take_along_axis(chances, label[:, None], 1)).mean()
named, said = losses("first.onnxtxt", "--class-dim", 1)
assert abs(named[0] - first) < 1e-5 and named[-1] < named[0], (named, first)
assert "--class-dim" not in said, said
by_rank, said = losses("last.onnxtxt")
np.testing.assert_allclose(by_rank, named, rtol=1e-5)
assert "takes the last dimension" in said and "--class-dim 1" in said, said
np.testing.assert_allclose(losses("normalised.onnxtxt")[0], named, rtol=1e-5)

# Data in PyTorch's order is refused, and the way out stands before.
done = fails("train", "first.onnxtxt", "--data", "data.npz", "-o", "no.onnx", says=["'label'", "[24,6]", "[N,3]"])
assert "--class-dim 1" in done.stdout, done.stdout
fails("train", "first.onnxtxt", "--data", "data.npz", "-o", "no.onnx", "--class-dim", 3, says=["'y'", "no dimension 3"])
fails("train", "normalised.onnxtxt", "--data", "data.npz", "-o", "no.onnx", "--class-dim", 2, says=["along dimension 1", "dimension 2"])
