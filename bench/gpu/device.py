"""What the GPU is and how fast it copies, through the driver alone: device.py cuda|shim BYTES. Prints JSON.

The ceiling of every bandwidth in the results is a copy from device memory to device memory that is far larger than the
cache, measured in the same run: bytes read and written over the best of a few times.
"""
import ctypes
import json
import sys
import time


def open_driver():
    cuda = ctypes.CDLL("libcuda.so.1")

    def call(name, *arguments):
        code = getattr(cuda, name)(*arguments)
        if code:
            text = ctypes.c_char_p()
            cuda.cuGetErrorString(code, ctypes.byref(text))
            raise RuntimeError(f"{name}: {(text.value or b'').decode()} ({code})")

    return call


def describe(call):
    version, major, minor = (ctypes.c_int() for _ in range(3))
    name, memory = ctypes.create_string_buffer(256), ctypes.c_size_t()
    call("cuInit", 0)
    call("cuDriverGetVersion", ctypes.byref(version))
    call("cuDeviceGetName", name, 256, 0)
    call("cuDeviceTotalMem_v2", ctypes.byref(memory), 0)
    for attribute, value in ((75, major), (76, minor)):
        call("cuDeviceGetAttribute", ctypes.byref(value), attribute, 0)
    return {"gpu": name.value.decode(), "architecture": f"sm_{major.value}{minor.value}", "memory": memory.value,
            "driver": f"CUDA {version.value // 1000}.{version.value % 1000 // 10}"}


def measure_copy(call, size, rounds=20, batch=4):
    """Bytes per second, read and written, by the clock of the GPU."""
    context, source, target = ctypes.c_void_p(), ctypes.c_uint64(), ctypes.c_uint64()
    call("cuDevicePrimaryCtxRetain", ctypes.byref(context), 0)
    call("cuCtxSetCurrent", context)
    call("cuMemAlloc_v2", ctypes.byref(source), ctypes.c_size_t(size))
    call("cuMemAlloc_v2", ctypes.byref(target), ctypes.c_size_t(size))
    begin, end, elapsed, best = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_float(), float("inf")
    for event in (begin, end):
        call("cuEventCreate", ctypes.byref(event), 0)
    for _ in range(rounds):
        call("cuEventRecord", begin, None)
        for _ in range(batch):
            call("cuMemcpyDtoDAsync_v2", target, source, ctypes.c_size_t(size), None)
        call("cuEventRecord", end, None)
        call("cuEventSynchronize", end)
        call("cuEventElapsedTime", ctypes.byref(elapsed), begin, end)
        best = min(best, elapsed.value / 1000 / batch)
    return 2 * size / best


def measure_host_copy(size, rounds=5):
    """The same of this processor's memory, for --device shim."""
    source, target, best = ctypes.create_string_buffer(size), ctypes.create_string_buffer(size), float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        ctypes.memmove(target, source, size)
        best = min(best, time.perf_counter() - start)
    return 2 * size / best


if __name__ == "__main__":
    kind, size = sys.argv[1], int(sys.argv[2])
    if kind == "shim":
        print(json.dumps({"gpu": "none: host shim", "copy": measure_host_copy(size)}))
    else:
        call = open_driver()
        print(json.dumps({**describe(call), "copy": measure_copy(call, size)}))
