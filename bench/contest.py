"""One row: everybody gets ready, then all take turns."""
import json
import os
import select
import statistics
import subprocess
import sys

import workloads

SCRIPTS = {"torch": "torch", "compiled": "torch", "jax": "jax", "onnxruntime": "onnxruntime",
           "onnxruntime-training": "onnxruntime_training"}
PATIENCE = 300  # seconds


class Peer:
    """A process that has built its step and waits to be asked for more."""

    def __init__(self, name, row, folder, python, threads, device="cpu"):
        command = [python, f"{os.path.dirname(__file__)}/peer_{SCRIPTS[name]}.py", row,
                   f"{folder}/{workloads.INFERENCE.get(row, row)}.onnx", f"{folder}/{row}.npz", "--threads", str(threads)]
        command += ["--compile"] if name == "compiled" else []
        command += ["--device", "cuda"] if device == "cuda" and SCRIPTS[name] == "torch" else []
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "JAX_PLATFORMS": device,
                       "XLA_FLAGS": f"--xla_cpu_multi_thread_eigen=true intra_op_parallelism_threads={threads}"}
        self.log = open(f"{folder}/{row}.{name}.log", "w+")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True,
                                        env=environment)
        self.result = {}
        self.seconds = []
        self.result.update(self.answer())

    def answer(self):
        ready = select.select([self.process.stdout], [], [], PATIENCE)[0]
        if not ready:
            self.process.kill()
            return {"error": f"no answer within {PATIENCE} s"}
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.log.seek(0)
            lines = self.log.read().strip().splitlines()
            return {"error": lines[-1] if lines else f"ended with {self.process.returncode}"}
        return json.loads(line)

    def take_turn(self, seconds):
        """Times steps for about so long: at least three, as many as the first of them promise."""
        reply = self.ask(2)
        if "error" in reply:
            return
        steps = max(3, min(5000, int(seconds / min(reply["seconds"]))))
        reply = self.ask(steps)
        if "error" not in reply:
            self.seconds.append(statistics.median(reply["seconds"]))
            self.result["megabytes"] = reply["megabytes"]

    def ask(self, steps):
        if "error" in self.result:
            return self.result
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        reply = self.answer()
        if "error" in reply:
            self.result.update(reply)
        return reply

    def finish(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:  # it has ended by itself
            pass
        self.process.wait()
        self.log.close()
        if self.seconds:
            self.result.update(seconds=statistics.median(self.seconds), least=min(self.seconds))
        return self.result


class Contest:
    def __init__(self, row, folder, pythons, options):
        self.row, self.folder, self.pythons, self.options = row, folder, pythons, options

    def peers(self):
        """Those that there are, by the name of what takes part."""
        training = self.row not in workloads.INFERENCE
        names = ["onnxruntime-training" if n == "onnxruntime" and training else n for n in self.options.peers]
        return [n for n in names if self.pythons[n]]

    def run(self, tool):
        """Results of ours and of each peer."""
        result = {"ours": tool.compile(self.row)}
        peers = {}
        for name in self.peers():
            print(f"  {name} gets ready", file=sys.stderr)
            peers[name] = Peer(name, self.row, self.folder, self.pythons[name], self.options.threads,
                               self.options.device)
        turns = []
        try:
            for _ in range(1 if self.options.quick else self.options.rounds):
                seconds = 0.3 if self.options.quick else 1.0
                if "error" not in result["ours"]:
                    turns.append(tool.take_turn(self.row, seconds))
                for peer in peers.values():
                    peer.take_turn(seconds)
        except BaseException:  # nobody is left running beside what comes next
            for peer in peers.values():
                peer.process.kill()
            raise
        result["ours"].update(combine(turns))
        result["peers"] = {name: peer.finish() for name, peer in peers.items()}
        return result


def combine(turns):
    """The median of each number over the turns."""
    if not turns:
        return {}
    middle = lambda values: (combine(values) if isinstance(values[0], dict) else statistics.median(values)
                             if isinstance(values[0], (int, float)) else values[0])
    return {key: middle([turn[key] for turn in turns]) for key in turns[0]}
