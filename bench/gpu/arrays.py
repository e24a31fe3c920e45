"""NumPy's .npz and safetensors with Python alone: the machine that has the GPU may lack NumPy."""
import array
import ast
import json
import math
import struct
import zipfile

CODES = {"<f4": "f", "<i8": "q", "F32": "f", "I64": "q", "F64": "d"}


def write_npz(path, arrays):
    """`arrays`: (shape, array.array of floats "f" or integers "q") by name."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, (shape, values) in arrays.items():
            kind = {"f": "<f4", "q": "<i8"}[values.typecode]
            assert len(values) == math.prod(shape), name
            header = repr({"descr": kind, "fortran_order": False, "shape": tuple(shape)}).encode()
            header += b" " * (-(len(header) + 11) % 64) + b"\n"
            archive.writestr(f"{name}.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + values.tobytes())


def decode(kind, data):
    values = array.array(CODES[kind])
    values.frombytes(data)
    return values


def read_npz(path):
    """Values by name."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            size, = struct.unpack("<H", data[8:10])
            found[name.removesuffix(".npy")] = decode(ast.literal_eval(data[10:10 + size].decode())["descr"], data[10 + size:])
    return found


def read_weights(glyph):
    """What a glyph's state begins with."""
    with zipfile.ZipFile(glyph) as archive:
        return decode_safetensors(archive.read("state.safetensors"))


def read_safetensors(path):
    return decode_safetensors(open(path, "rb").read())


def decode_safetensors(data):
    size, = struct.unpack("<Q", data[:8])
    tensors = json.loads(data[8:8 + size])
    return {name: decode(t["dtype"], data[8 + size + t["data_offsets"][0]:8 + size + t["data_offsets"][1]])
            for name, t in tensors.items() if name != "__metadata__"}


def worst_difference(found, expected, leave_out=(), least=1e-3):
    """The largest difference of a tensor over that tensor's largest magnitude (or `least`), and whose it is."""
    if found.keys() != expected.keys():
        raise ValueError(f"other tensors: {sorted(found.keys() ^ expected.keys())}")
    worst, where = 0.0, ""
    for name, values in expected.items():
        if any(part in name for part in leave_out):
            continue
        errors = [abs(a - b) for a, b in zip(found[name], values, strict=True)]
        if any(e != e for e in errors):  # max() would pass over NaN
            return math.inf, name
        error = max(errors, default=0) / max(*map(abs, values), least, 0)
        if error > worst:
            worst, where = error, name
    return worst, where
