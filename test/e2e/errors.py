# RUN: %python %s
"""Every mistake a person can make gets an exit code, a first line that says what is wrong, and no half-written file."""
import os
import subprocess

import numpy as np
import onnx
from onnx import TensorProto, helper

from glyptic_tool import FAILED, USAGE, enter_folder, fails, run

enter_folder()
run("new", "mlp", "--inputs", 4, "--outputs", 3, "-o", "m.onnx")
rng = np.random.default_rng(0)
x = rng.normal(size=(20, 4)).astype(np.float32)
label = (np.arange(20) % 3).astype(np.int64)
np.savez("good.npz", x=x, label=label)


def train(model="m.onnx", data="good.npz", *flags, says, code=FAILED):
    done = fails("train", model, "--data", data, "-o", "t.onnx", *flags, says=says, code=code)
    assert not os.path.exists("t.onnx"), "a failed run left its output"
    assert not [name for name in os.listdir(".") if name.startswith(("t.onnx", ".t.onnx"))], os.listdir(".")
    return done


# ---- Models ----
open("empty.onnx", "wb").close()
whole = open("m.onnx", "rb").read()
open("cut.onnx", "wb").write(whole[: len(whole) // 2])
open("text.onnx", "w").write("This is no model.\n" * 50)
for model in ["missing.onnx", "empty.onnx", "cut.onnx", "text.onnx", "."]:
    train(model, says=model)
    fails("check", model, says=model)
    fails("run", model, "--input", "good.npz", "--output", "o.npz", says=model)


def save(path, nodes, **kwargs):
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 4])
    graph = helper.make_graph(nodes, "g", [value("x")], [value("y")], **kwargs)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("my.domain", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), path)


save("op.onnx", [helper.make_node("Mystery", ["x"], ["h"], name="first", domain="my.domain"),
                 helper.make_node("Riddle", ["h"], ["y"], name="second", domain="my.domain")])
fails("compile", "op.onnx", "-o", "o.glyph", says=["op.onnx", "first", "Mystery", "second", "Riddle"])
save("rude.onnx", [helper.make_node("Mystery", ["x"], ["y"], name="bell\a\x1b[31m", domain="my.domain")])
done = fails("compile", "rude.onnx", "-o", "o.glyph", says="Mystery")
assert "\a" not in done.stderr and "\x1b" not in done.stderr, ascii(done.stderr)

# ---- Glyphs ----
run("compile", "m.onnx", "--loss", "cross-entropy", "-o", "m.glyph")
glyph = open("m.glyph", "rb").read()
open("cut.glyph", "wb").write(glyph[: len(glyph) // 2])
open("text.glyph", "w").write("no glyph")
for name in ["missing.glyph", "cut.glyph", "text.glyph"]:
    train(name, says=name)
    fails("inspect", name, says=name)
fails("inspect", "m.onnx", says="not a glyph")
run("compile", "m.onnx", "-o", "infer.glyph")
train("infer.glyph", says="no training step")
train("m.glyph", "good.npz", "--optimizer", "sgd", says=["--optimizer", "adam"])

# ---- Data ----
train(data="missing.npz", says="missing.npz")
open("text.npz", "w").write("no archive")
train(data="text.npz", says="text.npz")
open("data.txt", "w").write("")
train(data="data.txt", says=[".npz", ".csv"])
good = open("good.npz", "rb").read()
open("cut.npz", "wb").write(good[:-100])
train(data="cut.npz", says="cut.npz")
for name, arrays, says in [
    ("no x", dict(y=x, label=label), ["'x'", "'y'", "float32 [N,4]"]),
    ("no label", dict(x=x), ["'label'", "--label"]),
    ("columns", dict(x=x[:, :3], label=label), ["[20,3]", "[N,4]"]),
    ("rank", dict(x=x[0], label=label[:1]), ["[4]", "[N,4]"]),
    ("type", dict(x=x.astype(np.float64), label=label), ["float64", "float32"]),
    ("float label", dict(x=x, label=label.astype(np.float32)), ["float32", "int64"]),
    ("strings", dict(x=x, label=label.astype("U")), ["label"]),
    ("count", dict(x=x, label=label[:-1]), ["20 samples", "19"]),
    ("nothing", dict(x=x[:0], label=label[:0]), ["no samples"]),
]:
    path = name.replace(" ", "_") + ".npz"
    np.savez(path, **arrays)
    train(data=path, says=[path, *says])
open("bad.csv", "w").write("a,b,c,d,label\n1,2,3,4,0\n1,2,oops,4,1\n")
train(data="bad.csv", says=["bad.csv", "line 3", "column 3 (c)", "oops"])
open("twice.csv", "w").write("a,b,a,d,label\n1,2,3,4,0\n")
train(data="twice.csv", says=["twice.csv", "columns 1 and 3", "'a'"])
np.savez("ignored.npz", x=x, label=np.full(20, -100))
train(data="ignored.npz", says=["step 1", "ignored", "--ignore-index"])
train("m.onnx", "good.npz", "--valid", "ignored.npz", says=["evaluate on", "ignored"])
fails("run", "m.onnx", "--input", "no_x.npz", "--output", "o.npz", says=["'x'", "[N, 4]"])
fails("run", "m.onnx", "--input", "columns.npz", "--output", "o.npz", says=["[20, 3]", "[N, 4]"])
assert not os.path.exists("o.npz")

# ---- Flags ----
for arguments in [
    [],
    ["train"],
    ["train", "m.onnx", "--data", "good.npz", "-o", "t.onnx", "--frobnicate"],
    ["train", "m.onnx", "--data", "good.npz", "-o", "t.onnx", "--lr", "much"],
    ["train", "m.onnx", "--data", "good.npz", "-o", "t.onnx", "--lr", "nan"],
    ["train", "m.onnx", "--data", "good.npz", "-o", "t.onnx", "--epochs", "0"],
    ["train", "m.onnx", "--data", "good.npz", "-o", "t.onnx", "--epochs", "1", "--steps", "1"],
    ["train", "m.onnx", "--data", "good.npz", "-o", "t.onnx", "--resume"],
    ["train", "m.onnx", "--data", "good.npz", "-o", "t.onnx", "--batch", "2", "--accumulate", "3"],
    ["train", "m.onnx", "--data", "good.npz", "-o", "t.onnx", "--valid-split", "1.5"],
    ["train", "m.onnx", "-o", "t.onnx"],
    ["train", "m.onnx", "--data", "good.npz", "-o", "t.onnx", "--threads", "1000"],
    ["run", "m.onnx", "--input", "good.npz", "--output", "o.npz", "--threads", "1000"],
    ["compile", "m.onnx"],
    ["compile", "m.onnx", "--shape", "x", "-o", "o.glyph"],
    ["new", "mlp"],
    ["new", "colossus", "-o", "n.onnx"],
    ["new", "mlp", "--wings", "2", "-o", "n.onnx"],
    ["new", "mlp", "--hidden", "-2", "-o", "n.onnx"],
]:
    fails(*arguments, code=USAGE)
fails("conquer", code=USAGE, says=["'conquer'", "train"])
for flag, name, says in [("--loss", "cross-entrop", "cross-entropy"), ("--loss", "hinge", "bce-logits"), ("--optimizer", "adma", "adam"),
                         ("--schedule", "cosin", "cosine"), ("--metric", "acuracy", "accuracy"), ("--seed", "-1", "'-1'"),
                         ("--seed", str(2**64), str(2**64)), ("--seed", "1.5", "'1.5'")]:
    done = train("m.onnx", "good.npz", flag, name, code=USAGE, says=[flag, name, says])
    assert "do you mean" not in done.stderr or f"do you mean {says}?" in done.stderr, done.stderr
assert "do you mean adam?" in train("m.onnx", "good.npz", "--optimizer", "adma", code=USAGE, says="adma").stderr
fails("new", "mlp", "--seed", "-1", "-o", "n.onnx", code=USAGE, says="'-1'")
for flags, says in [
    (["--precision", "fp16"], ["--precision fp16"]),
    (["--devices", "2"], ["--devices 2"]),
    (["--device", "cuda:99"], "there is no "),  # NVIDIA driver, or such a GPU
    (["--device", "abacus"], ["'abacus'", "auto, cpu, cuda, cuda:N and shim"]),
    (["--class-weights", "1,2,3"], ["--class-weights"]),
    (["--freeze", "nothing.*"], ["nothing.*"]),
    (["--batch", 2**63 - 1], [str(2**63 - 1), "between 1 and"]),
    (["--epochs", 2**63 - 1, "--batch", 4], "more steps"),
    (["--shape", f"x={2**60},4"], ["'x'", "elements"]),
]:
    train("m.onnx", "good.npz", *flags, says=says)
assert "graph." not in train("m.onnx", "good.npz", "--freeze", "zzz", says="zzz").stderr, "our ops are shown to people"
for target, says in [("gpu", ["'gpu'", "cpu and cuda:sm_90"]), ("cuda:sm_42", ["'sm_42'", "sm_90"])]:
    fails("compile", "m.onnx", "--target", target, "-o", "o.glyph", says=says)
fails("compile", "m.onnx", "--target", "cpu", "--target", "cuda:sm_90", "-o", "o.glyph", says="one kind of target")
fails("compile", "m.onnx", "--stop-after", "lunch", says=["lunch", "Fusion"])

# ---- Outputs ----
fails("train", "m.onnx", "--data", "good.npz", "-o", "nowhere/t.onnx", says="nowhere/t.onnx")
fails("new", "mlp", "-o", "nowhere/m.onnx", says="nowhere/m.onnx")
os.mkdir("folder.onnx")
fails("train", "m.onnx", "--data", "good.npz", "-o", "folder.onnx", says="folder")
fails("export", "m.onnx", "--state", "missing.safetensors", "-o", "t.onnx", says="missing.safetensors")
open("before.onnx", "w").write("what was there before")
fails("train", "m.onnx", "--data", "count.npz", "-o", "before.onnx", says="20 samples")
assert open("before.onnx").read() == "what was there before"

# ---- Nothing is written over what is read, or twice ----
os.symlink("good.npz", "link.npz")
good = open("good.npz", "rb").read()
for outputs in (["-o", "good.npz"], ["-o", "link.npz"], ["-o", "./good.npz"], ["-o", "t.onnx", "--log", "good.npz"],
                ["-o", "t.onnx", "--log", "m.onnx"], ["-o", "t.onnx", "--save-state", "t.onnx"]):
    fails("train", "m.onnx", "--data", "good.npz", *outputs, code=USAGE)
fails("run", "m.onnx", "--input", "good.npz", "--output", "good.npz", code=USAGE)
fails("compile", "m.onnx", "-o", "m.onnx", code=USAGE, says="m.onnx")
assert open("good.npz", "rb").read() == good

# ---- check looks at the data as well ----
assert "good.npz fits: 20 samples" in run("check", "m.onnx", "--data", "good.npz").stdout
fails("check", "m.onnx", "--data", "columns.npz", says=["columns.npz", "[20,3]"])

# ---- Sizes that no computation would end with ----
save("wide.onnx", [helper.make_node("Unsqueeze", ["x", "last"], ["u"]), helper.make_node("Expand", ["u", "size"], ["e"], name="big"),
                   helper.make_node("ReduceSum", ["e", "last"], ["y"], keepdims=0)],
     initializer=[onnx.numpy_helper.from_array(np.array(value, np.int64), name)
                  for name, value in [("last", [2]), ("size", [1, 1, 2**40])]])
fails("run", "wide.onnx", "--input", "good.npz", "--output", "o.npz", says=["'big' (Expand)", str(2**40), "elements"], timeout=60)

# ---- A disk that is full ----
with open("/dev/full", "w") as full:
    for command in (["check", "m.onnx"], ["inspect", "m.glyph"], ["--help"]):
        done = subprocess.run(["glyptic", *command], stdout=full, stderr=subprocess.PIPE, text=True)
        assert done.returncode == FAILED and done.stderr.startswith("error: "), (command, done)

# ---- A loss that is no longer finite ----
np.savez("huge.npz", x=x * np.float32(1e30), label=label)
train("m.onnx", "huge.npz", "--optimizer", "sgd", "--lr", "1e30", "--epochs", "3", says=["step ", "finite", "--lr"])
np.savez("late.npz", x=np.concatenate([x, x * np.float32(1e38)]), label=np.concatenate([label, label]))
late = ["--optimizer", "sgd", "--lr", "1", "--shuffle", "off", "--batch", 10, "--epochs", 1]
train("m.onnx", "late.npz", *late, says=["step 3", "finite", "--save-state"])
train("m.onnx", "late.npz", *late, "--save-state", "good.safetensors", "--checkpoint", "good", "--checkpoint-every", 1,
      says=["step 3", "good.safetensors", "good/checkpoint.safetensors"])
run("train", "m.onnx", "--data", "late.npz", *late[:-2], "--steps", 2, "--save-state", "two.safetensors", "-o", "two.onnx")
run("export", "m.onnx", "--state", "good.safetensors", "-o", "good.onnx")
assert open("good.onnx", "rb").read() == open("two.onnx", "rb").read(), "the state is that of the last good step"
