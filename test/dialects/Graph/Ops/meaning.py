# RUN: %python %s
"""What the interpreter computes for the ops whose meaning is more than a formula, against JAX in FP64.

One function holds every case, so that the interpreter starts once; its arguments are small random numbers."""
import subprocess

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp
from jax import lax

random = np.random.default_rng(7)
BATCH = 2
arguments, ops, results, expected = [], [], [], []


def tensor(shape, element="f32"):
    return f"tensor<{''.join(f'{size}x' for size in shape)}{element}>"


def argument(*shape, low=-2.0, high=2.0, integer=False):
    """A random argument, and its name in the program."""
    value = random.integers(low, high, shape) if integer else random.uniform(low, high, shape).astype(np.float32)
    arguments.append(value)
    return f"%arg{len(arguments) - 1}", jnp.asarray(value, dtype=None if integer else jnp.float64)


def type_of(value):
    return tensor(value.shape, "i1" if value.dtype == bool else "i64" if jnp.issubdtype(value.dtype, jnp.integer) else "f32")


def case(text, operands, value):
    """`text` is the op up to its type; `value` is what JAX says."""
    value = jnp.asarray(value)
    types = ", ".join(type_of(operand) for _, operand in operands)
    ops.append(f"  %r{len(results)} = {text} : ({types}) -> {type_of(value)}")
    results.append(type_of(value))
    expected.append(value)


def same(text, operand, value):
    """An op whose text ends in its only type."""
    ops.append(f"  %r{len(results)} = {text} : {type_of(operand)}")
    results.append(type_of(value))
    expected.append(value)


def array(values):
    return f"array<i64: {', '.join(map(str, values))}>"


def convolution(layouts, batch, channels, filters, space, kernel, strides, pads, dilations, groups):
    shape = {"N": batch, "C": channels}, {"O": filters, "I": channels // groups}
    for sizes, extents in zip(shape, (space, kernel)):
        sizes.update(zip("HWD", extents))
    x = argument(*[shape[0][dim] for dim in layouts[0]])
    w = argument(*[shape[1][dim] for dim in layouts[1]])
    run = lambda x, w: lax.conv_general_dilated(x, w, strides, pads, rhs_dilation=dilations, dimension_numbers=layouts,
                                                feature_group_count=groups)
    y, pull = jax.vjp(run, x[1], w[1])
    dy = argument(*y.shape)
    dx, dw = pull(dy[1])
    numbers = [[layout.index(dim) for dim in first + "HWD"[:len(space)]]
               for layout, first in zip(layouts, ("NC", "OI", "NC"))]
    attributes = (f"{{dims = #graph.conv_dims<{numbers[0]} x {numbers[1]} -> {numbers[2]}>, strides = {array(strides)}, "
                  f"pads_low = {array([low for low, _ in pads])}, pads_high = {array([high for _, high in pads])}, "
                  f"dilations = {array(dilations)}, groups = {groups} : i64}}")
    case(f"graph.conv {x[0]}, {w[0]} {attributes}", (x, w), y)
    case(f"graph.conv_input_grad {dy[0]}, {w[0]} {attributes}", (dy, w), dx)
    case(f"graph.conv_weight_grad {x[0]}, {dy[0]} {attributes}", (x, dy), dw)


convolution(("NCHW", "OIHW", "NCHW"), 2, 3, 4, (6, 5), (3, 2), (1, 1), ((0, 0), (0, 0)), (1, 1), 1)
convolution(("NHWC", "OHWI", "NHWC"), 2, 3, 2, (7, 5), (3, 3), (2, 2), ((1, 0), (2, 1)), (1, 1), 1)
convolution(("NHWC", "OIHW", "NCHW"), 1, 4, 6, (6, 7), (2, 3), (1, 2), ((1, 1), (0, 2)), (2, 1), 2)
convolution(("NCH", "OIH", "NCH"), 2, 3, 3, (8,), (3,), (3,), ((1, 1),), (2,), 3)
convolution(("NCHWD", "OIHWD", "NCHWD"), 1, 2, 1, (3, 4, 3), (2, 2, 1), (1, 2, 1), ((0, 1), (0, 0), (1, 0)), (1, 1, 2), 1)


def pool(kind, shape, window, strides, pads, dilations):
    x = argument(*shape)
    sums = lambda x: lax.reduce_window(x, 0.0, lax.add, window, strides, pads, window_dilation=dilations)
    if kind == "max":
        run = lambda x: maximum(x, window, strides, pads, dilations)
    elif kind == "average":
        run = lambda x: sums(x) / sums(jnp.ones_like(x))
    else:
        run = lambda x: sums(x) / np.prod(window)
    y, pull = jax.vjp(run, x[1])
    dy = argument(*y.shape)
    attributes = (f"{{kind = #graph.pool<{kind}>, window = {array(window)}, strides = {array(strides)}, "
                  f"pads_low = {array([low for low, _ in pads])}, pads_high = {array([high for _, high in pads])}, "
                  f"dilations = {array(dilations)}}}")
    case(f"graph.pool {x[0]} {attributes}", (x,), y)
    case(f"graph.pool_grad {x[0]}, {dy[0]} {attributes}", (x, dy), pull(dy[1])[0])


def maximum(x, window, strides, pads, dilations):
    """JAX has no derivative of a dilated window's maximum, so the windows are gathered."""
    x = jnp.pad(x, pads, constant_values=-jnp.inf)
    counts = [(size - (w - 1) * d - 1) // s + 1 for size, w, s, d in zip(x.shape, window, strides, dilations)]
    for dim, (count, w, s, d) in enumerate(zip(counts, window, strides, dilations)):
        taps = np.arange(count)[:, None] * s + np.arange(w) * d
        x = jnp.max(jnp.take(x, taps, axis=dim), axis=dim + 1)
    return x


none = ((0, 0),) * 4
pool("max", (2, 3, 6, 4), (1, 1, 2, 2), (1, 1, 2, 2), none, (1, 1, 1, 1))
pool("max", (2, 5, 5, 2), (1, 3, 3, 1), (1, 2, 1, 1), ((0, 0), (1, 1), (2, 0), (0, 0)), (1, 1, 1, 1))
pool("max", (1, 7, 6, 1), (1, 2, 2, 1), (1, 1, 2, 1), ((0, 0), (0, 0), (1, 1), (0, 0)), (1, 3, 2, 1))
pool("average", (2, 3, 5, 4), (1, 1, 3, 2), (1, 1, 2, 2), ((0, 0), (0, 0), (1, 1), (0, 1)), (1, 1, 1, 1))
pool("average_with_padding", (2, 4, 4, 2), (1, 3, 3, 1), (1, 1, 1, 1), ((0, 0), (1, 1), (1, 1), (0, 0)), (1, 1, 1, 1))


def dot(left, right, batch, contracting):
    l, r = argument(*left), argument(*right)
    case(f"graph.dot_general {l[0]}, {r[0]} batch = {batch[0]} x {batch[1]} contracting = {contracting[0]} x "
         f"{contracting[1]}", (l, r), lax.dot_general(l[1], r[1], (contracting, batch)))


dot((3, 4), (4, 5), ([], []), ([1], [0]))
dot((2, 3, 4), (2, 3, 5), ([], []), ([0, 1], [0, 1]))
dot((2, 3, 4, 5), (2, 6, 4, 5), ([0, 2], [0, 2]), ([3], [3]))
dot((3, 2, 5), (5, 4, 2), ([1], [2]), ([2], [0]))
dot((2, 3, 5), (4, 5, 3), ([], []), ([1, 2], [2, 1]))
dot((2, 0), (0, 3), ([], []), ([1], [0]))

table, tokens = argument(5, 3), argument(2, 4, low=-5, high=5, integer=True)
case(f"graph.gather {table[0]}, {tokens[0]} dim = 0", (table, tokens), table[1][tokens[1]])
case(f"graph.gather {table[0]}, {tokens[0]} dim = 1", (table, tokens),
     jnp.take(table[1], jnp.clip(jnp.where(tokens[1] < 0, tokens[1] + 3, tokens[1]), 0, 2), axis=1))
updates = argument(2, 4, 3)
case(f"graph.scatter sum {tokens[0]}, {updates[0]} dim = 0", (tokens, updates),
     jnp.zeros((5, 3)).at[tokens[1]].add(updates[1]))
for kind, initial, method in (("max", -jnp.inf, "max"), ("min", jnp.inf, "min"), ("prod", 1, "multiply")):
    case(f"graph.scatter {kind} {tokens[0]}, {updates[0]} dim = 0", (tokens, updates),
         getattr(jnp.full((5, 3), initial, updates[1].dtype).at[tokens[1]], method)(updates[1]))

wide = argument(3, 4, 5, low=-90, high=90)  # exponentials of which overflow in FP32
same(f"graph.softmax {wide[0]} dims = [2]", wide[1], jax.nn.softmax(wide[1], axis=2))
same(f"graph.softmax {wide[0]} dims = [0, 2]", wide[1], jax.nn.softmax(wide[1], axis=(0, 2)))
same(f"graph.log_softmax {wide[0]} dims = [1]", wide[1], jax.nn.log_softmax(wide[1], axis=1))

scale, bias = argument(4, 5), argument(4, 5)
mean = wide[1].mean((1, 2), keepdims=True)
normal = (wide[1] - mean) / jnp.sqrt(wide[1].var((1, 2), keepdims=True) + 1e-5)
case(f"graph.layer_norm {wide[0]}, {scale[0]}, {bias[0]} dim = 1 {{epsilon = 1.0e-5 : f64}}", (wide, scale, bias),
     normal * scale[1] + bias[1])
case(f"graph.layer_norm {wide[0]}, {scale[0]} dim = 1 {{epsilon = 1.0e-5 : f64}}", (wide, scale), normal * scale[1])

some = argument(4, 5, low=-6, high=6)
same(f"graph.gelu {some[0]}", some[1], jax.nn.gelu(some[1], approximate=False))
same(f"graph.gelu {some[0]} tanh", some[1], jax.nn.gelu(some[1], approximate=True))


def cross_entropy(ignored, smoothing):
    logits, labels = argument(4, 7, 3, low=-90, high=90), argument(4, 3, low=0, high=7, integer=True)
    target = jax.nn.one_hot(labels[1], 7, axis=1) * (1 - smoothing) + smoothing / 7
    loss = -(jax.nn.log_softmax(logits[1], axis=1) * target).sum(1)
    case(f"graph.cross_entropy {logits[0]}, {labels[0]} dim = 1 {{ignore_index = {ignored} : i64, label_smoothing = "
         f"{smoothing} : f64}}", (logits, labels), jnp.where(labels[1] == ignored, 0, loss))


cross_entropy(-100, 0.0)
cross_entropy(2, 0.1)
targets = argument(4, 5, low=0, high=1)
same(f"graph.bce_logits {some[0]}, {targets[0]}", some[1],
     -(targets[1] * jax.nn.log_sigmoid(some[1]) + (1 - targets[1]) * jax.nn.log_sigmoid(-some[1])))


def cases(text, operands, values):
    """An op with several results."""
    types = ", ".join(type_of(operand) for _, operand in operands)
    found = [f"%r{len(results) + i}" for i in range(len(values))]
    ops.append(f"  {', '.join(found)} = {text} : ({types}) -> ({', '.join(map(type_of, values))})")
    results.extend(map(type_of, values))
    expected.extend(values)


def attention(heads, key_heads, mask=None, kept=None, hidden=-np.inf, ratio=0.0, zero=False):
    q, k, v, bias = argument(2, heads, 3, 4), argument(2, key_heads, 5, 4), argument(2, key_heads, 5, 2), argument(2, heads, 3, 5)
    flags = []
    for allowed in (mask, kept):
        if allowed is not None:
            flags.append((f"%m{len(ops)}", jnp.asarray(allowed)))
            ops.append(f"  {flags[-1][0]} = graph.constant dense<{str(allowed.tolist()).lower()}> : {tensor(allowed.shape, 'i1')}")

    def run(q, k, v, bias):
        k, v = (jnp.repeat(x, heads // key_heads, 1) for x in (k, v))
        scores = 0.3 * jnp.einsum("bhmd,bhnd->bhmn", q, k) + bias
        scores = scores if mask is None else jnp.where(mask, scores, hidden)
        empty = jnp.all(scores == -jnp.inf, -1, keepdims=True)
        probabilities = jnp.where(empty, 0, jax.nn.softmax(jnp.where(empty, 0, scores)))
        dropped = probabilities if kept is None else jnp.where(kept, probabilities / (1 - ratio), 0)
        return jnp.einsum("bhmn,bhnd->bhmd", dropped, v), jax.nn.logsumexp(scores, -1)

    values = [x for _, x in (q, k, v, bias)]
    y, pull, sums = jax.vjp(run, *values, has_aux=True)
    sums = jnp.where(jnp.isinf(sums), jnp.nan, sums)
    dy = argument(*y.shape)
    scores = f"bias {bias[0]} " + " ".join(f"{name} {value[0]}" for name, value in zip(("mask", "kept")[mask is None:], flags))
    scores += f" scale = 0.3 {{masked_score = {hidden if np.isfinite(hidden) else '0xFFF0000000000000'} : f64, dropout = {ratio} : f64"
    scores += ", zero_masked_rows}" if zero else "}"
    names = f"{q[0]}, {k[0]}, {v[0]}"
    y_name, sums_name = f"%r{len(results)}", f"%r{len(results) + 1}"
    cases(f"graph.attention {names} {scores}", (q, k, v, bias, *flags), (y, sums))
    cases(f"graph.attention_grad {names} result {y_name} log_sum {sums_name} gradient {dy[0]} {scores}",
          (q, k, v, ("", y), ("", sums), dy, bias, *flags), pull(dy[1]))


fair = random.random((2, 4, 3, 5)) < 0.5
attention(2, 2)
attention(4, 2, mask=fair | (np.arange(5) == 2), hidden=-1e9)
attention(4, 1, mask=fair & (np.arange(3) > 0)[:, None], kept=random.random((2, 4, 3, 5)) < 0.75, ratio=0.25, zero=True)


def program(transform=lambda text: text):
    signature = ", ".join(f"%arg{i}: {type_of(jnp.asarray(value))}" for i, value in enumerate(arguments))
    returned = ", ".join(f"%r{i}" for i in range(len(results)))
    return "\n".join([f"func.func @main({signature}) -> ({', '.join(results)}) {{", *ops,
                      f"  return {returned} : {', '.join(results)}", "}"])


def check(text, precision, tolerance):
    flags = [f"--arg=dense<{value.tolist() if value.size else ''}>" for value in arguments]
    output = subprocess.run(["glyptic-interpret", "-", *precision, *flags], input=text, capture_output=True, text=True,
                            check=False)
    assert output.returncode == 0, output.stderr
    lines = output.stdout.splitlines()
    assert len(lines) == len(results), output.stdout
    for i, (line, value) in enumerate(zip(lines, expected)):
        found = np.array(eval(line[line.index(">") + 1:], {"nan": np.nan, "inf": np.inf})).reshape(value.shape)
        limit = tolerance * max(1, np.nanmax(np.abs(value), initial=0))
        assert np.allclose(found, value, 0, limit, equal_nan=True), (
            f"{next(op.strip() for op in ops if f'%r{i}' in op)}\nis off:\n{found}\nnot\n{value}")


check(program(), ["--f64"], 1e-8)  # nine digits are printed
check(program(), [], 2e-6)
# Composites mean what they decompose into, up to constants that an FP32 program holds in FP32.
decomposed = subprocess.run(["glyptic-opt", "--graph-decompose"], input=program(), capture_output=True, text=True, check=True)
assert "graph.softmax" not in decomposed.stdout
check(decomposed.stdout, ["--f64"], 2e-7)
