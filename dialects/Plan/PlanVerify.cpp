//===- PlanVerify.cpp - Memory is never lost or invented --------===//
#include "dialects/Plan/PlanDialect.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace glyptic::plan {
namespace {

/// Bytes [begin, end) of an arena at the largest batch.
struct Piece {
  Arena arena;
  int64_t begin = 0, end = 0;

  bool overlaps(const Piece &o) const { return arena == o.arena && begin < o.end && o.begin < end; }
  bool operator==(const Piece &o) const { return arena == o.arena && begin == o.begin && end == o.end; }
};

Piece getPiece(Value buffer, int64_t maxBatch) {
  auto op = buffer.getDefiningOp<BufferOp>();
  return {op.getArena(), static_cast<int64_t>(op.getOffset()),
          static_cast<int64_t>(op.getOffset()) + op.getSize().at(maxBatch)};
}

/// Checks one entry against its time order, from the end to the beginning. A buffer that begins with a tensor of state
/// and holds others, as a kernel over flat memory has, stands for all of them.
class EntryChecker {
public:
  EntryChecker(EntryOp entry, int64_t maxBatch) : entry(entry), maxBatch(maxBatch) {}

  LogicalResult run() {
    collectEnds();
    for (Operation &op : llvm::reverse(entry.getBody().front()))
      if (auto instruction = dyn_cast<InstructionInterface>(op))
        if (failed(check(instruction)))
          return failure();
    for (Value buffer : live)
      if (piece(buffer).arena == Arena::Work && !inputs.contains(buffer))
        return buffer.getDefiningOp()->emitOpError()
               << "is read in @" << entry.getSymName() << " before anything is written to it";
    return success();
  }

private:
  void collectEnds() {
    for (Operation &op : entry->getParentRegion()->front()) {
      if (isa<StateOp, AccumulatorOp>(op))
        persistent.push_back(op.getOperand(0));
    }
    live.insert(persistent.begin(), persistent.end());
    for (Operation &op : entry.getBody().front()) {
      if (auto input = dyn_cast<InputOp>(op))
        inputs.insert(input.getBuffer());
      if (auto output = dyn_cast<OutputOp>(op))
        live.insert(output.getBuffer());
    }
  }

  LogicalResult check(InstructionInterface op) {
    SmallVector<Value> reads = op.getReadBuffers(), writes = op.getWrittenBuffers();
    for (auto [i, written] : llvm::enumerate(writes)) {
      Piece target = piece(written);
      if (target.arena == Arena::Constant)
        return op->emitOpError("writes to the constant arena");
      for (Value other : ArrayRef(writes).drop_front(i + 1))
        if (target.overlaps(piece(other)))
          return op->emitOpError("writes two results to overlapping memory");
      for (Value read : reads)
        if (target.overlaps(piece(read)) && !(op.mayUpdateInPlace() && target == piece(read)))
          return op->emitOpError() << "writes memory that it reads" << (op.mayUpdateInPlace() ? " elsewhere" : "");
      SmallVector<Value> parts = getParts(written);
      for (Value later : live)
        if (!llvm::is_contained(parts, later) && target.overlaps(piece(later)))
          return op->emitOpError("writes over memory that is read later").attachNote(later.getLoc()) << "this buffer";
    }
    for (Value written : writes)
      for (Value part : getParts(written))
        live.remove(part);
    for (Value read : reads)
      for (Value part : getParts(read))
        live.insert(part);
    return success();
  }

  /// The buffer itself, or the state that lies in it.
  SmallVector<Value> getParts(Value buffer) const {
    const Piece whole = piece(buffer);
    if (whole.arena != Arena::State && whole.arena != Arena::Accumulator)
      return {buffer};
    SmallVector<Value> parts;
    bool isRun = false;
    for (Value state : persistent)
      if (Piece part = piece(state); part.arena == whole.arena && whole.begin <= part.begin && part.end <= whole.end) {
        parts.push_back(state);
        isRun |= part.begin == whole.begin;
      }
    return isRun ? parts : SmallVector<Value>{buffer};
  }

  Piece piece(Value buffer) const {
    auto [known, isNew] = pieces.try_emplace(buffer);
    if (isNew)
      known->second = getPiece(buffer, maxBatch);
    return known->second;
  }

  EntryOp entry;
  int64_t maxBatch;
  mutable llvm::DenseMap<Value, Piece> pieces; ///< each is asked for at every write
  SmallVector<Value> persistent;
  llvm::SetVector<Value> live, inputs;
};

} // namespace

LogicalResult ProgramOp::verify() {
  if (getMaxBatch() < 1)
    return emitOpError("`max_batch` is at least 1");
  if (getArenas().size() != getMaxEnumValForArena() + 1)
    return emitOpError() << "lists " << getArenas().size() << " arenas instead of " << getMaxEnumValForArena() + 1;
  int64_t constants = getConstants() ? getConstants()->getNumElements() : 0;
  if (constants != getArenas()[static_cast<size_t>(Arena::Constant)])
    return emitOpError() << "has " << constants << " bytes of constants, which is not the size of their arena";
  return success();
}

LogicalResult ProgramOp::verifyRegions() {
  // Buffers first: what follows relies on them.
  WalkResult arguments = walk([&](Block *block) -> WalkResult {
    if (block->getNumArguments() != 0)
      return emitOpError("buffers come from plan.buffer, not from block arguments");
    return WalkResult::advance();
  });
  if (arguments.wasInterrupted())
    return failure();
  WalkResult buffers = walk([&](BufferOp op) -> WalkResult {
    Piece piece = getPiece(op.getResult(), getMaxBatch());
    if (int64_t size = getArenas()[static_cast<size_t>(piece.arena)]; piece.begin < 0 || piece.end > size)
      return op.emitOpError() << "ends at " << piece.end << ", beyond its arena's " << size << " bytes";
    return WalkResult::advance();
  });
  if (buffers.wasInterrupted())
    return failure();
  SmallVector<std::pair<Piece, Operation *>> persistent;
  for (Operation &op : getBody().front())
    if (isa<StateOp, AccumulatorOp>(op))
      persistent.push_back({getPiece(op.getOperand(0), getMaxBatch()), &op});
  llvm::sort(persistent, [](auto &a, auto &b) {
    return std::tie(a.first.arena, a.first.begin) < std::tie(b.first.arena, b.first.begin);
  });
  for (size_t i = 1; i < persistent.size(); ++i)
    if (persistent[i].first.overlaps(persistent[i - 1].first))
      return persistent[i].second->emitOpError("overlaps other state");
  for (EntryOp entry : getBody().getOps<EntryOp>())
    if (failed(EntryChecker(entry, getMaxBatch()).run()))
      return failure();
  return success();
}

LogicalResult EntryOp::verifyRegions() {
  // Results of buffers are all there is, so that a serialised plan has every fact.
  for (Operation &op : getBody().front())
    if (!isa<BufferOp, InputOp, OutputOp, InstructionInterface>(op))
      return op.emitOpError("does not belong into an entry");
  return success();
}

} // namespace glyptic::plan
