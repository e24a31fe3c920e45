//===- Bill.cpp - What a program costs, before it runs ----------===//
#include "compiler/Planning/Bill.h"
#include "compiler/Glyph/Serialize.h"
#include "compiler/Program.h"
#include "dialects/Graph/LibraryChoice.h"
#include "support/glyph/Glyph.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace glyptic::plan;

namespace glyptic::planning {
namespace {

int64_t getBytes(Value buffer, int64_t batch) { return buffer.getDefiningOp<BufferOp>().getSize().at(batch); }

Arena getArena(Value buffer) { return buffer.getDefiningOp<BufferOp>().getArena(); }

/// The most work memory that is in use at one time, found from the end of the entry.
int64_t findLowerBound(EntryOp entry, int64_t batch) {
  llvm::SetVector<Value> always, live;
  for (Operation &op : entry.getBody().front()) {
    if (auto input = dyn_cast<InputOp>(op))
      always.insert(input.getBuffer());
    if (auto output = dyn_cast<OutputOp>(op))
      live.insert(output.getBuffer());
  }
  auto measure = [&](const llvm::SetVector<Value> &buffers) {
    int64_t bytes = 0;
    for (Value buffer : buffers)
      if (getArena(buffer) == Arena::Work && !always.contains(buffer))
        bytes += llvm::alignTo(getBytes(buffer, batch), kAlignment);
    return bytes;
  };
  int64_t most = measure(live);
  for (Operation &op : llvm::reverse(entry.getBody().front())) {
    auto instruction = dyn_cast<InstructionInterface>(op);
    if (!instruction)
      continue;
    SmallVector<Value> reads = instruction.getReadBuffers(), writes = instruction.getWrittenBuffers();
    live.insert(reads.begin(), reads.end());
    live.insert(writes.begin(), writes.end());
    most = std::max(most, measure(live));
    for (Value written : writes)
      if (!llvm::is_contained(reads, written))
        live.remove(written);
  }
  for (Value input : always)
    most += llvm::alignTo(getBytes(input, batch), kAlignment);
  return most;
}

struct Predictor {
  const Machine &machine;
  bool allowsTf32;

  Cost predict(InstructionInterface op, int64_t batch) const {
    Work work = isa<LaunchOp>(op) ? Work::Kernel : isa<LibraryCallOp>(op) ? Work::LibraryCall : Work::Copy;
    return machine.predict(work, getArithmetic(op), op.getFlops().at(batch), op.getBytes().at(batch));
  }

private:
  Arithmetic getArithmetic(Operation *op) const {
    auto call = dyn_cast<LibraryCallOp>(op);
    if (!call || call.getSources().empty())
      return Arithmetic::FP32;
    Type element = getElementTypeOrSelf(cast<FunctionType>(call.getSignature()).getInput(0));
    Arithmetic arithmetic = glyptic::getArithmetic(toDataType(element).value_or(DType::F32));
    return arithmetic == Arithmetic::FP32 && allowsTf32 ? Arithmetic::TF32 : arithmetic;
  }
};

/// What the first few nodes cost, the heaviest first.
std::vector<NodeBill> findHeaviest(EntryOp entry, int64_t batch, const Predictor *predictor) {
  constexpr size_t kMaxNodes = 5;
  llvm::MapVector<StringRef, NodeBill> byNodes;
  for (Operation &op : entry.getBody().front()) {
    auto instruction = dyn_cast<InstructionInterface>(op);
    std::optional<StringRef> nodes = instruction ? instruction.getLabel() : std::nullopt;
    if (!nodes)
      continue;
    NodeBill &bill = byNodes[*nodes];
    bill.nodes = nodes->str();
    bill.flops += instruction.getFlops().at(batch);
    bill.bytes += instruction.getBytes().at(batch);
    bill.cost += predictor ? predictor->predict(instruction, batch) : Cost();
  }
  std::vector<NodeBill> all;
  for (auto &[nodes, bill] : byNodes)
    all.push_back(std::move(bill));
  llvm::sort(all, [](const NodeBill &a, const NodeBill &b) {
    const double first = a.cost.seconds(), second = b.cost.seconds();
    return std::tie(second, b.bytes, a.nodes) < std::tie(first, a.bytes, b.nodes);
  });
  all.resize(std::min(all.size(), kMaxNodes));
  return all;
}

int64_t countPacked(EntryOp entry) {
  int64_t bytes = 0;
  for (LibraryCallOp call : entry.getBody().getOps<LibraryCallOp>())
    if (auto packed = call.getParameters().getAs<DenseI64ArrayAttr>(names::kPacked))
      for (int64_t operand : packed.asArrayRef())
        bytes += getBytes(call.getSources()[operand], 1);
  return bytes;
}

EntryBill makeEntryBill(EntryOp entry, int64_t batch, const Predictor *predictor) {
  EntryBill bill;
  bill.name = entry.getSymName();
  bill.lowerBound = findLowerBound(entry, batch);
  if (predictor)
    bill.cost.emplace();
  for (Operation &op : entry.getBody().front()) {
    auto instruction = dyn_cast<InstructionInterface>(op);
    if (!instruction)
      continue;
    ++(isa<LaunchOp>(op) ? bill.kernels : isa<LibraryCallOp>(op) ? bill.libraryCalls : bill.copies);
    if (auto call = dyn_cast<LibraryCallOp>(op); call && call.getWorkspace())
      bill.workspace = std::max(bill.workspace, getBytes(call.getWorkspace(), batch));
    bill.flops += instruction.getFlops().at(batch);
    bill.bytes += instruction.getBytes().at(batch);
    if (predictor)
      *bill.cost += predictor->predict(instruction, batch);
  }
  for (BufferOp buffer : entry.getBody().getOps<BufferOp>())
    if (buffer.getArena() == Arena::Work)
      bill.work =
          std::max<int64_t>(bill.work, buffer.getOffset() + llvm::alignTo(buffer.getSize().at(batch), kAlignment));
  bill.heaviest = findHeaviest(entry, batch, predictor);
  return bill;
}

std::vector<Fallback> collectFallbacks(ProgramOp program) {
  llvm::MapVector<StringRef, Fallback> byReason;
  if (auto all = program->getParentOp()->getAttrOfType<ArrayAttr>(graph::kFallbacksAttr))
    for (auto [reason, node] : llvm::map_range(all.getAsRange<ArrayAttr>(), [](ArrayAttr fallback) {
           return std::pair(cast<StringAttr>(fallback[0]).getValue(), cast<StringAttr>(fallback[1]).getValue());
         })) {
      byReason[reason].reason = reason.str();
      byReason[reason].nodes.push_back(node.str());
    }
  std::vector<Fallback> fallbacks;
  for (auto &[reason, fallback] : byReason)
    fallbacks.push_back(std::move(fallback));
  return fallbacks;
}

} // namespace

Bill makeBill(ProgramOp program, std::optional<Machine> machine, bool allowsTf32) {
  std::optional<Predictor> predictor;
  if (machine)
    predictor.emplace(Predictor{*machine, allowsTf32});
  Bill bill;
  bill.target = program.getTarget();
  bill.threads = program.getThreads();
  bill.maxBatch = program.getMaxBatch();
  for (Operation &op : program.getBody().front()) {
    if (auto state = dyn_cast<StateOp>(op)) {
      int64_t bytes = getBytes(state.getBuffer(), 1);
      StringRef role = state.getRole();
      (role == role::Parameter ? bill.parameters
       : role == role::Slot    ? bill.slots
       : role == role::Counter ? bill.counters
                               : bill.buffers) += bytes;
    } else if (auto accumulator = dyn_cast<AccumulatorOp>(op)) {
      bill.accumulators += getBytes(accumulator.getBuffer(), 1);
    } else if (auto entry = dyn_cast<EntryOp>(op)) {
      bill.entries.push_back(makeEntryBill(entry, bill.maxBatch, predictor ? &*predictor : nullptr));
      bill.workspace = std::max(bill.workspace, bill.entries.back().workspace);
      int64_t inputs = 0;
      for (InputOp input : entry.getBody().getOps<InputOp>())
        inputs += getBytes(input.getBuffer(), bill.maxBatch);
      bill.inputs = std::max(bill.inputs, inputs);
      if (program.getTarget().starts_with(glyph::kCpuTarget))
        bill.packed += countPacked(entry);
    }
  }
  bill.fallbacks = collectFallbacks(program);
  ArrayRef<int64_t> arenas = program.getArenas();
  bill.work = arenas[static_cast<size_t>(Arena::Work)];
  bill.constants = arenas[static_cast<size_t>(Arena::Constant)];
  for (int64_t size : arenas)
    bill.total += size;
  bill.total += bill.packed;
  bill.machine = std::move(machine);
  return bill;
}

} // namespace glyptic::planning
