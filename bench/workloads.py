"""What is measured: networks, sizes, data, optimizers. FP32 throughout."""
from dataclasses import dataclass, field

SEED = 1234
BATCHES = 4  # different ones, in turn


@dataclass(frozen=True)
class Workload:
    title: str
    network: str  # a function of networks.py
    batch: int
    optimizer: str
    lr: float
    loss: str
    goal: float  # speed over the best peer
    memory_goal: float  # MB while training: the lowest peer's
    compile_goal: float  # seconds from nothing
    sizes: dict = field(default_factory=dict)

    @property
    def flags(self):
        """Of `glyptic compile` and `glyptic train`."""
        flags = ["--loss", self.loss, "--optimizer", self.optimizer, "--lr", self.lr, "--batch", self.batch]
        return [*map(str, flags), *(["--weight-decay", "0.01"] if self.optimizer == "adamw" else [])]


RESNET18 = dict(bottleneck=False, stages=((2, 64), (2, 128), (2, 256), (2, 512)), classes=10, image=32)
RESNET50 = dict(bottleneck=True, stages=((3, 64), (4, 128), (6, 256), (3, 512)), classes=1000, image=224)
GPT = dict(layers=6, width=256, heads=8, context=128, vocabulary=4096)
BERT = dict(layers=4, width=312, heads=12, hidden=1200, context=128, positions=512, vocabulary=30522, classes=2, dropout=0.1)
GPT2 = dict(layers=12, width=768, heads=12, context=1024, vocabulary=50257)
BERT_LARGE = dict(layers=24, width=1024, heads=16, hidden=4096, context=128, positions=512, vocabulary=30522, classes=2, dropout=0.1)

TRAINING = {
    "W1": Workload("MLP 10-10-1, batch 32, Adam", "mlp", 32, "adam", 1e-3, "bce", 5.0, 81, 1.5),
    "W2": Workload("MNIST CNN, batch 64, Adam", "cnn", 64, "adam", 1e-3, "cross-entropy", 1.5, 194, 1.5),
    "W3": Workload("ResNet-18 CIFAR, batch 32, momentum", "resnet", 32, "momentum", 0.05, "cross-entropy", 1.1, 485, 5, RESNET18),
    "W4": Workload("ResNet-50 224, batch 4, momentum", "resnet", 4, "momentum", 0.01, "cross-entropy", 1.25, 948, 5, RESNET50),
    "W5": Workload("GPT 6x256, batch 8, AdamW", "gpt", 8, "adamw", 3e-4, "cross-entropy", 1.3, 612, 5, GPT),
    "W7": Workload("BERT-like 4x312, batch 8, AdamW", "bert", 8, "adamw", 5e-5, "cross-entropy", 1.4, 538, 5, BERT),
}
# For one GPU (scripts/gpu-suite): no goals but to be no slower than the others.
GPU = {
    "G1": Workload("ResNet-50 224, batch 64, momentum", "resnet", 64, "momentum", 0.01, "cross-entropy", 1, 0, 10, RESNET50),
    "G2": Workload("GPT-2 124M, batch 8 of 1024, AdamW", "gpt", 8, "adamw", 3e-4, "cross-entropy", 1, 0, 10, GPT2),
    "G3": Workload("BERT-large, batch 8 of 128, AdamW", "bert", 8, "adamw", 5e-5, "cross-entropy", 1, 0, 10, BERT_LARGE),
}
# Inference of one sample, of the same networks.
INFERENCE = {"I3": "W3", "I4": "W4", "I7": "W7"}


def workload(row):
    return {**TRAINING, **GPU}[INFERENCE.get(row, row)]


def samples(row):
    return 1 if row in INFERENCE else workload(row).batch


def data(row):
    """Arrays by the names of inputs and label, BATCHES batches long, the first axis counting samples."""
    import numpy as np

    rng, work, count = np.random.default_rng(SEED), workload(row), BATCHES * samples(row)
    sizes = work.sizes
    if work.network == "mlp":
        x = rng.standard_normal((count, 10), dtype=np.float32)
        return {"x": x, "label": (x.sum(1, keepdims=True) > 0).astype(np.float32)}
    if work.network == "gpt":
        tokens = rng.integers(0, sizes["vocabulary"], (count, sizes["context"] + 1), dtype=np.int64)
        return {"x": tokens[:, :-1].copy(), "label": tokens[:, 1:].copy()}
    if work.network == "bert":
        return {"x": rng.integers(0, sizes["vocabulary"], (count, sizes["context"]), dtype=np.int64),
                "label": rng.integers(0, sizes["classes"], count, dtype=np.int64)}
    channels, image, classes = (1, 28, 10) if work.network == "cnn" else (3, sizes["image"], sizes["classes"])
    return {"x": rng.standard_normal((count, channels, image, image), dtype=np.float32),
            "label": rng.integers(0, classes, count, dtype=np.int64)}
