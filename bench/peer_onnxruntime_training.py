"""ONNX Runtime Training: its last release, from an environment of its own. AdamW with a decay of 0 stands for Adam, plain
SGD for momentum: it has no other optimizers."""
import os
import sys
import tempfile
import types

import numpy as np
import onnx
import onnxruntime

# Its package imports PyTorch for a part that nothing here uses, so the package's own __init__ is passed over.
package = types.ModuleType("onnxruntime.training")
package.__path__ = [os.path.join(os.path.dirname(onnxruntime.__file__), "training")]
sys.modules["onnxruntime.training"] = package
from onnxruntime.training import artifacts
from onnxruntime.training.api import CheckpointState, Module, Optimizer

import peer

task = peer.Task()
model = task.load()
graph = model.graph
loss, scores = artifacts.LossType.CrossEntropyLoss, graph.output[0].name
if task.work.loss == "bce":  # from logits, which must be an output
    loss, scores = artifacts.LossType.BCEWithLogitsLoss, graph.node[-1].input[0]
    graph.output.append(onnx.helper.make_tensor_value_info(scores, onnx.TensorProto.FLOAT, ["N", 1]))
elif len(graph.output[0].type.tensor_type.shape.dim) > 2:  # its loss takes a matrix
    classes = graph.output[0].type.tensor_type.shape.dim[-1].dim_value
    graph.initializer.append(onnx.numpy_helper.from_array(np.array([-1, classes], np.int64), "matrix"))
    graph.node.append(onnx.helper.make_node("Reshape", [scores, "matrix"], ["rows"], "rows"))
    graph.output.append(onnx.helper.make_tensor_value_info("rows", onnx.TensorProto.FLOAT, [None, classes]))
    scores = "rows"
# It trains graphs in training form, and its gradients read outputs that files leave out.
graph.initializer.append(onnx.numpy_helper.from_array(np.array(True), "training"))
OUTPUTS = {"LayerNormalization": ("mean", "deviation"), "BatchNormalization": ("mean", "variance"), "Dropout": ("mask",)}
for node in graph.node:
    node.output.extend(f"{node.name}.{output}" for output in OUTPUTS.get(node.op_type, ()))
    if node.op_type == "Dropout":
        node.input.append("training")
    elif node.op_type == "BatchNormalization":
        node.attribute.append(onnx.helper.make_attribute("training_mode", 1))
names = [t.name for t in graph.initializer if t.data_type == onnx.TensorProto.FLOAT]
trained = [n for n in names if "running_" not in n]
optimizer = artifacts.OptimType.SGD if task.work.optimizer == "momentum" else artifacts.OptimType.AdamW
with tempfile.TemporaryDirectory() as folder:
    artifacts.generate_artifacts(model, requires_grad=trained, frozen_params=[n for n in names if n not in trained], loss=loss,
                                 loss_input_names=[scores], optimizer=optimizer, artifact_directory=folder)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = task.threads
    state = CheckpointState.load_checkpoint(f"{folder}/checkpoint")
    module = Module(f"{folder}/training_model.onnx", state, session_options=options)
    update = Optimizer(f"{folder}/optimizer_model.onnx", module)
update.set_learning_rate(task.work.lr)
module.train()


def train(batch):
    label = batch["label"]
    loss = module(batch["x"], label.reshape(-1) if label.dtype == np.int64 else label)
    update.step()
    module.lazy_reset_grad()
    return float(np.asarray(loss).reshape(-1)[0])


peer.serve(task, onnxruntime.__version__, train)
