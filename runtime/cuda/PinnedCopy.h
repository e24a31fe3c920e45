//===- PinnedCopy.h - Copies by way of pinned memory ------------*- C++ -*-===//
//
// A GPU reads and writes pinned memory by itself. Any other the driver copies through pinned memory of its own, at a
// fraction of the speed, and while it does nobody else can go on. So what is large, weights and checkpoints, goes here
// piece by piece: while one piece is on its way, this processor fills or empties the other.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/cuda/Routines.h"

#include <array>

namespace glyptic::runtime::cuda {

/// An event of the driver. Its context is the current one where it is made and used.
class StreamEvent {
public:
  explicit StreamEvent(const Driver &driver) : driver(driver) {
    driver.check(driver.eventCreate(&handle, kEventDisableTiming), "cannot make an event");
  }
  StreamEvent(const StreamEvent &) = delete;
  ~StreamEvent() { driver.eventDestroy(handle); }

  void record(Stream stream) { driver.check(driver.eventRecord(handle, stream), "cannot mark a stream"); }
  void await() const { driver.check(driver.eventSynchronize(handle), "the GPU has stopped"); }
  EventHandle get() const { return handle; }

private:
  const Driver &driver;
  EventHandle handle = nullptr;
};

/// Two pieces of pinned memory. They go while the device's context is the current one, after its stream has ended.
class PinnedCopy {
public:
  explicit PinnedCopy(const Driver &driver);
  PinnedCopy(const PinnedCopy &) = delete;
  ~PinnedCopy();

  /// `from` has been read when this returns; the copy is made in the order of the stream.
  void upload(Pointer to, const std::byte *from, size_t size, Stream stream);
  /// Returns when `to` is written.
  void download(std::byte *to, Pointer from, size_t size, Stream stream);

private:
  struct Piece {
    explicit Piece(const Driver &driver) : copied(driver) {}
    void *memory = nullptr;
    StreamEvent copied; ///< the GPU is done with it
  };

  const Driver &driver;
  std::array<Piece, 2> pieces;
  unsigned next = 0;
};

} // namespace glyptic::runtime::cuda
