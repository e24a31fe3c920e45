"""Glyptic's side: everything through the command line tool."""
import json
import os
import pathlib
import shutil
import subprocess
import time

import workloads


class Tool:
    def __init__(self, path, folder, threads, device="cpu", target="cpu", environment=os.environ):
        self.path, self.folder, self.threads = path, folder, threads
        self.device, self.target, self.environment = device, target, environment
        self.cache = folder / "cache"
        self.first = {}  # of each row, what the first run said
        shutil.rmtree(self.cache, ignore_errors=True)

    def run(self, *arguments):
        """Exit code, output, seconds and the most memory of one process."""
        output, errors = (open(self.folder / f"glyptic.{name}", "w+") for name in ("out", "err"))
        start = time.perf_counter()
        process = subprocess.Popen([self.path, *map(str, arguments)], stdout=output, stderr=errors,
                                   env={**self.environment, "GLYPTIC_CACHE_DIR": str(self.cache)})
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        texts = []
        for file in (output, errors):
            file.seek(0)
            texts.append(file.read())
            file.close()
        return {"code": os.waitstatus_to_exitcode(status), "output": texts[0], "errors": texts[1], "seconds": seconds,
                "megabytes": usage.ru_maxrss / 1024}

    def compile(self, row):
        """From the model, cold and warm."""
        work, model = workloads.workload(row), workloads.INFERENCE.get(row, row)
        flags = [*(["--batch", 1] if row in workloads.INFERENCE else work.flags), "--target", self.target]
        command = ["compile", self.folder / f"{model}.onnx", *flags, "--threads", self.threads, "-o", self.folder / f"{row}.glyph"]
        shutil.rmtree(self.cache, ignore_errors=True)
        cold, warm = self.run(*command), self.run(*command)
        if cold["code"]:
            return {"error": cold["errors"].strip().split("\n")[0]}
        return {"compile": {"cold": cold["seconds"], "warm": warm["seconds"], "megabytes": cold["megabytes"]}}

    def take_turn(self, row, seconds):
        """What `glyptic bench` says, for steps of about so long in all."""
        command = ["bench", self.folder / f"{row}.glyph", "--data", self.folder / f"{row}.npz", "--threads", self.threads, "--json",
                   "--device", self.device]
        if row not in self.first:
            self.first[row] = json.loads(self.checked(*command, "--warm-up", 1, "--steps", 3)["output"])
        steps = max(3, min(5000, int(seconds / self.first[row]["seconds"]["least"])))
        result = json.loads(self.checked(*command, "--steps", steps)["output"])
        return {**result, "first": self.first[row]["output"]["first"]}

    def measure_memory(self, row):
        """Of training from the glyph, beside what its bill says."""
        done = self.checked("train", self.folder / f"{row}.glyph", "--data", self.folder / f"{row}.npz", "--steps", 8,
                            "--threads", self.threads, "-o", self.folder / "trained.onnx")
        return {"megabytes": done["megabytes"]}

    def time_process(self):
        """100 steps of W1 from its model, objects cached, the whole process."""
        command = ["train", self.folder / "W1.onnx", "--data", self.folder / "W1.npz", *workloads.workload("W1").flags,
                   "--steps", 100, "--threads", self.threads, "-o", self.folder / "trained.onnx"]
        self.run(*command)
        done = sorted((self.run(*command) for _ in range(5)), key=lambda run: run["seconds"])[2]
        return {"error": done["errors"]} if done["code"] else {"seconds": done["seconds"], "megabytes": done["megabytes"]}

    def checked(self, *arguments):
        done = self.run(*arguments)
        if done["code"]:
            raise RuntimeError(f"glyptic {' '.join(map(str, arguments))}: {done['errors']}")
        return done
