"""Runs `glyptic train` and compares what it saved with the reference."""
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import reference

FLAGS = {"loss": "--loss", "optimizer": "--optimizer", "label": "--label", "lr": "--lr", "weight_decay": "--weight-decay",
         "eps": "--eps", "momentum": "--momentum", "clip_norm": "--clip-norm", "schedule": "--schedule",
         "warmup": "--warmup", "min_lr": "--min-lr", "ignore_index": "--ignore-index",
         "label_smoothing": "--label-smoothing", "accumulate": "--accumulate", "seed": "--seed"}


def get_flags(options):
    """The command line for those of `options` that differ from the defaults."""
    default, flags = reference.Options(), []
    for field, flag in FLAGS.items():
        if getattr(options, field) != getattr(default, field):
            flags += [flag, str(getattr(options, field))]
    if options.betas != default.betas:
        flags += ["--betas", ",".join(map(str, options.betas))]
    return flags + [flag for glob in options.no_decay for flag in ("--no-decay", glob)]


def train(model, options, data, batch, steps, extra=(), output=None):
    """State after `steps` updates on `data` (arrays by name) in order, as safetensors under ONNX's names; the trained
    model goes to `output`."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        np.savez(folder / "data.npz", **data)
        subprocess.run(["glyptic", "train", model, "--data", folder / "data.npz", *get_flags(options), "--batch", str(batch),
                        "--steps", str(steps), "--shuffle", "off", "--save-state", folder / "state.safetensors",
                        "-o", output or folder / "trained.onnx", *extra], check=True, stdout=subprocess.DEVNULL)
        return reference.read_safetensors(folder / "state.safetensors")


def check(model, options, data, batch=8, steps=10, frozen=(), zero_gradients={}, extra=(), output=None):
    """Trains with `glyptic train` and by the reference; fails where they differ by more than FP32 explains. `options`
    with a schedule that ends must name the same `steps`. Returns the state and the largest ratio of error to bound."""
    flags = [flag for glob in frozen for flag in ("--freeze", glob)]
    state = train(model, options, data, batch, steps, [*flags, *extra], output)
    return state, reference.compare(model, options, state, data, batch, steps, frozen, zero_gradients)
