# RUN: %python %s
"""A small GPT: twenty steps beside JAX, and a text learnt by heart."""
import numpy as np

import reference
import training
from glyptic_tool import enter_folder, log_lines, run

WIDTH, CONTEXT, STEPS = 32, 16, 20
TEXT = """Hand it an .onnx file and your data, get a trained .onnx file back: forward pass, loss, backward pass and
optimizer are one program, with its memory plan and its state. A small runtime executes it, and nothing else is needed:
no compiler, no Python."""

enter_folder()
vocabulary = sorted(set(TEXT))
text = np.array([vocabulary.index(character) for character in TEXT], np.int64)
windows = np.lib.stride_tricks.sliding_window_view(text, CONTEXT + 1)
data = {"tokens": windows[:, :-1].copy(), "label": windows[:, 1:].copy()}
run("new", "gpt", "--layers", 2, "--heads", 2, "--width", WIDTH, "--context", CONTEXT,
    "--vocabulary", len(vocabulary), "-o", "gpt.onnx", "--seed", 1)

# Softmax takes no notice of what all scores of a query share, so the biases of the keys have no gradient.
keys = {"*.qkv.bias": slice(WIDTH, 2 * WIDTH)}
options = reference.Options(optimizer="adamw", no_decay=["*.bias", "*norm*"], clip_norm=0.5,
                            schedule="cosine", warmup=5, steps=STEPS)
_, worst = training.check("gpt.onnx", options, data, 16, STEPS, zero_gradients=keys)
print(f"{options.optimizer}: worst error over its bound {worst:.2f}")


def least_loss():
    """What no model beats: the entropy of the next character after all the window shows of the text so far."""
    total = 0.0
    for length in range(1, CONTEXT + 1):
        following = {}
        for window in windows.tolist():
            following.setdefault(tuple(window[:length]), []).append(window[length])
        for symbols in following.values():
            counts = np.unique(symbols, return_counts=True)[1]
            total -= (counts * np.log(counts / len(symbols))).sum()
    return total / (len(windows) * CONTEXT)


np.savez("text.npz", **data)
run("train", "gpt.onnx", "--data", "text.npz", "--valid", "text.npz", "--optimizer", "adam", "--lr", 3e-3,
    "--schedule", "cosine", "--warmup", 20, "--clip-norm", 1, "--batch", 32, "--epochs", 80, "--log", "log.jsonl",
    "-o", "trained.onnx")
steps, evaluations = log_lines("log.jsonl")
least, last = least_loss(), evaluations[-1]["loss"]
print(f"loss {steps[0]['loss']:.3f} to {last:.3f} (least {least:.3f}) in {len(steps)} steps")
assert least < last < least + 0.05, (least, last)

# Sixteen characters are enough to go on with: greedily from eight places at once, each up to where the next begins.
run("compile", "trained.onnx", "--batch", 8, "-o", "trained.glyph")
length = (len(text) - CONTEXT) // 8
said = windows[:8 * length:length, :CONTEXT]
for _ in range(length):
    np.savez("in.npz", tokens=said[:, -CONTEXT:])
    run("run", "trained.glyph", "--input", "in.npz", "--output", "out.npz", "--batch", 8)
    said = np.hstack([said, np.load("out.npz")["logits"][:, -1].argmax(-1)[:, None]])
characters = "".join(vocabulary[token] for token in said[:, CONTEXT:].flatten())
assert characters == TEXT[CONTEXT:CONTEXT + 8 * length], characters
