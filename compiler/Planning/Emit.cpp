//===- Emit.cpp - Decisions of planning as a plan.program -------===//
#include "compiler/Planning/Emit.h"
#include "compiler/Fusion/Predicates.h"
#include "compiler/Program.h"
#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/LibraryChoice.h"
#include "dialects/Graph/NodeLocation.h"

using namespace mlir;
using namespace glyptic::graph;
using namespace glyptic::plan;

namespace glyptic::planning {

namespace {

/// constant + perBatch * batch, to be summed.
struct Amount {
  int64_t constant = 0, perBatch = 0;

  void add(Dim dim) { (dim.batched ? perBatch : constant) += dim.scale; }
  void add(SizeAttr size) {
    constant += size.getConstant();
    perBatch += size.getPerBatch();
  }
  SizeAttr get(MLIRContext *context) const { return SizeAttr::get(context, constant, perBatch); }
};

/// One operation for each element that an op computes or combines; moved and repeated elements cost none.
SizeAttr countFlops(RegionOp region) {
  Amount flops;
  for (Operation &op : region.getBody().front()) {
    if (auto call = dyn_cast<LibraryCallOpInterface>(op))
      flops.add(call.getFlops());
    else if (auto reduction = dyn_cast<ReducingOpInterface>(op))
      flops.add(getNumElements(cast<RankedTensorType>(reduction.getReducedOperand().getType())));
    else if (op.hasTrait<OpTrait::Elementwise>())
      flops.add(getNumElements(cast<RankedTensorType>(op.getResult(0).getType())));
  }
  return flops.get(region.getContext());
}

class EntryEmitter {
public:
  EntryEmitter(PlanBuilder &builder, const EntryPlan &plan) : builder(builder), plan(plan) {}

  void run() {
    func::FuncOp function = plan.getFunction();
    builder.openEntry(function.getLoc(), function.getSymName());
    for (const Port &port : plan.getInputs())
      builder.create<InputOp>(function.getLoc(), port.name, port.role, buffer(plan.get(port.storage)), port.type);
    for (const Port &port : plan.getOutputs())
      builder.create<OutputOp>(function.getLoc(), port.name, port.role, buffer(plan.get(port.storage)), port.type,
                               port.mixesSamples);
    for (Operation *op : plan.getInstructions()) {
      firstOf[op] = emitted;
      if (auto region = dyn_cast<RegionOp>(op))
        emitLaunches(region);
      else
        emitCall(cast<LibraryCallOpInterface>(op));
    }
    for (auto [from, to] : plan.getEndCopies())
      emitCopy(plan.get(from), plan.get(to));
  }

private:
  Value buffer(const Storage &storage) {
    assert(storage.offset >= 0 && "placed before");
    return builder.getBuffer(storage.arena, storage.offset, storage.size);
  }

  /// The size of all memory that an instruction touches, each piece counted once for reading and once for writing.
  SizeAttr countBytes(ValueRange buffers) {
    Amount bytes;
    for (Value value : buffers)
      bytes.add(value.getDefiningOp<BufferOp>().getSize());
    return bytes.get(builder.getBuilder().getContext());
  }

  StringAttr label(Operation *op) {
    std::string text = getLabel(op->getLoc());
    return text.empty() ? StringAttr() : builder.getBuilder().getStringAttr(text);
  }

  void emitLaunches(RegionOp region) {
    SmallVector<Value> memory;
    for (Value value : llvm::concat<Value>(region.getInputs(), region.getResults()))
      memory.push_back(buffer(plan.getStorage(value)));
    for (StorageId id : plan.getScratch(region))
      memory.push_back(buffer(plan.get(id)));
    MLIRContext *context = region.getContext();
    Builder &b = builder.getBuilder();
    SizeAttr flops = countFlops(region);
    ArrayAttr apart = findBoundaries(region);
    for (auto launch : region.getLaunches()->getAsRange<LaunchAttr>()) {
      SmallVector<Value> buffers = llvm::map_to_vector(launch.getBuffers(), [&](int64_t i) { return memory[i]; });
      auto inBlocks = [&](int64_t count) { // only a GPU's launch has any
        return launch.getThreads() ? b.getI64IntegerAttr(count) : IntegerAttr();
      };
      auto chunks = SizeAttr::get(context, launch.getPerBatch() ? 0 : launch.getChunks(),
                                  launch.getPerBatch() ? launch.getChunks() : 0);
      builder.create<LaunchOp>(region.getLoc(), launch.getKernel(), buffers, b.getDenseI64ArrayAttr(launch.getWrites()),
                               chunks, b.getI64IntegerAttr(launch.getGrain()), inBlocks(launch.getThreads()),
                               inBlocks(launch.getChunksPerBlock()), flops, countBytes(buffers), label(region), apart);
      ++emitted;
      apart = ArrayAttr(); // so is what it needs of other regions
      flops = SizeAttr::get(context, 0, 0); // a region's arithmetic is booked once, on its first kernel
    }
  }

  /// One for each region whose results this one reads.
  ArrayAttr findBoundaries(RegionOp region) {
    if (!region.getApart())
      return {};
    llvm::MapVector<Operation *, std::pair<Amount, StringRef>> byProducer;
    for (auto [input, rule] : llvm::zip_equal(region.getInputs(), region.getApart()->getAsValueRange<StringAttr>())) {
      Operation *producer = input.getDefiningOp();
      while (producer && producer->hasTrait<trait::View>())
        producer = producer->getOperand(0).getDefiningOp();
      if (rule.empty() || !firstOf.contains(producer))
        continue;
      byProducer[producer].first.add(getTensorSize(cast<RankedTensorType>(input.getType())));
      byProducer[producer].second = fusion::getReason(rule);
    }
    MLIRContext *context = region.getContext();
    SmallVector<Attribute> boundaries;
    for (auto &[producer, boundary] : byProducer)
      boundaries.push_back(BoundaryAttr::get(context, firstOf.lookup(producer), boundary.first.get(context),
                                             StringAttr::get(context, boundary.second)));
    return ArrayAttr::get(context, boundaries);
  }

  void emitCall(LibraryCallOpInterface op) {
    LibraryCall call = *findLibraryCall(op);
    Builder &b = builder.getBuilder();
    SmallVector<NamedAttribute> parameters;
    for (auto &[name, values] : call.parameters) {
      // An op says which operands are worth a second copy; only where nothing writes them it stays good.
      if (name == names::kPacked)
        llvm::erase_if(values, [&](int64_t operand) { return !plan.isFixed(op->getOperand(operand)); });
      if (name != names::kPacked || !values.empty())
        parameters.push_back(b.getNamedAttr(name, b.getDenseI64ArrayAttr(values)));
    }
    auto toBuffer = [&](Value value) { return buffer(plan.getStorage(value)); };
    SmallVector<Value> sources = llvm::map_to_vector(op->getOperands(), toBuffer);
    SmallVector<Value> targets = llvm::map_to_vector(op->getResults(), toBuffer);
    Amount flops;
    flops.add(op.getFlops());
    SizeAttr bytes = countBytes(llvm::to_vector(llvm::concat<Value>(sources, targets)));
    ArrayRef<StorageId> scratch = plan.getScratch(op);
    Value workspace = scratch.empty() ? Value() : buffer(plan.get(scratch.front()));
    builder.create<LibraryCallOp>(op.getLoc(), call.routine, sources, targets, workspace,
                                  b.getFunctionType(op->getOperandTypes(), op->getResultTypes()),
                                  b.getDictionaryAttr(parameters), flops.get(b.getContext()), bytes, label(op));
    ++emitted;
  }

  void emitCopy(const Storage &from, const Storage &to) {
    MLIRContext *context = builder.getBuilder().getContext();
    Value source = buffer(from), target = buffer(to);
    builder.create<CopyOp>(plan.getFunction().getLoc(), source, target, SizeAttr::get(context, 0, 0),
                           countBytes({source, target}), StringAttr());
  }

  PlanBuilder &builder;
  const EntryPlan &plan;
  int64_t emitted = 0;                          ///< instructions
  llvm::DenseMap<Operation *, int64_t> firstOf; ///< instruction of each op
};

} // namespace

void emitPersistent(PlanBuilder &builder, Location loc, const ProgramMemory &memory) {
  for (const Persistent &entry : memory.getAll()) {
    Value buffer = builder.getBuffer(entry.arena, entry.offset, entry.getSize());
    if (entry.arena == Arena::Accumulator)
      builder.create<AccumulatorOp>(loc, entry.name, entry.role, buffer, entry.type);
    else
      // Weights come from the model; slots and counters start at zero.
      builder.create<StateOp>(loc, builder.getBuilder().getStringAttr(entry.name),
                              builder.getBuilder().getStringAttr(entry.role), buffer, TypeAttr::get(entry.type),
                              entry.permutation,
                              entry.role == role::Parameter || entry.role == role::Buffer
                                  ? builder.getBuilder().getUnitAttr()
                                  : UnitAttr());
  }
}

void emitRanges(PlanBuilder &builder, Location loc, const ProgramMemory &memory) {
  OpBuilder &b = builder.getBuilder();
  for (auto &[name, range] : memory.getRanges())
    builder.create<RangeOp>(loc, b.getStringAttr(name), b.getI64IntegerAttr(range.low), b.getI64IntegerAttr(range.high),
                            range.ignored);
}

void emitEntry(PlanBuilder &builder, const EntryPlan &entry) { EntryEmitter(builder, entry).run(); }

} // namespace glyptic::planning
