//===- Driver.cpp - NVIDIA's driver, opened at run time -------------------===//
#include "runtime/cuda/Driver.h"
#include "support/CudaLibrary.h"
#include "support/Error.h"

#include <dlfcn.h>
#include <string>

namespace glyptic::runtime::cuda {

static constexpr const char *kLibrary = "libcuda.so.1";
static constexpr int kOldest = 12000; ///< cubins and PTX are those of CUDA 12 or newer

/// The first symbol that is missing, or null. Those with a suffix are of the version that cuda.h has since CUDA 4.
static const char *load(Driver &driver, void *library) {
  LibraryFunctions found(library);
  found.find(driver.init, "cuInit");
  found.find(driver.driverGetVersion, "cuDriverGetVersion");
  found.find(driver.getErrorString, "cuGetErrorString");
  found.find(driver.deviceGetCount, "cuDeviceGetCount");
  found.find(driver.deviceGet, "cuDeviceGet");
  found.find(driver.deviceGetName, "cuDeviceGetName");
  found.find(driver.deviceGetAttribute, "cuDeviceGetAttribute");
  found.find(driver.devicePrimaryCtxRetain, "cuDevicePrimaryCtxRetain");
  found.find(driver.devicePrimaryCtxRelease, "cuDevicePrimaryCtxRelease_v2");
  found.find(driver.ctxPushCurrent, "cuCtxPushCurrent_v2");
  found.find(driver.ctxPopCurrent, "cuCtxPopCurrent_v2");
  found.find(driver.ctxGetDevice, "cuCtxGetDevice");
  found.find(driver.memGetInfo, "cuMemGetInfo_v2");
  found.find(driver.memAlloc, "cuMemAlloc_v2");
  found.find(driver.memFree, "cuMemFree_v2");
  found.find(driver.memHostAlloc, "cuMemHostAlloc");
  found.find(driver.memFreeHost, "cuMemFreeHost");
  found.find(driver.memcpyHtoDAsync, "cuMemcpyHtoDAsync_v2");
  found.find(driver.memcpyDtoHAsync, "cuMemcpyDtoHAsync_v2");
  found.find(driver.memcpyDtoDAsync, "cuMemcpyDtoDAsync_v2");
  found.find(driver.memsetD8Async, "cuMemsetD8Async");
  found.find(driver.streamCreate, "cuStreamCreate");
  found.find(driver.streamDestroy, "cuStreamDestroy_v2");
  found.find(driver.streamSynchronize, "cuStreamSynchronize");
  found.find(driver.streamGetCtx, "cuStreamGetCtx");
  found.find(driver.streamWaitEvent, "cuStreamWaitEvent");
  found.find(driver.eventCreate, "cuEventCreate");
  found.find(driver.eventDestroy, "cuEventDestroy_v2");
  found.find(driver.eventRecord, "cuEventRecord");
  found.find(driver.eventSynchronize, "cuEventSynchronize");
  found.find(driver.streamBeginCapture, "cuStreamBeginCapture_v2");
  found.find(driver.streamEndCapture, "cuStreamEndCapture");
  found.find(driver.graphInstantiate, "cuGraphInstantiateWithFlags");
  found.find(driver.graphLaunch, "cuGraphLaunch");
  found.find(driver.graphDestroy, "cuGraphDestroy");
  found.find(driver.graphExecDestroy, "cuGraphExecDestroy");
  found.find(driver.moduleLoadData, "cuModuleLoadData");
  found.find(driver.moduleUnload, "cuModuleUnload");
  found.find(driver.moduleGetFunction, "cuModuleGetFunction");
  found.find(driver.launchKernel, "cuLaunchKernel");
  return found.getMissing();
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
  bool ofKernel = result >= kErrorIllegalAddress && result <= kErrorLaunchFailed;
  throw Error(result == kErrorOutOfMemory ? ErrorCode::Memory
              : ofKernel                  ? ErrorCode::Internal
                                          : ErrorCode::Unsupported,
              std::string(doing) + ": " + (text ? text : "unknown error") + " (CUDA error " + std::to_string(result) +
                  ")" + (ofKernel ? advice : ""));
}

} // namespace glyptic::runtime::cuda
