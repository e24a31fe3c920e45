"""ONNX Runtime: inference of the ONNX file with the CPU provider's defaults."""
import onnxruntime

import peer

task = peer.Task()
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = task.threads
session = onnxruntime.InferenceSession(task.path, options, providers=["CPUExecutionProvider"])
peer.serve(task, onnxruntime.__version__, lambda batch: session.run(None, {"x": batch["x"]})[0])
