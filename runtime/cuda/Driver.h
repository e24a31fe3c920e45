//===- Driver.h - NVIDIA's driver, opened at run time -----------*- C++ -*-===//
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace glyptic::runtime::cuda {

using DeviceId = int;
using Pointer = unsigned long long; ///< an address in the memory of a device
using Context = struct CudaContext *;
using Module = struct CudaModule *;
using Function = struct CudaFunction *;
using Stream = struct CudaStream *;
using EventHandle = struct CudaEventHandle *;
using Graph = struct CudaGraph *;
using GraphExec = struct CudaGraphExec *;

/// The driver's functions that are used, as cuda.h declares them. A result of 0 is success; check() throws any other.
struct Driver {
  /// Throws an Error where there is no driver, or one that is too old.
  static Driver open();

  /// `doing`: what has failed, as "cannot ...".
  void check(int result, const char *doing) const;
  /// What errors of kernels end with, which show only later: how to find the one that failed.
  std::string advice;

  int (*init)(unsigned flags);
  int (*driverGetVersion)(int *version);
  int (*getErrorString)(int result, const char **text);
  int (*deviceGetCount)(int *count);
  int (*deviceGet)(DeviceId *device, int index);
  int (*deviceGetName)(char *name, int size, DeviceId device);
  int (*deviceGetAttribute)(int *value, int attribute, DeviceId device);
  int (*devicePrimaryCtxRetain)(Context *context, DeviceId device);
  int (*devicePrimaryCtxRelease)(DeviceId device);
  int (*ctxPushCurrent)(Context context);
  int (*ctxPopCurrent)(Context *context);
  int (*ctxGetDevice)(DeviceId *device);
  int (*memGetInfo)(size_t *free, size_t *total);
  int (*memAlloc)(Pointer *pointer, size_t size);
  int (*memFree)(Pointer pointer);
  int (*memHostAlloc)(void **pointer, size_t size, unsigned flags);
  int (*memFreeHost)(void *pointer);
  int (*memcpyHtoDAsync)(Pointer to, const void *from, size_t size, Stream stream);
  int (*memcpyDtoHAsync)(void *to, Pointer from, size_t size, Stream stream);
  int (*memcpyDtoDAsync)(Pointer to, Pointer from, size_t size, Stream stream);
  int (*memsetD8Async)(Pointer at, unsigned char value, size_t size, Stream stream);
  int (*streamCreate)(Stream *stream, unsigned flags);
  int (*streamDestroy)(Stream stream);
  int (*streamSynchronize)(Stream stream);
  int (*streamGetCtx)(Stream stream, Context *context);
  int (*streamWaitEvent)(Stream stream, EventHandle event, unsigned flags);
  int (*eventCreate)(EventHandle *event, unsigned flags);
  int (*eventDestroy)(EventHandle event);
  int (*eventRecord)(EventHandle event, Stream stream);
  int (*eventSynchronize)(EventHandle event);
  int (*streamBeginCapture)(Stream stream, int mode);
  int (*streamEndCapture)(Stream stream, Graph *graph);
  int (*graphInstantiate)(GraphExec *made, Graph graph, unsigned long long flags);
  int (*graphLaunch)(GraphExec graph, Stream stream);
  int (*graphDestroy)(Graph graph);
  int (*graphExecDestroy)(GraphExec graph);
  int (*moduleLoadData)(Module *module, const void *image);
  int (*moduleUnload)(Module module);
  int (*moduleGetFunction)(Function *function, Module module, const char *name);
  int (*launchKernel)(Function function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                      unsigned blockY, unsigned blockZ, unsigned sharedBytes, Stream stream, void **parameters,
                      void **extra);
};

// Values of cuda.h.
inline constexpr int kErrorOutOfMemory = 2, kErrorNotFound = 500;
inline constexpr int kAttributeMajor = 75, kAttributeMinor = 76; ///< of the compute capability
inline constexpr int kErrorIllegalAddress = 700, kErrorLaunchFailed = 719; ///< these and those between are of kernels
inline constexpr unsigned kStreamNonBlocking = 1, kEventDisableTiming = 2;
inline constexpr int kCaptureThreadLocal = 1;

} // namespace glyptic::runtime::cuda
