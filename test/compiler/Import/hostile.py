# RUN: %python %s %t
"""Files made to hurt: each gives an error that names the file and what is wrong with it, within a second of work and little memory."""
import pathlib
import resource
import subprocess
import sys

import numpy as np
from onnx import FunctionProto, TensorProto, helper, numpy_helper

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
path = folder / "model.onnx"
# Seconds of work, and bytes of address space beyond what an honest import of a small file takes: shared libraries take most of it.
MAX_SECONDS, MAX_BYTES = 1.0, 3 << 30


def load(content):
    """What the importer says of a file; its time and memory are bounded."""
    path.write_bytes(content if isinstance(content, bytes) else content.SerializeToString())
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(["glyptic-translate", "--import-onnx", path], capture_output=True, text=True, errors="replace",
                         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MAX_BYTES, MAX_BYTES)))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert seconds < MAX_SECONDS, (seconds, run.stderr)
    assert run.returncode in (0, 1), (run.returncode, run.stderr[-2000:])
    return run.stderr if run.returncode else "imported"


def refuse(content, *says):
    said = load(content)
    assert said.startswith(f"error: {path}: "), said[:500]
    for part in says:
        assert part in said, (part, said[:1000])


def tensor(name, shape, data_type=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, data_type, shape)


def model(nodes, inputs=None, outputs=None, stored=(), functions=(), domains=()):
    graph = helper.make_graph(nodes, "g", inputs or [tensor("x", ["N", 4])], outputs or [tensor("y", None)], list(stored))
    imports = [helper.make_opsetid("", 18)] + [helper.make_opsetid(domain, 1) for domain in domains]
    return helper.make_model(graph, opset_imports=imports, functions=functions, ir_version=9)


def node(op, inputs, outputs=("y",), **attributes):
    return helper.make_node(op, inputs, outputs, name="the node", **attributes)


def function(name, nodes, inputs=("a",), outputs=("b",)):
    made = FunctionProto(name=name, domain="f", input=inputs, output=outputs, node=nodes)
    made.opset_import.extend([helper.make_opsetid("", 18), helper.make_opsetid("f", 1)])
    return made


def call(name, a, b):
    return helper.make_node(name, [a], [b], domain="f")


# Functions that call functions: 1 KB for two to the thirty nodes, a chain, a circle, a name that is nowhere.
doubling = [function("f0", [helper.make_node("Relu", ["a"], ["b"])])]
doubling += [function(f"f{i}", [call(f"f{i - 1}", "a", "m"), call(f"f{i - 1}", "m", "b")]) for i in range(1, 31)]
for depth in (16, 30):
    refuse(model([call(f"f{depth}", "x", "y")], functions=doubling[:depth + 1], domains=["f"]), "expands to more than 65536 nodes")
assert load(model([call("f10", "x", "y")], functions=doubling[:11], domains=["f"])) == "imported"
chain = doubling[:1] + [function(f"f{i}", [call(f"f{i - 1}", "a", "b")]) for i in range(1, 60)]
refuse(model([call("f59", "x", "y")], functions=chain, domains=["f"]), "functions are nested more than 32 deep, at 'f")
circle = [function("f0", [call("f1", "a", "b")]), function("f1", [call("f0", "a", "b")])]
refuse(model([call("f0", "x", "y")], functions=circle, domains=["f"]), "calls itself")
lost = [function("f0", [helper.make_node("Add", ["a", "nowhere"], ["b"])])]
refuse(model([call("f0", "x", "y")], functions=lost, domains=["f"]), "nowhere")
refuse(model([call("f0", "x", "y")], functions=doubling[:1] * 2, domains=["f"]), "defines the function 'f0' of domain 'f' a second time; rename it")

# Branches within branches, deeper than protobuf itself would write them.
def field(number, content):
    size, length = len(content), b""
    while size > 127:
        length, size = length + bytes([size & 127 | 128]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


graph = field(1, field(1, b"x") + field(2, b"b") + field(4, b"Relu"))
for _ in range(2000):
    attribute = field(1, b"then_branch") + field(6, graph) + b"\xa0\x01\x05"
    graph = field(1, field(1, b"c") + field(2, b"b") + field(4, b"If") + field(5, attribute))
refuse(b"\x08\x09" + field(7, graph), "cut short or damaged")

# Names: a circle, two definitions, none, and none at all.
relu = node("Relu", ["x"])
refuse(model([helper.make_node("Add", ["x", "q"], ["p"], name="a"), helper.make_node("Relu", ["p"], ["q"], name="b"), node("Relu", ["q"])]),
       "node 'a' (Add): reads 'q'", "the graph has a cycle")
refuse(model([relu, relu]), "node 'the node' (Relu) defines 'y' a second time")
refuse(model([relu], [tensor("x", [4]), tensor("x", [4])]), "an input defines 'x' a second time")
refuse(model([relu], stored=[numpy_helper.from_array(np.zeros(3, np.float32), "w")] * 2), "an initializer defines 'w' a second time")
refuse(model([node("Relu", ["z"])]), "node 'the node' (Relu): reads 'z', which no node, input or initializer defines")
refuse(model([relu], outputs=[tensor("elsewhere", None)]), "the output 'elsewhere' is not computed by any node")
refuse(model([relu], [tensor("", [4])]), "an input has no name")

# Sizes that are declared and not there.
refuse(model([relu], [tensor("x", ["N", 2**62, 2**62])]), "input 'x' has more elements than any machine holds")
assert load(model([relu], [tensor("x", [1] * 5000)])) == "imported"
for dims, says in (([2**30, 2**10], "tensor 'w' needs 4398046511104 bytes for its shape, but holds 0"),
                   ([2**62, 4], "tensor 'w' has more elements than can be counted"), ([0, 2**62, 2**62], "do not agree"),
                   ([-3], "tensor 'w' has the negative dimension -3"), ([1] * 5000, "tensor 'w' needs 4 bytes for its shape, but holds 0")):
    lying = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=dims)
    refuse(model([node("Add", ["x", "w"])], stored=[lying]), "node 'the node' (Add): ", says)


def integers(*values):
    return numpy_helper.from_array(np.array(values, np.int64), "i")


HUGE = 2**60
for op, stored in {"ConstantOfShape": integers(HUGE, HUGE), "Expand": integers(HUGE, 1, 4), "Tile": integers(1, HUGE), "Pad": integers(0, HUGE, 0, HUGE),
                   "Reshape": integers(HUGE, HUGE), "Unsqueeze": integers(*range(1000))}.items():
    inputs = ["i"] if op == "ConstantOfShape" else ["x", "i"]
    refuse(model([node(op, inputs)], stored=[stored]), f"node 'the node' ({op}): ")
picture = [tensor("x", ["N", 1, 8, 8])]
for attribute in ("kernel_shape", "strides", "dilations", "pads"):
    attributes = {"kernel_shape": [2, 2], attribute: [HUGE] * (4 if attribute == "pads" else 2)}
    for op in ("MaxPool", "AveragePool"):
        refuse(model([node(op, ["x"], **attributes)], picture), f"node 'the node' ({op}): ")
refuse(model([helper.make_node("Expand", ["x", "i"], ["e"]), helper.make_node("SplitToSequence", ["e"], ["s"], name="the node", axis=1),
              helper.make_node("SequenceLength", ["s"], ["y"])], [tensor("x", ["N", 1])], stored=[integers(1, 2**34)]),
       "node 'the node' (SplitToSequence): has more than 65536 parts")
refuse(model([node("Gather", ["x", "i"], axis=HUGE)], stored=[integers(0)]),
       "node 'the node' (Gather): axis")


# A few bytes that stand for very many ops, elements or steps of the importer.
def numbers(name, *values):
    return numpy_helper.from_array(np.array(values, np.float32), name)


line = [tensor("x", [1, 1, 4])]
for far in (1e30, float("inf"), float("nan")):
    refuse(model([node("Resize", ["x", "r", "", "s"], mode="linear", coordinate_transformation_mode="tf_crop_and_resize")], line,
                 stored=[numbers("r", 0, 0, far, 1, 1, 1), numpy_helper.from_array(np.array([1, 1, 4]), "s")]),
           "node 'the node' (Resize): its region of interest lies more than")
refuse(model([node("Resize", ["x", "", "", "s"], mode="linear", antialias=1)], [tensor("x", [1, 1, 2**20])],
             stored=[numpy_helper.from_array(np.array([1, 1, 1]), "s")]), "node 'the node' (Resize): makes one element of")
refuse(model([helper.make_node("SplitToSequence", ["x"], [f"s{i}"], name=f"split {i}", axis=1) for i in range(40)] +
             [helper.make_node("SequenceAt", ["s0", "i"], ["y"])], [tensor("x", ["N", 65536])], stored=[integers(0)]),
       "(SplitToSequence): here the model has grown to more than 524288 operations")
wave = [tensor("x", [1, 16, 1])]
for length in (2**34, 10**6):
    refuse(model([node("DFT", ["x", "n"], axis=1)], wave, stored=[numpy_helper.from_array(np.array(length), "n")]),
           "node 'the node' (DFT): its length must be between 1 and 65536")

# Many of everything: time grows with the file, not with its square.
many = 20000
assert load(model([relu], stored=[numpy_helper.from_array(np.zeros(2, np.float32), f"w{i}") for i in range(many)])) == "imported"
refuse(model([helper.make_node("MatMul", ["x", "x"], [f"o{i}"]) for i in range(many // 4)] + [relu]), f"{many // 4} nodes are at fault")
