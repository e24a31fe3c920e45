# RUN: %python %s %fixtures
"""Networks for images, in every form that PyTorch exports: inference and training form, folded, old and new opsets.

A glob as second argument chooses files: python exports.py FIXTURES 'unet_*'"""
import sys

import exported
import glyptic_tool
import numpy as np
from sklearn.datasets import load_digits

fixtures, rng = sys.argv[1], np.random.default_rng(0)
glyptic_tool.enter_folder()

digits = load_digits()
images, numbers = (digits.images[:160, None] / 16).astype(np.float32), digits.target[:160]
NETWORKS = {
    "resnet": (numbers, dict(optimizer="momentum")),
    "mobilenet": (numbers, dict(optimizer="nesterov", seed=3)),
    # Each pixel's class; in two microbatches, whose statistics are their own.
    "unet": ((images[:, 0] * 2.99).astype(np.int64), dict(optimizer="momentum", accumulate=2)),
    "detector": (rng.integers(0, 3, (160, 40)), dict(optimizer="adam", eps=1e-4)),
    "norms": (numbers, dict(optimizer="adamw", eps=1e-4)),
    "style": (1 - images, dict(loss="mse", optimizer="momentum")),
}
# The loss is that of the scores; scales of Resize are no weights.
UNTRAINED = {"detector_*": ["boxes.*"], "detector_newest": ["val_4"], "style_newest": ["val_17"],
             "unet_newest": ["val_28"]}
operators = exported.check_all(fixtures, {name: ({"image": images, "label": labels}, options)
                                          for name, (labels, options) in NETWORKS.items()}, UNTRAINED, *sys.argv[2:])
assert operators >= {"BatchNormalization", "ConvTranspose", "Dropout", "GroupNormalization", "HardSwish", "Pad", "PRelu",
                     "InstanceNormalization", "LayerNormalization", "Resize", "RMSNormalization"}, operators

# Masks and running statistics go on to the bit where a run was cut.
np.savez("data.npz", image=images, label=numbers)


def train(name, steps, *flags):
    glyptic_tool.run("train", f"{fixtures}/mobilenet_training.onnx", "--data", "data.npz", "--batch", 16,
                     "--steps", steps, "--save-state", f"{name}.safetensors", "-o", f"{name}.onnx", *flags)
    return open(f"{name}.safetensors", "rb").read(), open(f"{name}.onnx", "rb").read()


train("cut", 5, "--seed", 3, "--checkpoint", "checkpoints")
whole = train("whole", 9, "--seed", 3)
assert train("resumed", 9, "--seed", 3, "--checkpoint", "checkpoints", "--resume") == whole
assert train("other", 9, "--seed", 4) != whole
