//===- Device.h - What is not this processor --------------------*- C++ -*-===//
#pragma once

#include "support/DataType.h"

#include <cstddef>
#include <cstdint>
#include <functional>
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
  int index = 0;         ///< of the GPU
  bool hasIndex = false; ///< it was said
};
/// Throws for a text that names no device.
DeviceName parseDevice(std::string_view text);

/// Work is done in the order in which it is asked for, in each lane by itself: a run in one, inputs of the next run on
/// their way in the other.
enum class Lane { Work, Copies };

/// A point of a lane that the other lane, or this machine, can wait for.
class Event {
public:
  virtual ~Event() = default;
};

/// Work that was queued once and can be queued again by one call.
class Recording {
public:
  virtual ~Recording() = default;
};

/// A device with memory of its own that a session's arenas lie in. Addresses are the device's: nobody else may look
/// there. Work is in lane Work where no other is named; what went wrong may show in a later call. What a device
/// allocates goes with it; events and recordings go before it.
class Device {
public:
  virtual ~Device() = default;
  virtual std::string describe() const = 0;

  /// Zeroed. Throws an Error with what is free where there is too little; `planned` is all that the session will ask
  /// for.
  virtual std::byte *allocate(size_t size, size_t planned) = 0;
  /// Memory of this machine that the device reads and writes by itself.
  virtual std::byte *allocatePinned(size_t size) = 0;

  /// Between the device and any memory of this machine, which is done with when these return.
  virtual void upload(std::byte *to, const void *from, size_t size) = 0;
  virtual void download(void *to, const std::byte *from, size_t size) = 0;
  /// From pinned memory, in lane Copies, and to it, in lane Work; they only queue.
  virtual void sendPinned(std::byte *to, const std::byte *from, size_t size) = 0;
  virtual void fetchPinned(std::byte *to, const std::byte *from, size_t size) = 0;
  virtual void copy(std::byte *to, const std::byte *from, size_t size) = 0; ///< both sides apart
  virtual void zero(std::byte *at, size_t size) = 0;

  virtual std::unique_ptr<Event> makeEvent() = 0;
  /// The event is from now on where the lane stands now. One that was never marked is nothing to wait for.
  virtual void mark(Event &event, Lane lane) = 0;
  virtual void wait(Lane lane, const Event &event) = 0;
  virtual void await(const Event &event) = 0; ///< this machine waits

  /// A function of the program's code; throws where there is none.
  virtual void *findKernel(const char *symbol) = 0;
  virtual void launch(void *kernel, uint64_t blocks, unsigned threads, void *const *buffers, size_t count,
                      uint32_t batch) = 0;
  /// A library call, whose operands and scratch memory are the device's. Throws where it has no library for it, or
  /// cannot open the one it has.
  virtual std::unique_ptr<Routine> makeRoutine(const CallSite &site) = 0;

  /// What `work` queues in lane Work, which is not done now. It must have been done once before, so that libraries are
  /// set up. Throws what `work` throws, and where the device cannot record what it asks for: nothing is queued then.
  virtual std::unique_ptr<Recording> record(const std::function<void()> &work) = 0;
  virtual void replay(const Recording &recording) = 0;

  /// Waits until all of lane Work is done.
  virtual void finish() = 0;
};

/// How a session's GPU is to be used.
struct CudaPlace {
  int index = 0;
  bool hasIndex = false;
  void *context = nullptr, *stream = nullptr; ///< the caller's; null: the device's primary context, an own stream
  bool debugSync = false;                     ///< the caller finishes after each launch: errors need not advise it
};

/// A GPU with the program's code on it. Throws an Error that says what is missing: driver, GPU, code for its
/// architecture.
std::unique_ptr<Device> makeCudaDevice(const Program &program, const CudaPlace &place);

/// "sm_90"; throws where there is no such GPU.
std::string cudaArchitecture(int index);

/// Empty if there is a GPU that makeCudaDevice could use, else why not.
std::string whyNoCuda();

} // namespace glyptic::runtime
