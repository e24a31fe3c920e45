//===- Bill.h - What a program costs, before it runs ------------*- C++ -*-===//
#pragma once

#include "dialects/Plan/PlanDialect.h"
#include "support/Machine.h"
#include <optional>

namespace glyptic::planning {

/// All instructions that serve the same nodes, in one run.
struct NodeBill {
  std::string nodes; ///< as graph::getLabel() has them
  double flops = 0, bytes = 0;
  Cost cost; ///< where the machine is known
};

struct EntryBill {
  std::string name;
  int64_t kernels = 0, libraryCalls = 0, copies = 0;
  double flops = 0;           ///< of one run with the largest batch, like all that follows
  double bytes = 0;           ///< read and written by instructions
  int64_t work = 0;           ///< bytes of the work arena up to the last one in use
  int64_t lowerBound = 0;     ///< the most that lives at one time: no plan needs less
  int64_t workspace = 0;      ///< the largest that a library call has for itself
  std::optional<Cost> cost;      ///< predicted, where the machine is known
  std::vector<NodeBill> heaviest; ///< a few, by predicted time, else by traffic
};

/// What libraries might do and none of the target does.
struct Fallback {
  std::string reason;
  std::vector<std::string> nodes; ///< as graph::getLabel() has them
};

struct Bill {
  std::string target;
  int64_t threads = 0, maxBatch = 0;
  /// Bytes of memory; inputs are a part of work memory.
  int64_t parameters = 0, buffers = 0, slots = 0, counters = 0, accumulators = 0, constants = 0, work = 0, inputs = 0;
  int64_t workspace = 0; ///< of libraries, a part of work memory: calls come one after the other
  int64_t packed = 0; ///< second copies of weights, in the order that the library reads fastest
  int64_t total = 0;  ///< of the arenas, padding included, and of these copies
  int64_t unlimited = 0; ///< what the total would be without computing activations again; 0 where none is
  std::vector<EntryBill> entries;
  std::vector<Fallback> fallbacks; ///< one for each reason
  std::optional<Machine> machine;
};

/// The prediction is a roofline: each instruction takes as long as its arithmetic or its memory traffic, whichever is
/// longer, and a fixed time to start. With `allowsTf32` matrix products of FP32 are predicted as if they were allowed to
/// multiply in TF32.
Bill makeBill(plan::ProgramOp program, std::optional<Machine> machine = std::nullopt, bool allowsTf32 = false);

/// At most 80 columns.
std::string toText(const Bill &bill);
std::string toJson(const Bill &bill);

} // namespace glyptic::planning
