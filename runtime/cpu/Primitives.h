//===- Primitives.h - Sequences of oneDNN primitives ------------*- C++ -*-===//
#pragma once

#include "runtime/core/Memory.h"
#include "runtime/core/Routine.h"

#include <dnnl.hpp>
#include <map>

namespace glyptic::runtime {

using Dims = dnnl::memory::dims;
using dnnl::memory;

/// Row-major strides of `shape`.
Dims rowMajor(const Dims &shape);
memory::desc plainDesc(const Dims &shape, const Dims &strides);

/// A second copy of an operand that stays as it is, in the order that a kernel reads fastest. Sequences for different
/// numbers of samples share it.
struct PackedCopy {
  PackedCopy(size_t operand, const memory::desc &desc) : operand(operand), desc(desc), bytes(desc.get_size()) {}

  size_t operand;
  memory::desc desc;
  Memory bytes;
  bool isStale = true;
};
using PackedCopies = std::vector<std::shared_ptr<PackedCopy>>;

/// Primitives over a call's operands and over scratch memory, in order. Built once for a number of samples; running it
/// sets addresses and allocates nothing.
class Sequence {
public:
  Sequence(const dnnl::engine &engine, PackedCopies &copies) : engine(engine), copies(copies) {}

  /// A value that primitives read or write; numbers are indices into the sequence's values.
  using Value = size_t;
  Value operand(size_t index, const memory::desc &desc);
  Value scratch(const memory::desc &desc);
  /// The memory of `value` under another description of the same size.
  Value viewed(Value value, const memory::desc &desc);
  const memory::desc &descOf(Value value) const { return values[value].desc; }

  /// `value` in layout `wanted`: itself, or scratch that a reorder fills.
  Value reordered(Value value, const memory::desc &wanted);

  /// An operand that stays as it is, in layout `wanted`: itself, or a copy that is made when the operand has changed.
  Value packed(Value operand, const memory::desc &wanted);

  /// Where a primitive that produces `layout` writes what belongs in `target`: there, or scratch that finish() copies.
  Value written(Value target, const memory::desc &layout) {
    return descOf(target) == layout ? target : scratch(layout);
  }
  void finish(Value computed, Value target) {
    if (computed != target)
      addReorder(computed, target);
  }

  void add(const dnnl::primitive &primitive, const memory::desc &scratchpad, const std::map<int, Value> &arguments);
  void addReorder(Value from, Value to);

  size_t scratchBytes() const { return scratchEnd + scratchpadBytes; }
  void run(dnnl::stream &stream, void *const *operands, std::byte *scratch);

private:
  enum class Place { Operand, Scratch, Packed };
  struct Storage {
    memory::desc desc;
    memory handle;
    Place place;
    size_t index; ///< of the operand; in scratch memory the offset
  };
  struct Step {
    dnnl::primitive primitive;
    std::vector<dnnl_exec_arg_t> arguments;
  };
  struct Packing {
    std::shared_ptr<PackedCopy> copy;
    Step reorder;
  };

  Step makeStep(const dnnl::primitive &primitive, const memory::desc &scratchpad,
                const std::map<int, Value> &arguments);
  Step makeReorder(Value from, Value to);
  static void execute(const Step &step, dnnl::stream &stream);

  dnnl::engine engine;
  PackedCopies &copies;
  std::vector<Storage> values;
  std::vector<memory> scratchpads; ///< one after the other in time, so they share what follows the scratch values
  std::vector<Packing> packings;
  std::vector<Step> steps;
  size_t scratchEnd = 0, scratchpadBytes = 0;
};

/// Asks for scratch memory to be ours, so that it is allocated once and shared.
dnnl::primitive_attr userScratchpad();

/// A routine that is a sequence of primitives for each number of samples.
class PrimitiveRoutine : public Routine {
public:
  explicit PrimitiveRoutine(const CallSite &site) : site(site) {}
  size_t prepare(int64_t batch) final;
  void forget(int64_t batch) final;
  void stateChanged() final;
  void run(int64_t batch, void *const *operands, std::byte *scratch) final;

protected:
  virtual void build(int64_t batch, Sequence &sequence) const = 0;

  CallSite site;
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};

private:
  dnnl::stream stream{engine};
  PackedCopies copies;
  std::map<int64_t, Sequence> sequences;
};

} // namespace glyptic::runtime
