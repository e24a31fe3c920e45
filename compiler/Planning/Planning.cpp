//===- Planning.cpp - Every value in memory ---------------------===//
#include "compiler/Passes.h"
#include "compiler/Planning/Emit.h"
#include "compiler/Planning/EntryPlan.h"
#include "compiler/Planning/Units.h"
#include "support/Machine.h"

using namespace mlir;

namespace glyptic {

#define GEN_PASS_DEF_PLANNINGPASS
#include "compiler/Passes.h.inc"

namespace {

using namespace planning;

struct PlanningPass : impl::PlanningPassBase<PlanningPass> {
  using PlanningPassBase::PlanningPassBase;

  void runOnOperation() override {
    ProgramMemory memory;
    SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp function : functions)
      if (failed(memory.addArguments(function)))
        return signalPassFailure();
    for (func::FuncOp function : functions)
      if (failed(memory.addPacks(function)))
        return signalPassFailure();
    memory.place();
    std::vector<EntryPlan> entries;
    for (func::FuncOp function : functions)
      if (failed(entries.emplace_back(function, memory).analyse()))
        return signalPassFailure();

    int64_t workSize = 0;
    for (EntryPlan &entry : entries) {
      ArenaLayout layout = layOut(entry.getWorkLifetimes(maxBatch));
      entry.setWorkOffsets(layout.offsets);
      workSize = std::max(workSize, layout.size);
    }
    if (failed(checkMemory(memory, entries, workSize)))
      return signalPassFailure();
    emit(memory, entries, workSize);
    for (func::FuncOp function : functions)
      function.erase();
  }

private:
  static int64_t getFixedSize(const ProgramMemory &memory) {
    return memory.getSize(plan::Arena::State) + memory.getSize(plan::Arena::Accumulator) +
           memory.getSize(plan::Arena::Constant);
  }

  static int64_t getWorkSize(ArrayRef<EntryPlan> entries, int64_t batch) {
    int64_t size = 0;
    for (const EntryPlan &entry : entries)
      size = std::max(size, layOut(entry.getWorkLifetimes(batch)).size);
    return size;
  }

  LogicalResult checkMemory(const ProgramMemory &memory, ArrayRef<EntryPlan> entries, int64_t workSize) {
    const int64_t limit = memoryLimit > 0 ? memoryLimit : getMemoryLimit(), fixed = getFixedSize(memory);
    if (fixed + workSize <= limit)
      return success();
    int64_t fits = 0;
    for (int64_t tooLarge = maxBatch; tooLarge - fits > 1;) {
      int64_t middle = fits + (tooLarge - fits) / 2;
      (fixed + getWorkSize(entries, middle) <= limit ? fits : tooLarge) = middle;
    }
    std::string text;
    llvm::raw_string_ostream out(text);
    out << "a batch of " << maxBatch << " needs " << formatBytes(fixed + workSize) << " of memory, and "
        << formatBytes(limit) << " are there";
    if (fits > 0)
      out << "; the largest batch that fits is " << fits;
    else
      out << "; even one sample needs " << formatBytes(fixed + getWorkSize(entries, 1));
    return emitError(getOperation().getLoc(), text);
  }

  void emit(const ProgramMemory &memory, ArrayRef<EntryPlan> entries, int64_t workSize) {
    OpBuilder builder = OpBuilder::atBlockBegin(getOperation().getBody());
    const int64_t arenas[] = {memory.getSize(plan::Arena::State), memory.getSize(plan::Arena::Accumulator), workSize,
                              memory.getSize(plan::Arena::Constant)};
    plan::ProgramOp program = plan::createProgram(builder, getOperation().getLoc(), target, threads, maxBatch, arenas,
                                                  memory.getConstants());
    plan::PlanBuilder planBuilder(program);
    emitPersistent(planBuilder, getOperation().getLoc(), memory);
    emitRanges(planBuilder, getOperation().getLoc(), memory);
    for (const EntryPlan &entry : entries)
      emitEntry(planBuilder, entry);
  }
};

} // namespace
} // namespace glyptic
