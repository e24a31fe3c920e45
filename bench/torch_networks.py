"""The networks as PyTorch's users write them, with the weights of the ONNX file."""
import torch
from torch import nn
from torch.nn import functional as F


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.out = nn.Linear(10, 10), nn.Linear(10, 1)

    def forward(self, x):
        return torch.sigmoid(self.out(F.relu(self.hidden(x))))


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 32, 3), nn.Conv2d(32, 64, 3)
        self.fc1, self.fc2 = nn.Linear(9216, 128), nn.Linear(128, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv2(F.relu(self.conv1(x)))), 2)
        return self.fc2(F.relu(self.fc1(torch.flatten(x, 1))))


class Residual(nn.Module):
    def __init__(self, channels, width, stride, bottleneck):
        super().__init__()
        layers = [(width, 1, 1), (width, 3, stride), (4 * width, 1, 1)] if bottleneck else [(width, 3, stride), (width, 3, 1)]
        self.count, inputs = len(layers), channels
        for i, (outputs, kernel, step) in enumerate(layers, 1):
            setattr(self, f"conv{i}", nn.Conv2d(inputs, outputs, kernel, step, kernel // 2, bias=False))
            setattr(self, f"bn{i}", nn.BatchNorm2d(outputs))
            inputs = outputs
        self.outputs, self.down = inputs, None
        if stride > 1 or channels != inputs:
            self.down, self.down_bn = nn.Conv2d(channels, inputs, 1, stride, bias=False), nn.BatchNorm2d(inputs)

    def forward(self, x):
        y = x
        for i in range(1, self.count + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            y = F.relu(y) if i < self.count else y
        return F.relu(y + (self.down_bn(self.down(x)) if self.down else x))


class ResNet(nn.Module):
    def __init__(self, bottleneck, stages, classes, image):
        super().__init__()
        self.large = image > 64
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False) if self.large else nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        self.bn1, self.blocks, channels = nn.BatchNorm2d(64), nn.ModuleList(), 64
        for stage, (blocks, width) in enumerate(stages):
            for block in range(blocks):
                self.blocks.append(Residual(channels, width, 2 if stage and not block else 1, bottleneck))
                channels = self.blocks[-1].outputs
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.max_pool2d(x, 3, 2, 1) if self.large else x
        for block in self.blocks:
            x = block(x)
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class Block(nn.Module):
    """Normalises before each half (GPT), or after it with dropout in between (BERT)."""

    def __init__(self, width, heads, hidden, before, dropout=0.0):
        super().__init__()
        self.heads, self.before, self.dropout = heads, before, dropout
        self.ln1, self.ln2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def attend(self, x):
        b, t, width = x.shape
        q, k, v = (part.view(b, t, self.heads, -1).transpose(1, 2) for part in self.qkv(x).split(width, 2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=self.before)
        return self.proj(y.transpose(1, 2).reshape(b, t, width))

    def forward(self, x):
        mlp = lambda x: self.down(F.gelu(self.up(x)))
        if self.before:
            x = x + self.attend(self.ln1(x))
            return x + mlp(self.ln2(x))
        drop = lambda x: F.dropout(x, self.dropout, self.training)
        x = self.ln1(x + drop(self.attend(x)))
        return self.ln2(x + drop(mlp(x)))


class Gpt(nn.Module):
    def __init__(self, layers, width, heads, context, vocabulary):
        super().__init__()
        self.tok, self.pos = nn.Embedding(vocabulary, width), nn.Parameter(0.02 * torch.randn(context, width))
        self.blocks = nn.ModuleList(Block(width, heads, 4 * width, True) for _ in range(layers))
        self.ln, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)

    def forward(self, x):
        x = self.tok(x) + self.pos
        for block in self.blocks:
            x = block(x)
        return self.head(self.ln(x))


class Bert(nn.Module):
    def __init__(self, layers, width, heads, hidden, context, positions, vocabulary, classes, dropout):
        super().__init__()
        self.tok, self.pos, self.typ = nn.Embedding(vocabulary, width), nn.Embedding(positions, width), nn.Embedding(2, width)
        self.ln, self.drop = nn.LayerNorm(width), nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(width, heads, hidden, False, dropout) for _ in range(layers))
        self.pool, self.fc = nn.Linear(width, width), nn.Linear(width, classes)

    def forward(self, x):
        x = self.drop(self.ln(self.tok(x) + self.pos.weight[:x.shape[1]] + self.typ.weight[0]))
        for block in self.blocks:
            x = block(x)
        return self.fc(torch.tanh(self.pool(x[:, 0])))


NETWORKS = {"mlp": Mlp, "cnn": Cnn, "resnet": ResNet, "gpt": Gpt, "bert": Bert}


def build(work):
    """The network of a workload with weights as PyTorch draws them."""
    return NETWORKS[work.network](**work.sizes)


def load(work, model):
    """The network of a workload with the weights of its ONNX model."""
    from onnx import numpy_helper

    network = build(work)
    transposed = {node.input[1] for node in model.graph.node if node.op_type == "MatMul"}
    weights = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in model.graph.initializer}
    weights = {name: w.T.contiguous() if name in transposed else w for name, w in weights.items()}
    missing = network.load_state_dict(weights, strict=False)
    assert not missing.unexpected_keys and all("num_batches" in key for key in missing.missing_keys), missing
    return network
