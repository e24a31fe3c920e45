//===- Driver.cpp - NVIDIA's driver, opened at run time -------------------===//
#include "runtime/cuda/Driver.h"
#include "support/Error.h"

#include <dlfcn.h>
#include <string>
#include <type_traits>

namespace glyptic::runtime::cuda {

static constexpr const char *kLibrary = "libcuda.so.1";
static constexpr int kOldest = 12000; ///< cubins and PTX are those of CUDA 12 or newer

/// The first symbol that is missing, or null. Those with a suffix are of the version that cuda.h has since CUDA 4.
static const char *load(Driver &driver, void *library) {
  const char *missing = nullptr;
  auto find = [&](auto &function, const char *symbol) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, symbol));
    if (!function && !missing)
      missing = symbol;
  };
  find(driver.init, "cuInit");
  find(driver.driverGetVersion, "cuDriverGetVersion");
  find(driver.getErrorString, "cuGetErrorString");
  find(driver.deviceGetCount, "cuDeviceGetCount");
  find(driver.deviceGet, "cuDeviceGet");
  find(driver.deviceGetName, "cuDeviceGetName");
  find(driver.deviceGetAttribute, "cuDeviceGetAttribute");
  find(driver.devicePrimaryCtxRetain, "cuDevicePrimaryCtxRetain");
  find(driver.devicePrimaryCtxRelease, "cuDevicePrimaryCtxRelease_v2");
  find(driver.ctxPushCurrent, "cuCtxPushCurrent_v2");
  find(driver.ctxPopCurrent, "cuCtxPopCurrent_v2");
  find(driver.memGetInfo, "cuMemGetInfo_v2");
  find(driver.memAlloc, "cuMemAlloc_v2");
  find(driver.memFree, "cuMemFree_v2");
  find(driver.memHostAlloc, "cuMemHostAlloc");
  find(driver.memFreeHost, "cuMemFreeHost");
  find(driver.memcpyHtoDAsync, "cuMemcpyHtoDAsync_v2");
  find(driver.memcpyDtoHAsync, "cuMemcpyDtoHAsync_v2");
  find(driver.memcpyDtoDAsync, "cuMemcpyDtoDAsync_v2");
  find(driver.memsetD8Async, "cuMemsetD8Async");
  find(driver.streamCreate, "cuStreamCreate");
  find(driver.streamDestroy, "cuStreamDestroy_v2");
  find(driver.streamSynchronize, "cuStreamSynchronize");
  find(driver.moduleLoadData, "cuModuleLoadData");
  find(driver.moduleUnload, "cuModuleUnload");
  find(driver.moduleGetFunction, "cuModuleGetFunction");
  find(driver.launchKernel, "cuLaunchKernel");
  return missing;
}

Driver Driver::open() {
  void *library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE); // it keeps threads
  if (!library)
    throw Error(ErrorCode::Unsupported, std::string("there is no NVIDIA driver: ") + dlerror());
  Driver driver{};
  if (const char *missing = load(driver, library))
    throw Error(ErrorCode::Unsupported, std::string("the NVIDIA driver is too old: it lacks ") + missing +
                                            "; a driver for CUDA 12 or newer is needed");
  int version = 0;
  driver.driverGetVersion(&version);
  if (version < kOldest)
    throw Error(ErrorCode::Unsupported, "the NVIDIA driver is too old: it is for CUDA " +
                                            std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10) +
                                            ", 12.0 or newer is needed");
  driver.check(driver.init(0), "the NVIDIA driver cannot be used");
  return driver;
}

void Driver::check(int result, const char *doing) const {
  if (result == 0)
    return;
  const char *text = nullptr;
  getErrorString(result, &text);
  throw Error(result == kErrorOutOfMemory ? ErrorCode::Memory : ErrorCode::Unsupported,
              std::string(doing) + ": " + (text ? text : "unknown error") + " (CUDA error " + std::to_string(result) +
                  ")");
}

} // namespace glyptic::runtime::cuda
