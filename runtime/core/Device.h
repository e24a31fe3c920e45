//===- Device.h - What is not this processor --------------------*- C++ -*-===//
#pragma once

#include "support/DataType.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace glyptic::runtime {

class CallSite;
class Program;
class Routine;

/// What a person asks for.
struct DeviceName {
  enum Kind { Auto, Cpu, Cuda, Shim } kind;
  int index = 0; ///< of the GPU
};
/// Throws for a text that names no device.
DeviceName parseDevice(std::string_view text);

/// A device with memory of its own that a session's arenas lie in. Addresses are the device's: nobody else may look
/// there. Work is done in the order in which it is asked for; what went wrong may show in a later call. What a device
/// allocates goes with it.
class Device {
public:
  virtual ~Device() = default;
  virtual std::string describe() const = 0;

  /// Zeroed. Throws an Error with what is free where there is too little; `planned` is all that the session will ask
  /// for.
  virtual std::byte *allocate(size_t size, size_t planned) = 0;
  /// Memory of this machine from which uploads are fast.
  virtual std::byte *allocateStaging(size_t size) = 0;

  /// `from` must stay as it is until finish().
  virtual void upload(std::byte *to, const void *from, size_t size) = 0;
  virtual void download(void *to, const std::byte *from, size_t size) = 0; ///< finishes
  virtual void copy(std::byte *to, const std::byte *from, size_t size) = 0;
  virtual void zero(std::byte *at, size_t size) = 0;

  /// A function of the program's code; throws where there is none.
  virtual void *findKernel(const char *symbol) = 0;
  virtual void launch(void *kernel, uint64_t blocks, unsigned threads, void *const *buffers, size_t count,
                      uint32_t batch) = 0;
  /// A library call, whose operands and scratch memory are the device's. Throws where it has no library for it, or
  /// cannot open the one it has.
  virtual std::unique_ptr<Routine> makeRoutine(const CallSite &site) = 0;

  /// Waits until all is done.
  virtual void finish() = 0;
};

/// The `index`-th GPU with the program's code on it. Throws an Error that says what is missing: driver, GPU, code for
/// its architecture.
std::unique_ptr<Device> makeCudaDevice(const Program &program, int index);

/// "sm_90"; throws where there is no such GPU.
std::string cudaArchitecture(int index);

/// Empty if there is a GPU that makeCudaDevice could use, else why not.
std::string whyNoCuda();

} // namespace glyptic::runtime
