"""PyTorch: eager as its tutorials write it; with --compile forward and loss compiled, convolutions channels-last, and the
fused optimizer."""
import torch
from torch.nn import functional as F

import peer
import torch_networks

task = peer.Task()
torch.set_num_threads(task.threads)
if task.device == "cuda":  # where steps are timed, and results are not compared
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    network = torch_networks.build(task.work).cuda().train(task.training)
else:
    network = torch_networks.load(task.work, task.load()).train(task.training)
images = task.batches[0]["x"].ndim == 4
if task.compile and images:
    network = network.to(memory_format=torch.channels_last)
fused = {"fused": True} if task.compile else {}
optimizer = {
    "adam": lambda p: torch.optim.Adam(p, task.work.lr, **fused),
    "adamw": lambda p: torch.optim.AdamW(p, task.work.lr, weight_decay=0.01, **fused),
    "momentum": lambda p: torch.optim.SGD(p, task.work.lr, momentum=0.9, **fused),
}[task.work.optimizer](network.parameters())


def take(array):
    tensor = torch.from_numpy(array).to(task.device)
    return tensor.contiguous(memory_format=torch.channels_last) if task.compile and images and tensor.ndim == 4 else tensor


def get_loss(x, label):
    scores = network(x)
    if task.work.loss == "bce":
        return F.binary_cross_entropy(scores, label)
    return F.cross_entropy(scores.flatten(0, -2), label.flatten())


if task.compile and not task.training:
    torch._inductor.config.freezing = True
loss_of, infer = (torch.compile(get_loss), torch.compile(network)) if task.compile else (get_loss, network)


def train(batch):
    optimizer.zero_grad(set_to_none=True)
    loss = loss_of(take(batch["x"]), torch.from_numpy(batch["label"]).to(task.device))
    loss.backward()
    optimizer.step()
    return loss.item()


def evaluate(batch):
    with torch.no_grad():
        return infer(take(batch["x"])).cpu().numpy()


peer.serve(task, torch.__version__, train if task.training else evaluate)
