"""The models of the GPU's rows, light enough to carry: light_models.py FOLDER [ROW...].

How long a step takes does not depend on its weights, so all of them are the beginning of one file, which repeats and packs
into nothing.
"""
import math
import pathlib
import sys

import numpy as np
import onnx

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import networks
import workloads

DATA = "weights.data"


class Drawn:
    """Random numbers of a shape, which are the file's, whatever their scale."""

    def __init__(self, shape):
        self.shape = shape

    def __mul__(self, scale):
        return self

    __rmul__ = __truediv__ = __mul__


class Generator:
    """Stands for NumPy's."""

    def standard_normal(self, shape):
        return Drawn(shape)

    def uniform(self, low, high, shape):
        return Drawn(shape)


class LightBuilder(networks.Builder):
    """Builds as its base does, but draws nothing."""

    def __init__(self):
        super().__init__(seed=1)
        self.rng, self.largest = Generator(), 0

    def weight(self, name, values):
        if not isinstance(values, Drawn):
            return super().weight(name, values)
        size = 4 * math.prod(values.shape)
        self.largest = max(self.largest, size)
        tensor = onnx.TensorProto(name=name, data_type=onnx.TensorProto.FLOAT, dims=values.shape,
                                  data_location=onnx.TensorProto.EXTERNAL)
        for key, value in (("location", DATA), ("offset", 0), ("length", size)):
            tensor.external_data.add(key=key, value=str(value))
        self.weights.append(tensor)
        return name


if __name__ == "__main__":
    folder, largest = pathlib.Path(sys.argv[1]), 0
    for row in sys.argv[2:] or workloads.GPU:
        work, builder = workloads.workload(row), LightBuilder()
        onnx.save(getattr(networks, work.network)(builder, **work.sizes), folder / f"{row}.onnx")
        largest = max(largest, builder.largest)
    tile = 0.02 * np.random.default_rng(1).standard_normal(4099).astype(np.float32)
    np.resize(tile, largest // 4).tofile(folder / DATA)
