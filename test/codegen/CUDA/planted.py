# RUN: %python %s
"""Mistakes planted in the text of kernels: the host shim runs the text as it is, and names each mistake.

One program holds the kernels of planted.mlir and tile.mlir and, under other names, copies with one mistake each. Its
main runs the kernel that it is told to, on memory of exactly the sizes that the kernel needs. Sanitizers are those of the
compiler, where it has them.
"""
import pathlib
import re
import shutil
import subprocess

import numpy as np
from glyptic_tool import enter_folder

HERE = pathlib.Path(__file__).resolve().parent
BARRIER = r"__syncthreads\(\);"
UNWRITTEN = "reads shared memory that nobody has written"
RACE = "shared memory that another thread {}, with no barrier between"
ENDED = "a {} waits for a thread that has ended"
WRONG = "a wrong result"  # in every order of threads, or in one

# The numbers of a kernel's operand, its blocks, and what it computes.
KERNELS = {
    "relu_pointwise": (66, 1, lambda x: np.maximum(x, 0)),
    "scaled_row": (3 * 2048, 3, lambda x: scale(x.reshape(3, 2048)).ravel()),
    "add_first": (128, 2, lambda x: x + np.repeat(x[::2], 2)),
    "add_first_in_place": (128, 2, lambda x: x + np.repeat(x[::2], 2)),
}

# The kernel, what is replaced by what, and what is said of it.
MISTAKES = [
    ("relu_pointwise", r"load<4>\(&(\w+)\[(\w+)\]\)", r"load<4>(&\1[\2 + 1])", "a vector's address is no multiple of its size"),
    ("relu_pointwise", r"<= 66u", "<= 68u", "AddressSanitizer: heap-buffer-overflow"),
    ("relu_pointwise", r"threadIdx\.x", "(threadIdx.x << 32)", "shift exponent 32 is too large"),
    ("add_first", BARRIER, "", "reads " + RACE.format("writes")),
    ("add_first", BARRIER, r"\g<0> shared[threadIdx.x] = 0.0f;", "reads " + RACE.format("writes")),
    ("add_first", r"(= shared.*;)", r"\1 shared[63] = 0.0f;", "writes " + RACE.format("writes")),
    ("add_first", r"(= shared.*;)", r"\1 shared[threadIdx.x ^ 1] = 0.0f;", "writes " + RACE.format("reads")),
    ("add_first", r"shared\[threadIdx\.x\] =", r"if (threadIdx.x > 0) \g<0>", UNWRITTEN),
    ("add_first", r"& 62u", "+ 1u", "reaches past the end of shared memory"),
    ("add_first", BARRIER, r"\g<0> if (threadIdx.x < 32) __syncthreads();", ENDED.format("barrier")),
    ("add_first", BARRIER, r"\g<0> if (threadIdx.x < 32) __syncthreads();\n else __syncthreads();",
     "threads wait at different barriers"),
    ("add_first", BARRIER, r"if (threadIdx.x == 7) return; \g<0>", ENDED.format("barrier")),
    ("add_first_in_place", BARRIER, "", WRONG),
    ("scaled_row", r"= (blockAdd.*);", r"= threadIdx.x < 40 ? \1 : 1.0f;", ENDED.format("shuffle")),
    ("scaled_row", r"blockAdd<", "no_barrier_before::blockAdd<", "writes " + RACE.format("reads")),
    ("scaled_row", r"blockAdd<", "no_barrier_after::blockAdd<", UNWRITTEN),
]

MAIN = r"""
int main(int count, char **arguments) {
  const int size = atoi(arguments[2]);
  float *x = static_cast<float *>(malloc(size * sizeof(float))), *y = static_cast<float *>(malloc(size * sizeof(float)));
  for (int i = 0; i < size; ++i)
    x[i] = static_cast<float>(i * 7 % 23) - 9.0f;
  void *buffers[] = {x, y};
  glyptic_shim_set_order(atoi(arguments[4]));
  for (Kernel &kernel : kernels)
    if (!strcmp(kernel.name, arguments[1]))
      kernel.run(buffers, 1, 0, atoi(arguments[3]));
  for (int i = 0; i < size; ++i)
    printf("%.9g\n", y[i]);
  free(x);
  free(y);
}
"""


def scale(rows):
    rows = rows - rows.sum(axis=1, keepdims=True)
    return rows / rows.sum(axis=1, keepdims=True)


def translate(path, *flags, text=None):
    return subprocess.run(["glyptic-translate", "--cuda", path, *flags], input=text, check=True, capture_output=True, text=True).stdout


def edit(text, what, by):
    edited, count = re.subn(what, by, text, flags=re.M)
    assert count, f"there is no {what} to replace in\n{text}"
    return edited


def entry(text):
    """What runs the kernel of this text, as the shim's own programs have it."""
    threads, name, parameters = re.search(r"__launch_bounds__\((\d+)\)\s+(\w+)\((.*?)\) {", text).groups()
    count = parameters.count("*")
    buffers = ", ".join(f"static_cast<float *>(buffers[{i}])" for i in range(count))
    return f"void run_{name}(void *const *buffers, int64_t batch, int64_t lo, int64_t hi) {{\n" \
           f"  shim::run({threads}, lo, hi, [=] {{ {name}({buffers}, static_cast<unsigned>(batch)); }});\n}}\n"


def write_program():
    generated = subprocess.run(["glyptic-opt", HERE / "planted.mlir", "-graph-generate-kernels=gpu=true"], check=True,
                               capture_output=True, text=True).stdout
    program = translate(HERE / "tile.mlir", "--shim")
    reduce = re.search(r"^#define REDUCE\(.*?[^\\]\n", program, re.M | re.S).group()
    combine = re.findall(r"^REDUCE\(Add,.*$", program, re.M)[0]
    first, second = (m.span() for m in re.finditer(BARRIER, reduce))
    for name, (begin, end) in (("no_barrier_before", first), ("no_barrier_after", second)):
        program += f"#undef REDUCE\n{reduce[:begin] + reduce[end:]}namespace {name} {{\n{combine}\n}}\n"
    texts = translate("-", text=generated) + translate(HERE / "tile.mlir")
    texts = {re.search(r"^(\w+)\(", text, re.M).group(1): text
             for text in re.findall(r'extern "C" __global__.*?^}\n', texts, re.M | re.S)}
    copies = {name: texts[name] for name in KERNELS if name in texts}
    assert copies.keys() == KERNELS.keys(), texts.keys()
    for i, (kernel, what, by, _) in enumerate(MISTAKES):
        copies[f"mistake{i}"] = edit(texts[kernel], what, by).replace(f"{kernel}(", f"mistake{i}(", 1)
    for name, text in copies.items():
        text = text.replace(f"{name}(", f"copy_{name}(", 1)
        program += text + entry(text)
    program += "struct Kernel { const char *name; void (*run)(void *const *, int64_t, int64_t, int64_t); };\n"
    return program + "Kernel kernels[] = {" + ", ".join(f'{{"{name}", run_copy_{name}}}' for name in copies) + "};\n" + MAIN


def build():
    """With sanitizers, if a compiler has them; whether one does."""
    pathlib.Path("program.cpp").write_text(write_program())
    compilers = [*filter(None, map(shutil.which, ("clang++-22", "clang++", "g++", "c++")))]
    for compiler in compilers:
        command = [compiler, "-std=c++17", "-O0", "-w", "-ffp-contract=off", "-o", "program", "program.cpp"]
        if not subprocess.run([*command, "-fsanitize=address,undefined", "-fno-sanitize-recover=all"], capture_output=True).returncode:
            return True
    subprocess.run([compilers[0], *command[1:]], check=True)
    return False


def run(name, kernel, order=0):
    size, blocks, _ = KERNELS[kernel]
    return subprocess.run(["./program", name, str(size), str(blocks), str(order)], capture_output=True, text=True, timeout=60)


def is_right(done, kernel):
    size, _, compute = KERNELS[kernel]
    x = np.arange(size) * 7 % 23 - 9.0
    return done.returncode == 0 and np.allclose(np.array(done.stdout.split(), float), compute(x), rtol=1e-4)


enter_folder()
has_sanitizers = build()
for kernel in KERNELS:
    for order in (0, 1, 2026):
        done = run(kernel, kernel, order)
        assert is_right(done, kernel), f"{kernel}, unedited: {done.stderr}"
for i, (kernel, what, by, said) in enumerate(MISTAKES):
    if not has_sanitizers and ("Sanitizer" in said or "exponent" in said):
        print(f"{kernel}: {said}: skipped, because the compiler has no sanitizers")
        continue
    runs = [run(f"mistake{i}", kernel, order) for order in (0, 1, 2026)]
    found = any(not is_right(done, kernel) if said is WRONG else done.returncode and said in done.stderr for done in runs)
    assert found, f"{kernel} with {by!r} for {what!r}: not {said!r}, but\n" + "\n".join(done.stderr[:400] for done in runs)
