//===- RealCudnn.h - Questions to cuDNN itself, without a GPU ---*- C++ -*-===//
//
// Since version 9.11 cuDNN says which engines it has for GPUs that are not there, of which it is told the properties.
// Engines that compile kernels at run time are among its answers only where a driver's library is: the toolkit's stub
// does.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/cuda/Cudnn.h"

#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <optional>

namespace glyptic {

struct Gpu {
  const char *name, *properties;
};
inline constexpr Gpu kGpus[] = {
    {"H200",
     R"({"deviceName":"NVIDIA H200","cudaDeviceId":0,"deviceVer":900,"driverVer":13000,"maxGridSize":[2147483647,65535,65535],"maxBlockSize":[1024,1024,64],"regsPerBlock":65536,"multiProcessorCount":132,"warpSize":32,"maxSharedMemoryPerBlock":49152,"maxSharedMemoryPerBlockOptin":232448,"reservedSharedMemoryPerBlock":1024,"maxRegistersPerSM":65536,"maxCtasPerSM":32,"maxThreadsPerBlock":1024,"maxThreadsPerSM":2048,"pciDeviceId":0,"isTccDriver":0,"supportCoopLaunch":1,"smClockRateKHz":1980000,"memClockRateKHz":3201000,"l2CacheSize":62914560,"totalGlobalMem":150110011392})"},
    {"A100",
     R"({"deviceName":"NVIDIA A100","cudaDeviceId":0,"deviceVer":800,"driverVer":13000,"maxGridSize":[2147483647,65535,65535],"maxBlockSize":[1024,1024,64],"regsPerBlock":65536,"multiProcessorCount":108,"warpSize":32,"maxSharedMemoryPerBlock":49152,"maxSharedMemoryPerBlockOptin":166912,"reservedSharedMemoryPerBlock":1024,"maxRegistersPerSM":65536,"maxCtasPerSM":32,"maxThreadsPerBlock":1024,"maxThreadsPerSM":2048,"pciDeviceId":0,"isTccDriver":0,"supportCoopLaunch":1,"smClockRateKHz":1410000,"memClockRateKHz":1215000,"l2CacheSize":41943040,"totalGlobalMem":42505273344})"},
};

inline runtime::cuda::Descriptor describe(const runtime::cuda::Cudnn &library, const Gpu &gpu) {
  using namespace runtime::cuda;
  const std::string json = gpu.properties;
  Descriptor properties(library, dnn::kDeviceProperties);
  properties.set(dnn::kDeviceJson, dnn::kChar, std::vector<char>(json.begin(), json.end()));
  properties.finish();
  return properties;
}

/// The library of the toolkit, if it answers without a GPU; else `why` says what is missing.
inline std::optional<runtime::cuda::Cudnn> openRealCudnn(std::string &why) {
  const std::string home = "/usr/local/cuda";
  if (!std::filesystem::exists(home + "/lib64/libcudnn.so.9"))
    why = "cuDNN is not in " + home;
  else if (dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD))
    why = "a driver is loaded, maybe that of other tests: run this one alone";
  if (!why.empty())
    return std::nullopt;
  setenv("CUDA_HOME", home.c_str(), 1);
  runtime::cuda::Cudnn library = runtime::cuda::Cudnn::open();
  unsetenv("CUDA_HOME");
  if (library.getVersion() >= 91100)
    return library;
  why = "cuDNN " + std::to_string(library.getVersion()) + " answers only where there is a GPU";
  return std::nullopt;
}

} // namespace glyptic
