"""Everything to measure and to prove on one GPU: gpu-suite OUTDIR [PART].

Needs no network, and of Python only the standard library; NVIDIA's libraries may come from the toolkit (CUDA_HOME) or from
the packages of a Python environment (--python). Without PART all four run, one after the other: correctness, sanitizers,
kernels, training. Each ends by itself in less than eight minutes. OUTDIR gets results.json, table.txt and suite.log, whole
after every case, so what was found out before a time-out or a kill is kept; parts that are run one at a time add to it.
Exit code 1 if a case failed. Training beside peers needs an interpreter that has PyTorch or JAX.
"""
import argparse
import json
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import time
import types

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parent.parent)]
import find
import ours
import parts
import workloads
from contest import Contest
from record import Failure, Record, Skip

PARTS = {"correctness": parts.Correctness, "sanitizers": parts.Sanitizers, "kernels": parts.Kernels}


class Training(parts.Part):
    """Steps of networks beside PyTorch's and JAX's on the same device, in turn within the same seconds."""

    CHECKS = {"torch": "import torch, numpy{}", "compiled": "import torch, numpy{}", "jax": "import jax, onnx, numpy{}"}
    ON_GPU = {"torch": "; assert torch.cuda.is_available()", "compiled": "; assert torch.cuda.is_available()",
              "jax": "; assert jax.default_backend() == 'gpu'"}

    def run(self):
        rows = self.options.rows or list(workloads.GPU)
        for row in rows:
            self.record.case(f"{row} {workloads.workload(row).title}", lambda: self.contest(row))

    def find_pythons(self):
        """For each peer the first interpreter that has what it needs, and the device."""
        found = {}
        for peer in self.options.peers:
            code = self.CHECKS[peer].format("" if self.device == "shim" else self.ON_GPU[peer])
            found[peer] = self.suite.find_python(code)
        return found

    def prepare(self, row):
        """Model and data. A model may come with the suite; data needs NumPy, and a model that does not come ONNX as well."""
        for shipped in (find.ROOT / "models").glob("*"):  # each model, and the weights that they share
            if not (self.folder / shipped.name).exists():
                shutil.copyfile(shipped, self.folder / shipped.name)
        needs = "import numpy" if (self.folder / f"{row}.onnx").exists() else "import numpy, onnx"
        python = self.suite.find_python(needs)
        if not python:
            raise Skip(f"no interpreter can {needs}: name one with --python")
        if not (self.folder / f"{row}.npz").exists():
            self.record.run(python, find.ROOT / "bench" / "prepare.py", self.folder, row)

    def contest(self, row):
        self.prepare(row)
        pythons = self.find_pythons()
        device = "cpu" if self.device == "shim" else "cuda"
        options = types.SimpleNamespace(peers=self.options.peers, threads=self.options.threads, quick=self.options.quick,
                                        rounds=3, device=device)
        tool = ours.Tool(self.tool, self.folder, options.threads, self.device, self.target(), self.record.environment)
        result = Contest(row, self.folder, pythons, options).run(tool)
        result["peers"].update({peer: {"error": "no interpreter has it, and the device"} for peer in pythons if not pythons[peer]})
        if "error" in result["ours"]:
            raise Failure(result["ours"]["error"])
        samples, median = workloads.samples(row), result["ours"]["seconds"]["median"]
        rows = []
        for name, peer in result["peers"].items():
            if "seconds" in peer:
                peer["ours_faster"] = peer["seconds"] / median
                rows.append(f"{name:10} {samples / peer['seconds']:10.1f} samples/s, ours {peer['ours_faster']:.2f} times as fast")
            else:
                rows.append(f"{name:10} {peer['error']}")
        predicted = result["ours"]["predicted"]
        return {**result, "samples": samples, "rows": rows, "predicted": predicted,
                "text": f"{samples / median:.1f} samples/s, a step {1e3 * median:.2f} ms, predicted {1e3 * predicted:.2f} ms"}


PARTS["training"] = Training


class Suite:
    def __init__(self, options):
        self.options = options
        self.folder = pathlib.Path(options.outdir).resolve()
        self.pythons = [*options.python, sys.executable]
        environment, self.libraries = find.environment(self.pythons)
        self.folder.mkdir(parents=True, exist_ok=True)
        environment["GLYPTIC_CACHE_DIR"] = str(self.folder / "cache")
        self.record = Record(self.folder, environment)
        self.tool = str(options.tool)
        self.machine = {}

    def find_python(self, code):
        """The first interpreter that runs this, or None."""
        return next((python for python in self.pythons
                     if subprocess.run([python, "-c", code], capture_output=True).returncode == 0), None)

    def describe_machine(self):
        """The device, and the bandwidth that a copy reaches on it."""
        kind, size = ("shim", 1 << 24) if self.options.device == "shim" else ("cuda", 1 << 30)
        self.record.deadline = time.monotonic() + 60
        try:
            script = pathlib.Path(__file__).with_name("device.py")
            self.machine = json.loads(self.record.run(sys.executable, script, kind, size))
        except (Failure, ValueError, OSError, subprocess.TimeoutExpired) as error:
            print(f"error: no GPU can be used: {error}", file=sys.stderr)
            sys.exit(1)
        key = next((key for name, key in parts.MACHINES.items() if re.search(name, self.machine["gpu"])), None)
        self.machine_file = key
        date = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
        self.record.results["machine"] = {**self.machine, "device": self.options.device, "host": platform.machine(), "date": date,
                                          "machine_file": key or "none", "libraries": self.libraries}

    def run(self):
        self.describe_machine()
        for name in [self.options.part] if self.options.part else PARTS:
            self.record.begin(name, self.options.seconds)
            PARTS[name](self).run()
        print((self.folder / "table.txt").read_text(), end="")
        return 1 if self.record.failed() else 0


def parse():
    parser = argparse.ArgumentParser(prog="gpu-suite", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("outdir", metavar="OUTDIR")
    parser.add_argument("part", metavar="PART", nargs="?", choices=list(PARTS), help=", ".join(PARTS))
    parser.add_argument("--device", default="cuda", choices=["cuda", "shim"], help="shim: the suite itself, on this processor")
    parser.add_argument("--quick", action="store_true", help="tiny sizes and few steps: to see that everything works")
    parser.add_argument("--seconds", type=float, default=440, help="after which a part starts nothing more (default 440)")
    parser.add_argument("--python", action="append", default=[],
                        help="an interpreter with peers or NVIDIA's packages; may be repeated")
    parser.add_argument("--tool", type=pathlib.Path, default=find.ROOT / "build" / "bin" / "glyptic")
    parser.add_argument("--networks", type=lambda text: text.split(","), default=list(parts.NETWORKS),
                        help="some of " + ",".join(parts.NETWORKS))
    parser.add_argument("--files", type=lambda text: text.split(","), help="with --quick: which of test/fixtures to run, too")
    parser.add_argument("--sanitizer", help="path of compute-sanitizer (default: the toolkit's)")
    parser.add_argument("--threads", type=int, default=2, help="of this processor")
    parser.add_argument("--rows", type=lambda text: text.split(","), help="of part training: workloads of bench/workloads.py")
    parser.add_argument("--peers", type=lambda text: text.split(","), default=list(Training.CHECKS))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(Suite(parse()).run())
