# RUN: %python %s %t %fixtures
"""Imported models, run in the reference interpreter, against onnxruntime."""
import pathlib
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

folder, fixtures = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(7)
BATCH = 3
quiet = onnxruntime.SessionOptions()
quiet.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
quiet.log_severity_level = 3


def interpret(path, feeds):
    np.savez(folder / "in.npz", **feeds)
    run = subprocess.run(["glyptic-translate", "--import-onnx", path, "--interpret", folder / "in.npz", "-o", folder / "out.npz"],
                         capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return np.load(folder / "out.npz")


def compare(path, feeds):
    session = onnxruntime.InferenceSession(path, quiet, providers=["CPUExecutionProvider"])
    expected = session.run(None, feeds)
    actual = interpret(path, feeds)
    for info, value in zip(session.get_outputs(), expected):
        got = actual[info.name]
        assert got.shape == value.shape, (path, info.name, got.shape, value.shape)
        scale = max(np.abs(value[np.isfinite(value)].astype(float)).max(initial=0), 1e-30)
        np.testing.assert_allclose(got, value, rtol=0, atol=1e-4 * scale, err_msg=f"{path} {info.name}")


def random_feeds(path, high=20):
    session = onnxruntime.InferenceSession(path, quiet, providers=["CPUExecutionProvider"])
    feeds = {}
    for info in session.get_inputs():
        shape = [size if isinstance(size, int) else BATCH for size in info.shape]
        feeds[info.name] = rng.integers(0, high, shape) if "int64" in info.type else rng.standard_normal(shape, np.float32)
    return feeds


# Whole networks: PyTorch's two exporters, and fresh ones. Those in training form: test/e2e/forms.py.
for path in sorted(fixtures.glob("*.onnx")):
    if not path.stem.endswith("_training"):
        compare(path, random_feeds(path))
for name, sizes in {"linear": [], "mlp": ["layers=2", "outputs=3"], "lenet": ["image=8", "channels=2"],
                    "gpt": ["layers=2", "width=24", "heads=3", "context=11", "vocabulary=50"]}.items():
    path = folder / f"{name}.onnx"
    command = ["glyptic-translate", "--new", name, "-o", path, "--seed", "5"] + [f"--size={size}" for size in sizes]
    subprocess.run(command, check=True)
    onnx.checker.check_model(path, full_check=True)
    compare(path, random_feeds(path))

# Single operators in the versions whose form or meaning differs; one model for each opset.
cases = {}


def add(opset, op, *inputs, outputs=1, **attributes):
    cases.setdefault(opset, []).append((op, inputs, outputs, attributes))


class Fixed:
    """An operand that is stored in the model."""

    def __init__(self, value, dtype=np.int64):
        self.value = np.array(value, dtype)


def normal(*shape):
    return rng.standard_normal(shape, np.float32)


def positive(*shape):
    return np.abs(normal(*shape)) + np.float32(0.1)


x34, x345, image = normal(BATCH, 4), normal(BATCH, 4, 5), normal(BATCH, 4, 7, 6)
for op in "Neg Abs Exp Tanh Erf Sin Cos Sigmoid Relu LeakyRelu Elu Softplus Floor Ceil Sign Softsign Selu HardSigmoid Celu".split():
    add(17, op, x34)
for op in "Log Sqrt Reciprocal".split():
    add(17, op, positive(BATCH, 4))
for op in "HardSwish Mish".split():
    add(18, op, x34)
for op in "Add Sub Mul Div Max Min".split():
    add(17, op, x345, normal(5))
    add(17, op, normal(BATCH, 1, 5), positive(4, 1))
    add(17, op, rng.integers(-9, 9, (BATCH, 4)), rng.integers(1, 5, (BATCH, 4)))
add(17, "Pow", positive(BATCH, 4), Fixed(2))
add(17, "Mod", rng.integers(-9, 9, (BATCH, 4)), Fixed([3, -3, 5, -7]))
add(17, "Pow", positive(BATCH, 4), Fixed([0.5], np.float32))
add(17, "Max", x34, normal(BATCH, 4), Fixed([0.1, 0.2, 0.3, 0.4], np.float32))
add(17, "Sum", x34, normal(BATCH, 4), normal(4))
add(17, "Mean", x34, normal(BATCH, 4), normal(1, 4))
add(17, "PRelu", image, Fixed(positive(4, 1, 1), np.float32))
for comparison in "Equal Less Greater LessOrEqual GreaterOrEqual".split():
    add(17, comparison, rng.integers(0, 3, (BATCH, 4)), rng.integers(0, 3, (4,)))
add(17, "Less", x34, normal(BATCH, 1))
for logical in "And Or Xor".split():
    add(17, logical, x34 > 0, normal(BATCH, 4) > 0)
add(17, "Not", x34 > 0)
add(17, "Where", x34 > 0, x34, Fixed(0, np.float32))
add(17, "Cast", x34, to=TensorProto.INT64)
add(17, "Cast", x34 > 0, to=TensorProto.FLOAT)
add(17, "Cast", rng.integers(-2, 2, (BATCH, 4)), to=TensorProto.BOOL)
add(17, "Clip", x34, Fixed(-0.5, np.float32), Fixed(0.5, np.float32))
add(17, "Clip", x34, None, Fixed(0.5, np.float32))
add(7, "Clip", x34, min=-0.5, max=0.25)
for mode in ("none", "tanh"):
    add(20, "Gelu", x34, approximate=mode)

add(17, "Flatten", image, axis=2)
add(17, "Flatten", image, axis=0)
add(17, "Transpose", x345)
add(17, "Transpose", image, perm=[0, 2, 3, 1])
add(17, "Reshape", image, Fixed([0, -1, 6]))
add(17, "Reshape", image, Fixed([-1, 4]))
add(9, "Unsqueeze", x34, axes=[0, 2])
add(17, "Unsqueeze", x34, Fixed([-1]))
add(9, "Squeeze", normal(BATCH, 1, 4, 1), axes=[1])
add(17, "Squeeze", normal(BATCH, 1, 4, 1))
add(17, "Expand", normal(BATCH, 1, 4), Fixed([2, 1, 5, 1]))
add(9, "Slice", image, starts=[1, -3], ends=[3, 100], axes=[1, 3])
add(17, "Slice", image, Fixed([0, -1, 5]), Fixed([2**40, -100, 0]), Fixed([0, 1, 2]), Fixed([1, -1, -2]))
add(9, "Pad", x34, pads=[0, 1, 0, 2], value=1.5)
add(17, "Pad", image, Fixed([0, 0, 1, 2, 0, 0, 3, 0]), Fixed(0.5, np.float32))
add(18, "Pad", image, Fixed([1, -1, 2, -2]), None, Fixed([2, -1]))
for mode in ("reflect", "edge"):
    add(17, "Pad", image, Fixed([0, 0, 3, 2, 0, 1, 0, 5]), mode=mode)
add(19, "Pad", image, Fixed([0, 0, 3, -2, 0, 0, 0, 4]), mode="wrap")
add(17, "Concat", x34, normal(BATCH, 2), normal(BATCH, 1), axis=1)
add(9, "Split", image, outputs=3, axis=2, split=[1, 4, 2])
add(17, "Split", image, Fixed([1, 6]), outputs=2, axis=2)
add(18, "Split", image, outputs=2, axis=2, num_outputs=2)
add(17, "Gather", Fixed(normal(9, 4), np.float32), rng.integers(0, 9, (BATCH, 2)))
add(17, "Gather", image, Fixed([2, -1]), axis=2)
add(17, "Gather", image, Fixed(-2), axis=3)
add(17, "GatherElements", x345, rng.integers(-4, 4, (BATCH, 6, 5)), axis=1)
add(17, "GatherElements", x345, rng.integers(-5, 5, (BATCH, 4, 2)), axis=-1)
add(17, "GatherND", x345, Fixed([[0, 1], [-1, -4]]))
add(17, "GatherND", x345, rng.integers(-4, 4, (BATCH, 2, 1)), batch_dims=1)
add(17, "GatherND", Fixed(normal(4, 5, 2), np.float32), rng.integers(-4, 4, (BATCH, 3, 2)))
order = np.argsort(normal(BATCH, 4), axis=1)  # indices that differ
add(17, "ScatterElements", normal(BATCH, 4), order - 4, normal(BATCH, 4), axis=1)
add(17, "ScatterElements", normal(BATCH, 4), rng.integers(-4, 4, (BATCH, 7)), normal(BATCH, 7), axis=1, reduction="add")
add(17, "ScatterND", Fixed(normal(9, 4), np.float32), np.array([[2], [-1], [0]]), normal(BATCH, 4))
add(17, "ScatterND", normal(4, 2), rng.integers(-2, 2, (BATCH, 5, 1)), normal(BATCH, 5, 2), reduction="add")
for op, indices, updates in (("ScatterElements", rng.integers(-4, 4, (BATCH, 7)), normal(BATCH, 7)),
                             ("ScatterND", rng.integers(-4, 4, (7, 1)), normal(7, 4))):
    axis = dict(axis=1) if op == "ScatterElements" else {}
    for reduction in ("mul", "min", "max"):
        add(18, op, normal(BATCH if axis else 4, 4), indices, updates, reduction=reduction, **axis)
        add(18, op, rng.integers(-9, 9, (4, 4)), rng.integers(0, 4, (5, 4) if axis else (5, 1)), rng.integers(-9, 9, (5, 4)),
            reduction=reduction)
add(17, "ReverseSequence", x345, rng.integers(1, 5, BATCH), batch_axis=0, time_axis=1)
add(17, "Slice", x345, Fixed([0, 1]), Fixed([10**9, 10**9]))
for mode in ("DCR", "CRD"):
    add(17, "DepthToSpace", normal(BATCH, 12, 2, 3), blocksize=2, mode=mode)
add(17, "SpaceToDepth", normal(BATCH, 5, 4, 6), blocksize=2)
add(17, "Tile", x345, Fixed([1, 2, 3]))
add(17, "Compress", image, Fixed([1, 0, 1], bool), axis=1)
add(17, "NonZero", Fixed([[0, 3, 0], [1, 0, 2]]))
for axis in (1, -1):
    for exclusive, reverse in ((0, 0), (1, 0), (0, 1), (1, 1)):
        add(17, "CumSum", x345, Fixed(axis), exclusive=exclusive, reverse=reverse)
    for largest in (0, 1):
        add(17, "TopK", x345, Fixed([3]), outputs=2, axis=axis, largest=largest)
add(17, "TopK", rng.integers(0, 3, (BATCH, 8)), Fixed([5]), outputs=2)  # equal elements come in order
for axis in (0, 1, -1):
    add(17, "OneHot", rng.integers(-5, 5, (BATCH, 2)), Fixed(5), Fixed([-1, 2], np.float32), axis=axis)
add(11, "Hardmax", image)
add(17, "Hardmax", image, axis=1)
add(17, "EyeLike", normal(4, 5), dtype=TensorProto.FLOAT, k=-1)
for op in "Tan Asin Acos Atan Sinh Cosh Asinh Atanh Round".split():
    add(17, op, np.clip(normal(BATCH, 40), -0.99, 0.99) * np.float32(1 if "A" in op else 3))
add(17, "Acosh", positive(BATCH, 4) + 1)
# Unsigned integers are computed in wider ones, and wrap.
bytes_, words = rng.integers(0, 256, (BATCH, 4), np.uint8), rng.integers(0, 2**32, (BATCH, 4), np.uint32)
add(17, "Cast", bytes_, to=TensorProto.FLOAT)
add(17, "Cast", normal(BATCH, 4) * 99 + 128, to=TensorProto.UINT8)
add(17, "Cast", rng.integers(-999, 999, (BATCH, 4)), to=TensorProto.UINT8)
add(17, "Sub", words, Fixed([7, 2**32 - 1, 0, 2**31], np.uint32))
add(17, "BitShift", bytes_, Fixed([1, 2, 7, 0], np.uint8), direction="LEFT")
add(17, "Max", words, Fixed([2**31], np.uint32))
add(17, "Gather", Fixed(rng.integers(0, 256, (99, 2)), np.uint8), rng.integers(0, 99, (BATCH, 4)))
add(17, "Mod", rng.integers(-9, 9, (BATCH, 20)), Fixed([-3] * 10 + [4] * 10))
add(17, "Mod", normal(BATCH, 20) * 9, normal(20), fmod=1)
add(17, "IsNaN", np.array([[1, np.nan, np.inf]], np.float32).repeat(BATCH, 0))
add(17, "IsInf", np.array([[1, np.nan, np.inf, -np.inf]], np.float32).repeat(BATCH, 0), detect_negative=0)
for op in "And Or Xor".split():
    add(18, f"Bitwise{op}", rng.integers(-9, 9, (BATCH, 4)), rng.integers(-9, 9, (4,)))
add(18, "BitwiseNot", rng.integers(-9, 9, (BATCH, 4)))
for equation, *operands in (("bij,bjk->bik", x345, normal(BATCH, 5, 2)), ("bij,kj", x345, Fixed(normal(2, 5), np.float32)),
                            ("bhqd,bhkd->bhqk", image, normal(BATCH, 4, 3, 6)), ("bij->bj", x345), ("b...i,i", image, normal(6)),
                            ("bii->bi", normal(BATCH, 4, 4)), ("bij,jk,kl->bl", x345, normal(5, 6), normal(6, 2)),
                            ("...ij,...jk->...ik", normal(BATCH, 4, 2, 3), normal(BATCH, 4, 3, 2)), ("bi,bi->", x34, normal(BATCH, 4))):
    add(17, "Einsum", *operands, equation=equation)
add(17, "Trilu", image, upper=0)
add(17, "Trilu", image, Fixed(1))
add(17, "Range", Fixed(3), Fixed(200), Fixed(2))
add(17, "Range", Fixed(1.5, np.float32), Fixed(9, np.float32), Fixed(0.7, np.float32))
add(17, "ConstantOfShape", Fixed([2, 3]))
add(17, "Dropout", x34, Fixed(0.5, np.float32))

for op in "ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceSumSquare ReduceL2 ReduceL1 ReduceLogSumExp ReduceLogSum".split():
    data = np.abs(x345) if op == "ReduceLogSum" else x345
    add(12, op, data, axes=[1, -1], keepdims=0)
    add(12, op, data, axes=[0])
    add(18, op, data, Fixed([-1]))
    add(18, op, data)
add(18, "ReduceSum", x345, noop_with_empty_axes=1)
for op in ("ArgMax", "ArgMin"):
    add(17, op, rng.integers(0, 3, (BATCH, 7)).astype(np.float32), axis=1)
    add(17, op, rng.integers(0, 3, (BATCH, 7)).astype(np.float32), axis=-1, keepdims=0, select_last_index=1)

add(17, "MatMul", x345, Fixed(normal(5, 2), np.float32))
add(17, "MatMul", x345, normal(BATCH, 5, 2))
add(17, "MatMul", normal(BATCH, 2, 4, 5), normal(1, 2, 5, 3))
add(17, "MatMul", normal(2, 4, 5), normal(BATCH, 2, 5, 3))
add(17, "MatMul", x345, normal(5))
add(17, "MatMul", normal(4), x345)
add(17, "MatMul", normal(6), normal(6))
add(17, "Gemm", x34, Fixed(normal(2, 4), np.float32), Fixed(normal(2), np.float32), transB=1, alpha=0.5, beta=2.0)
add(17, "Gemm", normal(4, BATCH), normal(4, 2), transA=1)
add(17, "Conv", image, Fixed(normal(8, 4, 3, 3), np.float32), Fixed(normal(8), np.float32), pads=[1, 0, 2, 1], strides=[2, 1])
add(17, "Conv", image, Fixed(normal(8, 2, 3, 2), np.float32), group=2, dilations=[2, 1])
add(17, "Conv", x345, Fixed(normal(6, 4, 3), np.float32), pads=[1, 1])
add(17, "ConvTranspose", image, Fixed(normal(4, 3, 3, 2), np.float32), Fixed(normal(3), np.float32), strides=[2, 3], pads=[1, 0, 0, 1],
    output_padding=[1, 0])
add(17, "ConvTranspose", image, Fixed(normal(4, 3, 3, 3), np.float32), group=2, dilations=[2, 1])
add(17, "ConvTranspose", image, Fixed(normal(4, 3, 4, 3), np.float32), strides=[2, 2], auto_pad="SAME_UPPER")
add(17, "ConvTranspose", image, Fixed(normal(4, 3, 4, 3), np.float32), strides=[2, 2], auto_pad="SAME_LOWER")
for auto_pad in ("SAME_UPPER", "SAME_LOWER", "VALID"):
    add(17, "Conv", image, Fixed(normal(8, 4, 4, 3), np.float32), auto_pad=auto_pad, strides=[2, 3])
    add(17, "MaxPool", image, auto_pad=auto_pad, kernel_shape=[3, 2], strides=[2, 2])
for ceil in (0, 1):
    add(17, "MaxPool", image, kernel_shape=[3, 3], strides=[2, 3], pads=[1, 1, 0, 1], ceil_mode=ceil)
    add(17, "MaxPool", image, kernel_shape=[3, 3], strides=[2, 3], pads=[1, 1, 0, 1], ceil_mode=ceil, outputs=2)
    add(17, "AveragePool", image, kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 0], ceil_mode=ceil)
add(17, "MaxPool", image, kernel_shape=[2, 2], dilations=[2, 1])
for storage_order in (0, 1):
    add(17, "MaxPool", image, kernel_shape=[3, 2], dilations=[2, 3], pads=[1, 0, 2, 1], storage_order=storage_order, outputs=2)
    add(8, "MaxPool", normal(BATCH, 2, 3, 4, 5), kernel_shape=[2, 3, 2], storage_order=storage_order, outputs=2)
add(17, "MaxPool", x345, kernel_shape=[2], outputs=2)
add(17, "MaxPool", rng.integers(0, 256, (BATCH, 2, 5, 4), np.uint8), kernel_shape=[2, 2])
add(17, "AveragePool", image, kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)
add(17, "GlobalAveragePool", image)
add(17, "GlobalMaxPool", image)
for op in ("Softmax", "LogSoftmax"):
    add(11, op, image)
    add(11, op, x34, axis=-1)
    add(17, op, image)
    add(17, op, image, axis=1)
scale = Fixed(positive(4), np.float32)
add(15, "BatchNormalization", image, scale, scale, scale, scale)
add(17, "LayerNormalization", x345, Fixed(positive(5), np.float32), Fixed(normal(5), np.float32))
add(17, "LayerNormalization", x345, Fixed(positive(4, 5), np.float32), axis=1, epsilon=0.1)

add(17, "LayerNormalization", x345, Fixed(positive(5), np.float32), outputs=3)
add(17, "LayerNormalization", image, Fixed(positive(7, 6), np.float32), outputs=3, axis=2)
for opset in (7, 22):
    add(opset, "InstanceNormalization", image, Fixed(positive(4), np.float32), Fixed(normal(4), np.float32), epsilon=0.1)
    add(opset, "InstanceNormalization", x345, Fixed(positive(4), np.float32), Fixed(normal(4), np.float32))
for groups in (1, 2, 4):
    add(18, "GroupNormalization", image, Fixed(positive(groups), np.float32), Fixed(normal(groups), np.float32), num_groups=groups)
    add(21, "GroupNormalization", image[:, :, 0, 0], Fixed(positive(4), np.float32), Fixed(normal(4), np.float32), num_groups=groups)
    add(21, "GroupNormalization", image, Fixed(positive(4), np.float32), Fixed(normal(4), np.float32), num_groups=groups)
add(17, "AveragePool", image, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 0, 1, 1], ceil_mode=1, count_include_pad=1)
add(19, "AveragePool", image, kernel_shape=[2, 2], dilations=[2, 3], pads=[1, 1, 1, 1], count_include_pad=1)
add(19, "AveragePool", image, kernel_shape=[3, 2], auto_pad="SAME_LOWER", strides=[2, 2])
add(9, "Upsample", image, Fixed([1, 1, 2, 3], np.float32))
add(9, "Upsample", image, Fixed([1, 1, 2, 3], np.float32), mode="linear")
add(7, "Upsample", image, scales=[1.0, 1.0, 2.0, 2.0])
add(10, "Resize", image, Fixed([1, 1, 0.5, 1.5], np.float32))
add(10, "Resize", image, Fixed([1, 1, 3, 2], np.float32), mode="linear")
none = Fixed([], np.float32)
for coordinates in ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"):
    rules = dict(coordinate_transformation_mode=coordinates)
    # Where length * scale is a fraction, and where a division in single precision gives a whole number.
    for factors in ([2, 2], [3 / 7, 1.5], [0.15, 1], [0.6, 1.7], [0.7, 0.45], [1.3, 2.6]):
        scales = Fixed([1, 1, *factors], np.float32)
        for mode in ("linear", "cubic"):
            add(13, "Resize", image, none, scales, mode=mode, **rules)
        for nearest in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
            add(11, "Resize", image, none, scales, nearest_mode=nearest, **rules)
for mode in ("nearest", "linear"):
    add(18, "Resize", image, None, None, Fixed([5, 9]), axes=[2, 3], mode=mode)
add(18, "Resize", image, None, Fixed([0.4, 0.6], np.float32), axes=[2, 3], mode="linear", antialias=1)
add(18, "Resize", image, None, Fixed([2, 1.5], np.float32), axes=[2, 3], mode="cubic", exclude_outside=1)


def build(opset):
    nodes, initializers, inputs, outputs, feeds = [], [], [], [], {}
    for i, (op, operands, count, attributes) in enumerate(cases[opset]):
        names = []
        for j, operand in enumerate(operands):
            names.append("" if operand is None else f"{op}_{i}_{j}")
            if isinstance(operand, Fixed):
                initializers.append(numpy_helper.from_array(operand.value, names[-1]))
            elif operand is not None:
                shape = ["N" if axis == 0 and size == BATCH else size for axis, size in enumerate(operand.shape)]
                kind = helper.np_dtype_to_tensor_dtype(operand.dtype)
                inputs.append(helper.make_tensor_value_info(names[-1], kind, shape))
                feeds[names[-1]] = operand
        results = [f"{op}_{i}_out{j}" for j in range(count)]
        nodes.append(helper.make_node(op, names, results, name=f"{op}_{i}", **attributes))
        outputs += [helper.make_empty_tensor_value_info(result) for result in results]
    model = helper.make_model(helper.make_graph(nodes, "g", inputs, outputs, initializers), ir_version=8,
                              opset_imports=[helper.make_opsetid("", opset)])
    inferred = {o.name: o for o in onnx.shape_inference.infer_shapes(model).graph.output}
    for output in model.graph.output:
        # Nothing is inferred for GroupNormalization.
        output.type.tensor_type.elem_type = inferred[output.name].type.tensor_type.elem_type or TensorProto.FLOAT
    path = folder / f"opset{opset}.onnx"
    path.write_bytes(model.SerializeToString())
    return path, feeds


def compare_text(name, text, **feeds):
    model = onnx.parser.parse_model(f'<ir_version: 9, opset_import: ["" : 18]> {name} {text}')
    onnx.save(model, folder / f"{name}.onnx")
    compare(folder / f"{name}.onnx", feeds)


# What is stored once and repeated for each sample: a token, a bias of keys, rows of a table.
compare_text("token", """(float[N, 2, 4] x) => (float[N, 3, 4] y)
<float[1, 1, 4] token = {1, 2, 3, 4}, int64[2] ones = {1, 1}> {
  n = Shape<start = 0, end = 1> (x)
  repeats = Concat<axis = 0> (n, ones)
  tokens = Tile(token, repeats)
  y = Concat<axis = 1> (x, tokens)
}""", x=normal(BATCH, 2, 4))
compare_text("rows", """(float[N, 2] x) => (float[M, 2] y)
<float[3, 2] table = {1, 2, 3, 4, 5, 6}, int64[1] one = {1}, int64[3] apart = {-1, 3, 2}, int64[2] flat = {-1, 2},
 int64[1] axis = {1}> {
  n = Shape<start = 0, end = 1> (x)
  repeats = Concat<axis = 0> (n, one)
  tiled = Tile(table, repeats)
  all = Reshape(tiled, apart)
  column = Unsqueeze(x, axis)
  sum = Add(all, column)
  y = Reshape(sum, flat)
}""", x=normal(BATCH, 2))

for opset in sorted(cases):
    path, feeds = build(opset)
    compare(path, feeds)
    # The rules of all these operators meet nonsense, too.
    subprocess.run(["glyptic-fuzz", path, "--count", "60"], check=True, stdout=subprocess.DEVNULL)

# The file has a name like those of its expanded functions, whose first output nobody reads: each has its own constant.
def five(outputs):
    made = onnx.FunctionProto(name="five", domain="f", input=["a"], output=outputs, node=[
        helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(np.float32(5))),
        helper.make_node("Add", ["a", "c"], ["b"]), helper.make_node("Mul", ["b", "c"], ["d"])])
    made.opset_import.append(helper.make_opsetid("", 18))
    return made


nodes = [helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.float32(value))) for name, value in (("y::c", 100), ("::c", 7))]
nodes += [helper.make_node("Add", ["x", "y::c"], ["z"]), helper.make_node("Mul", ["x", "::c"], ["s"]),
          helper.make_node("five", ["x"], ["y", "unread"], domain="f"), helper.make_node("five", ["y"], ["", "t"], domain="f")]
row = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 2])
graph = helper.make_graph(nodes, "g", [row("x")], [row(name) for name in "yzst"])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("f", 1)], functions=[five(["b", "d"])],
                            ir_version=9), folder / "names.onnx")
compare(folder / "names.onnx", {"x": np.float32([[1, 2], [3, 4]])})
