//===- PlanBuilder.cpp - Builds a plan.program ------------------===//
#include "dialects/Plan/PlanBuilder.h"

using namespace mlir;

namespace glyptic::plan {

ProgramOp createProgram(OpBuilder &builder, Location loc, StringRef target, int64_t threads, int64_t maxBatch,
                        ArrayRef<int64_t> arenas, ArrayRef<char> constants) {
  ElementsAttr bytes;
  if (!constants.empty()) {
    auto type = RankedTensorType::get({static_cast<int64_t>(constants.size())}, builder.getI8Type());
    bytes = DenseElementsAttr::getFromRawBuffer(type, constants);
  }
  auto program = ProgramOp::create(builder, loc, target, threads, maxBatch, arenas, bytes);
  program.getBody().emplaceBlock();
  return program;
}

void PlanBuilder::openEntry(Location loc, StringRef name) {
  builder.setInsertionPointToEnd(&program.getBody().front());
  auto entry = EntryOp::create(builder, loc, name);
  builder.setInsertionPointToStart(&entry.getBody().emplaceBlock());
  inEntry = true;
  local.clear();
}

Value PlanBuilder::getBuffer(Arena arena, int64_t offset, SizeAttr size) {
  Key key{static_cast<unsigned>(arena), offset, size};
  if (Value known = shared.lookup(key))
    return known;
  Value &buffer = (inEntry ? local : shared)[key];
  if (!buffer)
    buffer = BufferOp::create(builder, program.getLoc(), builder.getType<BufferType>(), arena, offset, size);
  return buffer;
}

} // namespace glyptic::plan
