"""Writes models and data of rows to a folder: prepare.py FOLDER ROW... A model that is there stays as it is, and then
nothing but NumPy is needed."""
import pathlib
import sys

import numpy as np

import workloads

folder = pathlib.Path(sys.argv[1])
for row in sys.argv[2:]:
    work = workloads.workload(row)
    path = folder / f"{workloads.INFERENCE.get(row, row)}.onnx"
    if not path.exists():
        import networks
        import onnx
        model = networks.build(work)
        onnx.checker.check_model(model)
        onnx.save(model, path)
    np.savez(folder / f"{row}.npz", **workloads.data(row))
