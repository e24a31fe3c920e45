# RUN: %python %s %fixtures
"""Networks for tokens and for several inputs, in every form that PyTorch exports. A glob as second argument chooses files."""
import sys

import exported
import glyptic_tool
import numpy as np

fixtures, rng = sys.argv[1], np.random.default_rng(0)
glyptic_tool.enter_folder()

tokens = rng.integers(0, 32, (160, 13))
classes = {"tokens": tokens[:, :-1], "label": tokens[:, :-1].max(1) // 8}
padded = np.where(np.arange(12) < rng.integers(3, 13, (160, 1)), np.maximum(tokens[:, :-1], 1), 0)
NETWORKS = {
    # The derivative of a key's bias is zero, which Adam would blow up. With dropout, in two microbatches.
    "encoder": (classes, dict(optimizer="momentum", accumulate=2, seed=2**40 + 1)),
    "decoder": ({"tokens": tokens[:, :-1], "label": tokens[:, 1:]}, dict(optimizer="adamw", eps=1e-4)),
    "bert": ({"tokens": padded, "label": padded[:, 0] // 8}, dict(optimizer="momentum", clip_norm=1.0)),
    "mixture": ({"tokens": padded, "label": padded[:, 0] // 8}, dict(optimizer="nesterov")),
    "towers": ({"user": rng.integers(0, 20, 160), "profile": rng.standard_normal((160, 4), np.float32),
                "item": rng.integers(0, 20, 160), "label": rng.integers(0, 2, 160).astype(np.float32)},
               dict(loss="bce-logits", optimizer="nesterov")),
}
# Tables of rotary embeddings; how many words there are so far; a factor whose file does not say that it is trained.
UNTRAINED = {"decoder_*": ["*.cos", "*.sin"], "mixture_*": ["counts"], "towers_older": ["scale"], "towers_training": ["scale"]}
operators = exported.check_all(fixtures, NETWORKS, UNTRAINED, *sys.argv[2:])
assert operators >= {"Attention", "CumSum", "Dropout", "Einsum", "GatherElements", "LayerNormalization", "ScatterElements",
                     "SequenceAt", "SplitToSequence", "TopK", "Trilu"}, operators
