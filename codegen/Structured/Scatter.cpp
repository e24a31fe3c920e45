//===- Scatter.cpp - Slices combined at looked-up places --------===//
//
// A scatter (ScatterOpInterface) has no indexing maps: which element an update goes to is data. A chunk owns a block of
// rows and columns of one outer slice of the result, and goes through all updates in the order of the index tensor, so
// that no two chunks write one element and the order of updates is fixed.
//
// On the CPU the chunk clears its block, then takes each update in memory. Of a large table it has whole rows, which lie
// side by side: to clear the gradient of 30522 x 312 embeddings by blocks of columns took five times as long. Of a
// small one it has all rows, so that one frequent row still keeps several threads busy. A GPU wants more parallelism: a
// warp has a few rows of the block, looks at all indices (which the caches hold) and takes its own. The row that it is
// at is in registers, because many updates of one row follow each other where one token is frequent.
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

/// Columns of a chunk on the CPU: one register of the widest machine in FP32, and enough chunks for a few threads.
constexpr int64_t kColumns = 16;

/// On the CPU a table of more rows is divided into so many blocks of rows instead.
constexpr int64_t kManyRows = 1024, kRowBlocks = 32;

class ScatterEmitter {
public:
  ScatterEmitter(Operation *module, ScatterOpInterface op, const KernelOptions &options)
      : op(op), loc(op.getLoc()), result(cast<RankedTensorType>(op->getResult(0).getType())), machine(options.machine) {
    auto indices = cast<RankedTensorType>(op.getIndices().getType());
    auto updates = cast<RankedTensorType>(op.getUpdates().getType());
    int64_t dim = op.getDim();
    outer = multiply(getDims(result), 0, dim);
    rows = getDim(result, dim);
    inner = multiply(getDims(result), dim + 1, result.getRank());
    count = getNumElements(indices);
    kernel.function = createKernel(module, loc, {indices, updates, result}, options);
    kernel.buffers = {0, 1, 2};
    kernel.writes = {2};
    kernel.chunks = outer;
    columns = chooseColumns();
    kernel.grain = getGrain((rows.scale + count.scale) * 4);
    if (machine == Machine::Gpu)
      mapToWarps();
    else
      mapToBlocks();
  }

  EmittedKernel run() {
    Emitter theEmitter(kernel.function, kernel.function.getArgument(3), columns, machine);
    emitter = &theEmitter;
    Chunks chunks = openChunks(*emitter, kernel);
    if (machine == Machine::Gpu)
      emitRowsOfWarp(chunks);
    else
      emitBlock(*chunks.scope, chunks.number);
    closeChunks(*emitter, chunks);
    finishKernel(*emitter, kernel);
    return kernel;
  }

private:
  //===--------------------------------------------------------------------===//
  // GPU
  //===--------------------------------------------------------------------===//

  void mapToWarps() {
    Dim groups = rows, blocks = inner;
    blocks.scale = llvm::divideCeil(inner.scale, kWarp * columns);
    if (!rows.batched)
      rowsOfWarp = chooseOwnedRows(rows.scale * outer.scale * blocks.scale);
    groups.scale = llvm::divideCeil(rows.scale, rowsOfWarp);
    grid = {outer, groups, blocks};
    kernel.chunks = multiply(grid, 0, grid.size());
    kernel.mapping = mapRows(kWarp, 1);
  }

  void emitRowsOfWarp(const Chunks &chunks) {
    OpBuilder &builder = chunks.scope->builder;
    Index place = emitter->split(*chunks.scope, chunks.number, grid);
    Value slice = emitter->getIndex(place[0], *chunks.scope), block = emitter->getIndex(place[2], *chunks.scope);
    Value first = emitter->getIndex(place[1], *chunks.scope);
    if (rowsOfWarp > 1)
      first = arith::MulIOp::create(builder, named("firstRow"), first, emitter->getConstant(rowsOfWarp));
    Value column = arith::MulIOp::create(builder, loc, block, emitter->getConstant(kWarp));
    column = arith::AddIOp::create(builder, loc, column, emitter->getTeam().member);
    column = arith::MulIOp::create(builder, named("column"), column, emitter->getConstant(columns));
    Value isColumn = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, column, emitter->getSize(inner));
    Scope &scope = emitter->openIf(*chunks.scope, isColumn, /*isShared=*/false);
    OpBuilder &inside = scope.builder;
    Value initial = broadcastTo(inside, loc, op.buildInitial(inside), columns);
    if (rowsOfWarp > 1) {
      Value end = arith::AddIOp::create(inside, loc, first, emitter->getConstant(rowsOfWarp));
      end = arith::MinUIOp::create(inside, loc, end, emitter->getSize(rows));
      Scope &loop = emitter->openLoop(scope, first, end, 1);
      write(loop.builder, initial, address(loop.builder, slice, rows, loop.loop.getInductionVar(), column));
      emitter->closeLoop(loop);
    }
    Scope &loop = emitter->openLoop(scope, emitter->getConstant(0), emitter->getSize(count), 1, {initial, first});
    loop.loop.getInductionVar().setLoc(named("update"));
    loop.loop.getRegionIterArg(0).setLoc(named("combined"));
    loop.loop.getRegionIterArg(1).setLoc(named("current"));
    emitter->closeLoop(loop, takeUpdate(loop, slice, first, column));
    Value combined = loop.loop.getResult(0), current = loop.loop.getResult(1);
    write(inside, combined, address(inside, slice, rows, current, column));
    emitter->closeIf(scope);
  }

  /// What the current row holds, and which one that is, after one more update.
  SmallVector<Value> takeUpdate(Scope &loop, Value slice, Value first, Value column) {
    OpBuilder &builder = loop.builder;
    Value number = loop.loop.getInductionVar();
    Value combined = loop.loop.getRegionIterArg(0), current = loop.loop.getRegionIterArg(1);
    Value row = emitRow(builder, number);
    Value distance = arith::SubIOp::create(builder, loc, row, first); // of a row before the first: far too large
    Value isMine = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, distance,
                                         emitter->getConstant(rowsOfWarp));
    auto take = scf::IfOp::create(
        builder, loc, isMine,
        [&](OpBuilder &then, Location) {
          Value before = rowsOfWarp > 1 ? changeRow(then, slice, row, column, combined, current) : combined;
          Value from = address(then, slice, count, number, column);
          Value update = read(then, kernel.function.getArgument(1), from, columns);
          scf::YieldOp::create(then, loc, ValueRange{op.buildUpdated(then, before, update), row});
        },
        [&](OpBuilder &otherwise, Location) { scf::YieldOp::create(otherwise, loc, ValueRange{combined, current}); });
    return SmallVector<Value>(take.getResults());
  }

  /// What `row` holds; that of the current one goes to memory, if it is another.
  Value changeRow(OpBuilder &builder, Value slice, Value row, Value column, Value combined, Value current) {
    Value isOther = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, row, current);
    auto change = scf::IfOp::create(
        builder, loc, isOther,
        [&](OpBuilder &then, Location) {
          write(then, combined, address(then, slice, rows, current, column));
          Value at = address(then, slice, rows, row, column);
          scf::YieldOp::create(then, loc, read(then, kernel.function.getArgument(2), at, columns));
        },
        [&](OpBuilder &otherwise, Location) { scf::YieldOp::create(otherwise, loc, combined); });
    return change.getResult(0);
  }

  Location named(StringRef name) { return NameLoc::get(StringAttr::get(op->getContext(), name), loc); }

  //===--------------------------------------------------------------------===//
  // CPU
  //===--------------------------------------------------------------------===//

  /// From `first` up to `end`.
  struct Range {
    Value first, end;
  };

  void mapToBlocks() {
    if (!rows.batched && rows.scale > kManyRows) {
      blockRows = llvm::divideCeil(rows.scale, kRowBlocks);
      kernel.chunks.scale *= llvm::divideCeil(rows.scale, blockRows);
    } else if (!inner.batched) {
      blockColumns = columns;
      kernel.chunks.scale *= llvm::divideCeil(inner.scale, blockColumns);
    }
  }

  /// Block `chunk` mod their number, of `length` each (0: there is one, of everything); `chunk` becomes the slice.
  Range takeBlock(OpBuilder &builder, Value &chunk, Dim size, int64_t length) {
    if (!length)
      return {emitter->getConstant(0), emitter->getSize(size)};
    Value count = emitter->getConstant(llvm::divideCeil(size.scale, length)), step = emitter->getConstant(length);
    Value end = emitter->getSize(size);
    Value first = arith::MulIOp::create(builder, loc, arith::RemUIOp::create(builder, loc, chunk, count), step);
    chunk = arith::DivUIOp::create(builder, loc, chunk, count);
    return {first, arith::MinUIOp::create(builder, loc, arith::AddIOp::create(builder, loc, first, step), end)};
  }

  void emitBlock(Scope &chunks, Value slice) {
    Range block = takeBlock(chunks.builder, slice, rows, blockRows);
    Range across = takeBlock(chunks.builder, slice, inner, blockColumns);
    emitClear(chunks, slice, block, across);
    emitUpdates(chunks, slice, block, across);
  }

  /// A vector of 16 bytes for each thread of the GPU, or one element where vectors would begin anywhere.
  int64_t chooseColumns() {
    if (machine == Machine::Cpu)
      return kColumns;
    const unsigned bits = result.getElementTypeBitWidth();
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

  /// `body` for vectors of columns, and for single ones where vectors do not come out even.
  void forColumns(Scope &scope, Range across, llvm::function_ref<void(Scope &, Value, int64_t)> body) {
    auto loop = [&](Value first, Value end, int64_t width) {
      Scope &inside = emitter->openLoop(scope, first, end, width);
      body(inside, inside.loop.getInductionVar(), width);
      emitter->closeLoop(inside);
    };
    if (inner.batched || (blockColumns && inner.scale % columns))
      return loop(across.first, across.end, 1);
    Value middle = emitter->getConstant(inner.scale - inner.scale % columns);
    if (blockColumns)
      return loop(across.first, across.end, columns);
    loop(across.first, middle, columns);
    if (inner.scale % columns)
      loop(middle, across.end, 1);
  }

  void emitClear(Scope &scope, Value slice, Range block, Range across) {
    Scope &loop = emitter->openLoop(scope, block.first, block.end, 1);
    forColumns(loop, across, [&](Scope &inside, Value column, int64_t width) {
      OpBuilder &builder = inside.builder;
      Value at = address(builder, slice, rows, loop.loop.getInductionVar(), column);
      write(builder, broadcastTo(builder, loc, op.buildInitial(builder), width), at);
    });
    emitter->closeLoop(loop);
  }

  void emitUpdates(Scope &scope, Value slice, Range block, Range across) {
    Scope &loop = emitter->openLoop(scope, emitter->getConstant(0), emitter->getSize(count), 1);
    Value number = loop.loop.getInductionVar();
    Value row = emitRow(loop.builder, number);
    Scope &mine = blockRows ? openBlock(loop, row, block) : loop;
    forColumns(mine, across, [&](Scope &inside, Value column, int64_t width) {
      OpBuilder &builder = inside.builder;
      Value to = address(builder, slice, rows, row, column), from = address(builder, slice, count, number, column);
      Value update = read(builder, kernel.function.getArgument(1), from, width);
      Value old = read(builder, kernel.function.getArgument(2), to, width);
      write(builder, op.buildUpdated(builder, old, update), to);
    });
    if (blockRows)
      emitter->closeIf(mine);
    emitter->closeLoop(loop);
  }

  /// What is done if the row lies in the block.
  Scope &openBlock(Scope &scope, Value row, Range block) {
    OpBuilder &builder = scope.builder;
    Value distance = arith::SubIOp::create(builder, loc, row, block.first); // of a row before it: far too large
    Value length = arith::SubIOp::create(builder, loc, block.end, block.first);
    Value isMine = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, distance, length);
    return emitter->openIf(scope, isMine, /*isShared=*/false);
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
    if (width == 1)
      return memref::LoadOp::create(builder, loc, buffer, at);
    return vector::LoadOp::create(builder, loc, VectorType::get(width, result.getElementType()), buffer, at);
  }

  void write(OpBuilder &builder, Value value, Value at) {
    if (isa<VectorType>(value.getType()))
      vector::StoreOp::create(builder, loc, value, kernel.function.getArgument(2), at);
    else
      memref::StoreOp::create(builder, loc, value, kernel.function.getArgument(2), at);
  }

  ScatterOpInterface op;
  Location loc;
  RankedTensorType result;
  Machine machine;
  Dim outer, rows, inner, count;
  int64_t columns = 1;    ///< of a vector on the CPU, of a thread on the GPU
  int64_t blockRows = 0, blockColumns = 0; ///< of a chunk on the CPU; 0: all
  int64_t rowsOfWarp = 1;
  SmallVector<Dim> grid; ///< on the GPU: chunks are numbered by slice, group of rows, block of columns
  EmittedKernel kernel;
  Emitter *emitter = nullptr;
};

} // namespace

FailureOr<EmittedKernel> emitNamedKernel(Operation *module, Operation *op, const KernelOptions &options) {
  if (auto scatter = dyn_cast<ScatterOpInterface>(op))
    return ScatterEmitter(module, scatter, options).run();
  return op->emitOpError("has neither a structured form nor a kernel of its own");
}

} // namespace glyptic::codegen
