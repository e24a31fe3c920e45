"""The order in which `glyptic train` takes its samples, written from its definition: a Fisher-Yates shuffle per epoch
whose draws are Philox4x32-10 (Salmon et al., 2011) of the counter (draw, epoch) under the key (seed)."""
import numpy as np

LOW = np.uint64(0xFFFFFFFF)


def philox(counter, key):
    """Four words for each of four arrays of counter words under a key of two."""
    x = [np.asarray(word, np.uint64) for word in counter]
    keys = [np.uint64(word) for word in key]
    for _ in range(10):
        a, b = x[0] * np.uint64(0xD2511F53), x[2] * np.uint64(0xCD9E8D57)
        x = [(b >> np.uint64(32)) ^ x[1] ^ keys[0], b & LOW, (a >> np.uint64(32)) ^ x[3] ^ keys[1], a & LOW]
        keys = [(k + np.uint64(step)) & LOW for k, step in zip(keys, (0x9E3779B9, 0xBB67AE85))]
    return x


def shuffled(count, seed, epoch):
    """Sample numbers 0 .. count-1 in the order of an epoch (from 1)."""
    left = np.arange(count, 1, -1, dtype=np.uint64)
    zero = np.zeros_like(left)
    words = philox((left, zero, zero + np.uint64(epoch), zero), (seed, 0))
    order = list(range(count))
    for size, low, high in zip(left.tolist(), words[0].tolist(), words[1].tolist()):
        other = (high << 32 | low) * size >> 64
        order[size - 1], order[other] = order[other], order[size - 1]
    return order


def epochs(data, size, count, seed):
    """The batches of `count` epochs over `data` (arrays by name) with --seed; the last of an epoch is partial."""
    samples = len(next(iter(data.values())))
    for epoch in range(1, count + 1):
        order = shuffled(samples, seed, epoch)
        for begin in range(0, samples, size):
            yield {name: array[order[begin:begin + size]] for name, array in data.items()}
