//===- Scatter.cpp - Slices added at looked-up places -----------===//
//
// graph.scatter_add has no indexing maps: which element an update goes to is data. A chunk owns a block of columns of
// one outer slice of the result, clears it, and goes through all updates in the order of the index tensor, so that no
// two chunks write one element and the order of additions is fixed.
//
//===----------------------------------------------------------------------===//
#include "codegen/Structured/Kernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::codegen {
namespace {

/// Columns of a chunk: one register of the widest machine in FP32, and enough chunks for a few threads.
constexpr int64_t kColumns = 16;

class ScatterEmitter {
public:
  ScatterEmitter(Operation *module, ScatterAddOp op, const KernelOptions &options)
      : op(op), loc(op.getLoc()), machine(options.machine) {
    RankedTensorType result = op.getResult().getType();
    int64_t dim = op.getDim();
    outer = multiply(getDims(result), 0, dim);
    rows = getDim(result, dim);
    inner = multiply(getDims(result), dim + 1, result.getRank());
    count = getNumElements(op.getIndices().getType());
    kernel.function =
        createKernel(module, loc, {op.getIndices().getType(), op.getUpdates().getType(), result}, options);
    kernel.buffers = {0, 1, 2};
    kernel.writes = {2};
    kernel.chunks = outer;
    columns = chooseColumns();
    if (!inner.batched)
      kernel.chunks.scale *= llvm::divideCeil(inner.scale, columns);
    if (machine == Machine::Gpu)
      kernel.mapping = mapElements();
    kernel.grain = getGrain((rows.scale + count.scale) * 4);
  }

  EmittedKernel run() {
    Emitter theEmitter(kernel.function, kernel.function.getArgument(3), columns, machine);
    emitter = &theEmitter;
    Chunks opened = openChunks(*emitter, kernel);
    Scope &chunks = *opened.scope;
    OpBuilder &builder = chunks.builder;
    Value chunk = opened.number, first = emitter->getConstant(0), end = emitter->getSize(inner);
    if (!inner.batched) {
      Value blocks = emitter->getConstant(llvm::divideCeil(inner.scale, columns));
      Value size = emitter->getConstant(columns);
      first = arith::MulIOp::create(builder, loc, arith::RemUIOp::create(builder, loc, chunk, blocks), size);
      chunk = arith::DivUIOp::create(builder, loc, chunk, blocks);
      end = arith::MinUIOp::create(builder, loc, arith::AddIOp::create(builder, loc, first, size), end);
    }
    emitClear(chunks, chunk, first, end);
    emitUpdates(chunks, chunk, first, end);
    closeChunks(*emitter, opened);
    finishKernel(*emitter, kernel);
    return kernel;
  }

private:
  /// A vector of 16 bytes for each thread of the GPU, or one element where vectors would begin anywhere.
  int64_t chooseColumns() {
    if (machine == Machine::Cpu)
      return kColumns;
    const unsigned bits = op.getResult().getType().getElementTypeBitWidth();
    int64_t lanes = chooseLanes(machine, 0, bits, bits);
    return !inner.batched && inner.scale % lanes == 0 ? lanes : 1;
  }

  static Dim multiply(ArrayRef<Dim> dims, int64_t from, int64_t to) {
    Dim product{1, false};
    for (Dim dim : dims.slice(from, to - from))
      product = {product.scale * dim.scale, product.batched || dim.batched};
    return product;
  }

  /// The flat index of (slice, row, column) among `size` rows.
  Value address(OpBuilder &builder, Value slice, Dim size, Value row, Value column) {
    Value base = arith::MulIOp::create(builder, loc, slice, emitter->getSize(size));
    base = arith::AddIOp::create(builder, loc, base, row);
    base = arith::MulIOp::create(builder, loc, base, emitter->getSize(inner));
    return arith::AddIOp::create(builder, loc, base, column);
  }

  /// `body` for each block of columns in [first, end).
  void forColumns(Scope &scope, Value first, Value end, llvm::function_ref<void(Scope &, Value, int64_t)> body) {
    bool whole = !inner.batched && inner.scale % columns == 0;
    int64_t width = whole ? columns : 1;
    Scope &loop = emitter->openLoop(scope, first, end, width);
    body(loop, loop.loop.getInductionVar(), width);
    emitter->closeLoop(loop);
  }

  void emitClear(Scope &scope, Value slice, Value first, Value end) {
    Scope &loop = emitter->openLoop(scope, emitter->getConstant(0), emitter->getSize(rows), 1);
    forColumns(loop, first, end, [&](Scope &inside, Value column, int64_t width) {
      OpBuilder &builder = inside.builder;
      Type element = op.getResult().getType().getElementType();
      Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(element));
      Value at = address(builder, slice, rows, loop.loop.getInductionVar(), column);
      write(builder, broadcastTo(builder, loc, zero, width), at);
    });
    emitter->closeLoop(loop);
  }

  void emitUpdates(Scope &scope, Value slice, Value first, Value end) {
    Scope &loop = emitter->openLoop(scope, emitter->getConstant(0), emitter->getSize(count), 1);
    Value number = loop.loop.getInductionVar();
    Value row = emitRow(loop.builder, number);
    forColumns(loop, first, end, [&](Scope &inside, Value column, int64_t width) {
      OpBuilder &builder = inside.builder;
      Value to = address(builder, slice, rows, row, column), from = address(builder, slice, count, number, column);
      Value update = read(builder, kernel.function.getArgument(1), from, width);
      Value old = read(builder, kernel.function.getArgument(2), to, width);
      Value sum = isa<FloatType>(op.getResult().getType().getElementType())
                      ? arith::AddFOp::create(builder, loc, old, update).getResult()
                      : arith::AddIOp::create(builder, loc, old, update).getResult();
      write(builder, sum, to);
    });
    emitter->closeLoop(loop);
  }

  /// The row that an index means: negative ones count from the end, and what is out of range is clamped.
  Value emitRow(OpBuilder &builder, Value number) {
    Value raw = memref::LoadOp::create(builder, loc, kernel.function.getArgument(0), number);
    Value row = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), raw);
    Value size = emitter->getSize(rows), zero = emitter->getConstant(0);
    Value negative = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, row, zero);
    Value wrapped = arith::AddIOp::create(builder, loc, row, size);
    row = arith::SelectOp::create(builder, loc, negative, wrapped, row);
    row = arith::MaxSIOp::create(builder, loc, row, zero);
    Value last = arith::SubIOp::create(builder, loc, size, emitter->getConstant(1));
    return arith::MinSIOp::create(builder, loc, row, last);
  }

  Value read(OpBuilder &builder, Value buffer, Value at, int64_t width) {
    Type element = op.getResult().getType().getElementType();
    if (width == 1)
      return memref::LoadOp::create(builder, loc, buffer, at);
    return vector::LoadOp::create(builder, loc, VectorType::get(width, element), buffer, at);
  }

  void write(OpBuilder &builder, Value value, Value at) {
    if (isa<VectorType>(value.getType()))
      vector::StoreOp::create(builder, loc, value, kernel.function.getArgument(2), at);
    else
      memref::StoreOp::create(builder, loc, value, kernel.function.getArgument(2), at);
  }

  ScatterAddOp op;
  Location loc;
  Machine machine;
  Dim outer, rows, inner, count;
  int64_t columns = 1; ///< of a chunk
  EmittedKernel kernel;
  Emitter *emitter = nullptr;
};

} // namespace

FailureOr<EmittedKernel> emitNamedKernel(Operation *module, Operation *op, const KernelOptions &options) {
  if (auto scatter = dyn_cast<ScatterAddOp>(op))
    return ScatterEmitter(module, scatter, options).run();
  return op->emitOpError("has neither a structured form nor a kernel of its own");
}

} // namespace glyptic::codegen
