"""What the peers' processes share: the command line and the conversation with `run`.

A peer builds its step once, says that it is ready, and then times as many steps as it is asked for, whenever it is asked:
so all peers take turns within the same seconds.
"""
import argparse
import json
import resource
import sys
import time

import numpy as np

import workloads


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("row")
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    return parser.parse_args()


class Task:
    def __init__(self):
        options = arguments()
        self.row, self.path, self.threads, self.compile = options.row, options.model, options.threads, options.compile
        self.device = options.device
        self.work = workloads.workload(options.row)
        self.training = options.row not in workloads.INFERENCE
        self.samples = workloads.samples(options.row)
        arrays = np.load(options.data)
        self.batches = [{n: arrays[n][i * self.samples:(i + 1) * self.samples].copy() for n in arrays.files}
                        for i in range(workloads.BATCHES)]

    def load(self):
        import onnx  # a peer that only times steps may do without

        return onnx.load(self.path)


def serve(task, version, step):
    """`step(batch)` runs one training step on arrays by name and returns the loss, or infers and returns the output."""
    start, count, first = time.perf_counter(), 0, None
    reply = sys.stdout
    sys.stdout = sys.stderr  # what the framework prints is no answer

    def run():
        nonlocal count
        result = step(task.batches[count % len(task.batches)])
        count += 1
        return result

    first = np.asarray(run()).reshape(-1)[0]
    report = {"version": version, "first": float(first), "first_seconds": time.perf_counter() - start}
    while True:
        print(json.dumps(report), file=reply, flush=True)
        request = sys.stdin.readline().split()
        if not request:
            return
        seconds = []
        for _ in range(int(request[0])):
            start = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - start)
        report = {"seconds": seconds, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
