# RUN: %python %s
"""What the machine code of well-known networks' kernels says, and what they move, for the architectures sm_80 and sm_90.

No kernel spills or has memory of its own; registers and shared memory are within what the mapping of threads reckons
with (codegen/Structured/Mapping.cpp); whatever the source loads or stores by vectors moves by 16 bytes; there are no
divisions of 64 bits, no atomics on floats, and doubles only in kernels of one thread. Bytes are compared with what the
ONNX graph alone demands (bench/bound.py). Networks of equal layers have two of them here: more are the same kernels.

static_facts.json holds the launches of a step and the ratio of its bytes to the bound, which must not grow; after a change that
lowers them, run this with --update (and build/bin in PATH).
"""
import json
import pathlib
import re
import sys
import zipfile

import onnx
import zoo
from bound import Bound
from glyptic_tool import enter_folder, run

KNOWN = pathlib.Path(__file__).with_suffix(".json")
ARCHITECTURES = ["sm_80", "sm_90"]
SIZES = {"lenet": {}, "resnet50": {}, "gpt2": dict(layers=2), "bert_large": dict(layers=2)}
REGISTERS = 65536  # of a multiprocessor


def split_source(text):
    return {re.search(r"^(\w+)\(", kernel, re.M).group(1): kernel
            for kernel in re.findall(r'^extern "C" __global__.*?^}\n', text, re.M | re.S)}


def split_ptx(text):
    """Without functions that kernels call, which are FP64's slow paths."""
    return {entry.split("(", 1)[0].strip(): entry.split("\n.func", 1)[0] for entry in re.split(r"\.visible \.entry ", text)[1:]}


def check_kernel(name, source, ptx, code):
    threads = int(re.search(r"__launch_bounds__\((\d+)\)", source).group(1))
    assert code["local_bytes"] == 0, f"{name} has {code['local_bytes']} bytes of local memory"
    assert not re.search(r"\b[ls][dt]\.local|\.local \.", ptx), f"{name} spills"
    most = min(128, REGISTERS // threads)
    assert code["registers"] <= most, f"{name}: {code['registers']} registers of {most}"
    reductions = len(re.findall(r"\bblock[A-Z]\w*<", source))
    assert code["shared_bytes"] <= reductions * threads // 32 * 8, f"{name}: {code['shared_bytes']} bytes of shared memory"
    assert not re.search(r"\b(div|rem)\.[su]64", ptx), f"{name} divides numbers of 64 bits"
    assert not re.search(r"\b(atom|red)\.", ptx), f"{name} has atomics"
    if re.search(r"\.f64", ptx):
        assert "double" in source and re.search(r"threadIdx\.x < 1u", source), f"{name} computes in FP64"
    # Vectors of the source: as many accesses of 16 bytes at least, those of FP64 and of wider lanes are several.
    for what, instruction in (("load<", "ld.global"), ("store(&", "st.global")):
        wide = source.count(what)
        found = len(re.findall(rf"{re.escape(instruction)}\S*\.v[24]\.", ptx))
        assert found >= wide, f"{name}: {found} of {wide} vectors by {instruction}"


def check_network(name):
    flags = zoo.write(name, f"{name}.onnx", **SIZES[name])
    done = run("compile", f"{name}.onnx", *flags, "--target", "cuda:" + ",".join(ARCHITECTURES), "-o", f"{name}.glyph")
    assert "warning" not in done.stdout, done.stdout  # NVRTC's, spills among them
    program = json.loads(run("inspect", f"{name}.glyph", "--json").stdout)
    with zipfile.ZipFile(f"{name}.glyph") as glyph:
        read = lambda pattern: "".join(glyph.read(entry).decode() for entry in glyph.namelist() if re.fullmatch(pattern, entry))
        sources = split_source(read(r"cuda/kernels\.cu"))
        for architecture in ARCHITECTURES:
            ptx = split_ptx(read(rf"cuda/{architecture}-\d+\.ptx"))
            codes = {kernel["name"]: kernel for kernel in program["gpu_kernels"] if kernel["architecture"] == architecture}
            assert sources.keys() == ptx.keys() == codes.keys()
            for kernel, source in sources.items():
                check_kernel(f"{name}, {architecture}: {kernel}", source, ptx[kernel], codes[kernel])
    step = next(entry["instructions"] for entry in program["entries"] if entry["name"] == "step")
    launches = [instruction for instruction in step if instruction["kind"] != "library call"]
    _, _, batch, optimizer = zoo.MODELS[name]
    bound = Bound(onnx.load(f"{name}.onnx", load_external_data=False), batch, optimizer)
    ratio = sum(launch["bytes"] for launch in launches) / bound.bytes
    print(f"{name}: {len(sources)} kernels, {len(launches)} launches of a step, {bound.bytes / 1e9:.2f} GB at least, ours {ratio:.3f} times that")
    pathlib.Path(f"{name}.glyph").unlink()
    return {"kernels": len(sources), "launches": len(launches), "bytes over bound": round(ratio, 3)}


enter_folder()
found = {name: check_network(name) for name in SIZES}
if "--update" in sys.argv:
    KNOWN.write_text(json.dumps(found, indent=1) + "\n")
known = json.loads(KNOWN.read_text())
changes = [f"{name}: {what}: {known[name][what]} became {count}" for name, counts in found.items()
           for what, count in counts.items() if count != known[name][what]]
sys.exit("\n".join(changes) or None)
