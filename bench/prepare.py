"""Writes models and data of rows to a folder: prepare.py FOLDER ROW..."""
import pathlib
import sys

import numpy as np
import onnx

import networks
import workloads

folder = pathlib.Path(sys.argv[1])
for row in sys.argv[2:]:
    work = workloads.workload(row)
    path = folder / f"{workloads.INFERENCE.get(row, row)}.onnx"
    if not path.exists():
        model = networks.build(work)
        onnx.checker.check_model(model)
        onnx.save(model, path)
    np.savez(folder / f"{row}.npz", **workloads.data(row))
