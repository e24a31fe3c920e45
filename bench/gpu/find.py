"""Where CUDA's libraries and tools lie: the toolkit, or the packages of a Python environment."""
import json
import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SITE = "import json, site, sys; print(json.dumps([*site.getsitepackages(), site.getusersitepackages()]))"


def toolkits():
    """Folders of CUDA toolkits, the one that the user names first."""
    named = [os.environ[name] for name in ("CUDA_HOME", "CUDA_PATH") if os.environ.get(name)]
    return [path for path in map(pathlib.Path, dict.fromkeys([*named, "/usr/local/cuda"])) if path.is_dir()]


def packages(pythons):
    """Folders of packages of these interpreters."""
    found = []
    for python in pythons:
        done = subprocess.run([python, "-c", SITE], capture_output=True, text=True)
        found += json.loads(done.stdout) if done.returncode == 0 else []
    return [path for path in map(pathlib.Path, dict.fromkeys(found)) if path.is_dir()]


def library_folders(pythons):
    """Those that hold a library of CUDA, toolkits before packages."""
    candidates = [home / lib for home in toolkits() for lib in ("lib64", "lib")]
    for site in packages(pythons):
        candidates += [*sorted(site.glob("nvidia/*/lib")), site / "torch" / "lib"]
    candidates = dict.fromkeys(path.resolve() for path in candidates if path.is_dir())
    wanted = ("libnvrtc.so*", "libcublasLt.so*", "libcudnn.so*", "libnccl.so*")
    return [path for path in candidates if any(next(path.glob(name), None) for name in wanted)]


def environment(pythons):
    """For the processes of the suite. The tool looks where the system finds libraries, so that is where these join."""
    folders = [str(path) for path in library_folders(pythons)]
    before = os.environ.get("LD_LIBRARY_PATH")
    paths = os.pathsep.join([*folders, *([before] if before else [])])
    return {**os.environ, **({"LD_LIBRARY_PATH": paths} if paths else {})}, folders


def sanitizer(named, pythons):
    """compute-sanitizer, or None."""
    if named:
        return named
    candidates = [home / part / "compute-sanitizer" for home in toolkits() for part in ("bin", "compute-sanitizer")]
    for site in packages(pythons):
        candidates += sorted(site.glob("nvidia/**/compute-sanitizer"))
    return next((str(path) for path in candidates if os.access(path, os.X_OK) and path.is_file()), shutil.which("compute-sanitizer"))
