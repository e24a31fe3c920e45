"""What generated kernels have to move in a training step, from the ONNX graph alone.

Convolutions, matrix products and pooling are a library's. Between them run generated kernels, in passes: what lies
between two library calls can be one pass, except that a statistic over the batch needs all of its operand first. A pass
reads once, and writes once, every tensor that a library call or another pass must see; what else there is stays in
registers or is computed again. An optimizer reads and writes each parameter and its moments, and reads its gradient.
Transposes, reshapes and slices cost nothing: libraries take strides. All elements have the size of the graph's type.
"""
import math
from collections import defaultdict

import numpy as np
import onnx

LIBRARY = {"Conv", "ConvTranspose", "Gemm", "MatMul", "MaxPool", "AveragePool", "GlobalAveragePool"}
VIEWS = {"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Transpose", "Split", "Slice"}
# Tensors that an optimizer reads and writes for each parameter, the gradient included.
OPTIMIZER = {"sgd": 3, "momentum": 5, "nesterov": 5, "adam": 7, "adamw": 7}
# What a derivative looks at; the others look at their operands.
BY_RESULT = {"Relu", "Softmax", "Tanh", "Sigmoid"}
BY_NOTHING = {"Add", "Sub", "Dropout", "Gather"}
ONCE = {"Softmax", "LayerNormalization", "Gather"}  # to compute them again is more than a few operations


class Bound:
    """`passes` holds what each one moves, by name: "x", or for gradients "d x" and who computed it."""

    def __init__(self, model, batch, optimizer):
        graph = onnx.shape_inference.infer_shapes(model).graph
        self.sizes = {}
        for value in [*graph.value_info, *graph.input, *graph.output]:
            tensor = value.type.tensor_type
            shape = [dim.dim_value or batch for dim in tensor.shape.dim]
            self.sizes[value.name] = math.prod(shape) * np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)).itemsize
        self.parameters = {w.name: math.prod(w.dims) * 4 for w in graph.initializer if "running" not in w.name}
        self.updates = OPTIMIZER[optimizer] * sum(self.parameters.values())
        self.base, self.parted = {}, set()  # of views; those that Split takes apart
        self.nodes = []
        known = {w.name for w in graph.initializer}
        for node in graph.node:
            if not any(name and name not in known for name in node.input):
                known.update(node.output)  # constants, and what is computed from parameters alone
            elif node.op_type in VIEWS:
                self.base.update((name, self.whole(node.input[0])) for name in node.output)
                if node.op_type == "Split":
                    self.parted.add(self.whole(node.input[0]))
            else:
                self.nodes.append(node)
        self.operands = {node.output[0]: list(dict.fromkeys(self.whole(n) for n in node.input if n and n not in known))
                         for node in self.nodes}
        self.producer = {node.output[0]: node for node in self.nodes}
        self.consumers = defaultdict(list)
        for name, operands in self.operands.items():
            for operand in operands:
                self.consumers[operand].append(name)
        self.passes = defaultdict(set)
        self.place()
        self.forward()
        self.backward(self.whole(graph.output[0].name))

    def whole(self, name):
        return self.base.get(name, name)

    def type_of(self, name):
        return self.producer[name].op_type if name in self.producer else "Input"

    def is_library(self, name):
        return self.type_of(name) in LIBRARY

    def place(self):
        """Numbers passes by the library calls and statistics that come before them."""
        self.level = {}
        for node in self.nodes:
            name = node.output[0]
            before = [self.level.get(operand, 0) + self.is_library(operand) for operand in self.operands[name]]
            self.level[name] = max(before, default=0) + (node.op_type == "BatchNormalization")

    def leaves(self, name, stage):
        """What this pass has to read for the value of `name`, itself or what it is computed from; None where it cannot."""
        if stage == ("forward", self.level.get(name)) and not self.is_library(name):
            return set() if name in self.producer else {name}
        again = None
        if name in self.producer and not self.is_library(name) and self.type_of(name) not in ONCE:
            parts = [self.leaves(operand, stage) for operand in self.operands[name]]
            again = None if None in parts else set().union(*parts)
        if name not in self.stored:
            return again
        missing = sum(self.size(leaf) for leaf in again - self.passes[stage]) if again is not None else math.inf
        return again if missing < (name not in self.passes[stage]) * self.size(name) else {name}

    def forward(self):
        generated = [node.output[0] for node in self.nodes if node.op_type not in LIBRARY]
        seen = {name for name in generated
                if any(self.is_library(user) or self.level[user] > self.level[name] for user in self.consumers[name])}
        rows = {name for name in generated if self.type_of(name) == "Softmax"}
        self.stored = seen | rows | {name for name in self.sizes if name not in generated}
        for name in generated:
            stage = "forward", self.level[name]
            for operand in self.operands[name]:
                self.passes[stage] |= self.leaves(operand, stage)
                if self.type_of(name) == "BatchNormalization":  # its statistics
                    before = "forward", self.level[name] - 1
                    self.passes[before] |= self.leaves(operand, before)
            if name in self.stored:
                self.passes[stage].add(name)
            if self.type_of(name) == "Gather":
                self.passes[stage].add(name + " by rows")

    def backward(self, output):
        self.gradients = defaultdict(list)  # of a tensor: contributions in memory
        self.gradients[output] = ["d " + output]
        self.passes["loss", 0] = {output, "d " + output}
        trained = set()
        for node in self.nodes:
            if any(name in self.parameters for name in node.input) or any(self.whole(name) in trained for name in node.input):
                trained.add(node.output[0])
        levels = defaultdict(list)
        for node in reversed(self.nodes):
            name = node.output[0]
            if node.op_type in LIBRARY:
                for operand in self.operands[name]:
                    if operand not in self.parted:
                        self.gradients[operand].append(f"d {operand} by {name}")
                    elif not self.gradients[operand]:  # its parts are side by side
                        self.gradients[operand] = [f"d {operand} by its users"]
            elif name in trained:
                levels[self.level[name]].append(name)
        for level in sorted(levels, reverse=True):
            self.derive(levels[level], level, trained)

    def gradient(self, name, stage):
        """Reads all contributions to the gradient of `name`; those of this pass are in registers, or computed again."""
        self.passes[stage] |= set(self.gradients[name])
        for user in self.consumers[name]:
            if not self.is_library(user) and self.level[user] == stage[1] and user not in self.handed[name]:
                self.gradient(user, stage)
                self.look(user, stage)

    def look(self, name, stage):
        """What the derivative of `name` needs to know."""
        seen = [name] if self.type_of(name) in BY_RESULT else [] if self.type_of(name) in BY_NOTHING else self.operands[name]
        for value in seen:
            if self.leaves(value, stage) is None:  # kept for this alone
                self.stored.add(value)
                self.passes["forward", self.level[value]].add(value)
            self.passes[stage] |= self.leaves(value, stage)

    def derive(self, names, level, trained):
        first, second = ("backward", level), ("backward", level, "after its sums")
        self.handed = defaultdict(set)  # users of this pass whose contribution is in memory by now
        for name in names:
            if self.type_of(name) == "BatchNormalization":
                self.look(name, first)
                self.look(name, second)
        for name in names:
            statistics = self.type_of(name) == "BatchNormalization"
            plain = self.type_of(name) == "Add" and len(self.operands[name]) == len(self.producer[name].input)
            if not plain:
                for stage in [first, second] if statistics else [first]:
                    self.look(name, stage)
                    self.gradient(name, stage)
            for weight in self.producer[name].input:
                if weight in self.parameters:
                    self.passes[first].add("d " + weight)
            for operand in self.operands[name]:
                if operand not in trained or not (self.is_library(operand) or self.level[operand] < level):
                    continue
                sources = self.gradients[name]
                here = [u for u in self.consumers[name] if not self.is_library(u) and self.level[u] == level and u not in self.handed[name]]
                isSame = self.type_of(name) == "Add" and self.size(operand) == self.size(name)
                if isSame and len(sources) == 1 and not here:  # an addition hands the gradient on as it is
                    self.gradients[operand].append(sources[0])
                    continue
                self.gradient(name, first)
                key = f"d {operand} by {name}"
                self.passes[second if statistics else first].add(key)
                self.gradients[operand].append(key)
                if plain:
                    self.gradients[name], self.handed[name] = [key], set(self.consumers[name])

    def size(self, name):
        return {**self.sizes, **self.parameters}[name.removeprefix("d ").split(" by ")[0]]

    @property
    def bytes(self):
        return self.updates + sum(self.size(name) for names in self.passes.values() for name in names)
