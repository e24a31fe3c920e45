//===- InputFeed.h - Inputs on their way to a device ------------*- C++ -*-===//
//
// Inputs of the next run travel while a run is at work. They are written to pinned memory, of which there are two
// halves, so that what is still on its way from one does not hold up writing the other; lane Copies brings them to a
// place of their own on the device; and the run begins by copying them from there to where the plan has them, which
// takes a thousandth of what the way to the device takes. The plan's own places would not do: the run that is at work
// reads them.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/core/Device.h"

namespace glyptic::runtime {

class InputFeed {
public:
  /// How much memory one needs on the device, and twice as much here.
  static size_t bytesFor(const glyph::Program &program);
  InputFeed(Device &device, const glyph::Program &program, size_t planned);

  /// From now on inputs are those of `entry`, which the plan has at `targets`; none is set.
  void begin(const glyph::Entry &entry, const std::vector<std::byte *> &targets);
  /// An input by its number, from this machine's memory, which is copied, or from the device's, which each run reads.
  void set(size_t input, std::string_view bytes);
  void setOnDevice(size_t input, const std::byte *address, size_t size);

  /// What was set from this machine's memory, else null.
  const std::byte *find(size_t input) const { return sources[input].here; }
  /// Queues what brings the inputs to their targets, as the first of a run's work.
  void take();

private:
  struct Source {
    std::byte *target;
    size_t offset; ///< in each half, and on the device
    size_t size = 0;
    const std::byte *here = nullptr, *onDevice = nullptr; ///< one of them, once it is set
    bool isNew = false;
  };
  struct Half {
    std::byte *memory;
    std::unique_ptr<Event> sent; ///< everything written to it so far
  };

  void turn();

  Device &device;
  const uint64_t maxBatch;
  Half halves[2];
  std::byte *const arrived;
  std::unique_ptr<Event> taken; ///< the run that began last has copied its inputs
  unsigned half = 0;            ///< that is written to
  bool isTaken = true;          ///< nothing was written since
  bool mustWait = true;         ///< nothing was sent since
  std::vector<Source> sources;
};

} // namespace glyptic::runtime
