//===- Rows.cpp - Kernels that go row by row --------------------===//
//
// Reductions over a row are computed once for the row, then its elements. Sums over the rows accumulate in memory, one
// table for each part of the rows: a row's elements are in registers anyway, and the table stays in the first-level
// cache.
//
//===----------------------------------------------------------------------===//
#include "codegen/Structured/KernelEmitter.h"
#include "codegen/Structured/StructuredForm.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::codegen {

/// Elements of a row of a costly value that a kernel keeps: 16 KiB in FP32.
static constexpr int64_t kMaxKept = 4096;

void KernelEmitter::emitRows() {
  const Root &first = *plan.roots.front();
  SmallVector<Dim> rows = first.getSizes();
  rows.truncate(first.rowRank);
  const bool inParts = plan.hasAccumulators();
  const int64_t parts = getNumParts(options.machine);
  kernel.chunks = inParts ? Dim{parts, false} : product(rows);

  // Roots over the same rest of the dimensions share its loops.
  SmallVector<std::pair<SmallVector<Dim>, SmallVector<Root *>>> groups;
  int64_t elements = 1;
  for (Root *root : plan.roots) {
    SmallVector<Dim> rest = root->getSizes();
    rest.erase(rest.begin(), rest.begin() + root->rowRank);
    elements = std::max(elements, product(rest).scale);
    auto group = llvm::find_if(groups, [&](auto &g) { return g.first == rest; });
    if (group == groups.end())
      group = groups.insert(groups.end(), {rest, {}});
    group->second.push_back(root);
  }
  for (Root *root : plan.roots)
    for (ReductionUse &use : root->perRow)
      elements = std::max(elements, product(getReductionSizes(use.op)).scale);
  const int64_t rowsPerChunk = inParts ? llvm::divideCeil(product(rows).scale, parts) : 1;
  kernel.grain = getGrain(elements * rowsPerChunk * countOperations());
  if (isGpu())
    kernel.mapping = inParts || rows.empty() ? mapBlocks(elements, emitter->getLanes())
                                             : mapRows(elements, emitter->getLanes());

  Chunks chunks = openChunks(*emitter, kernel);
  Scope &body = inParts ? openRowsOfPart(chunks, product(rows)) : *chunks.scope;
  Index row = emitter->split(body, inParts ? Value(body.loop.getInductionVar()) : chunks.number, rows);
  emitRowReductions(row);
  for (auto &[rest, roots] : groups)
    emitInner(body, roots, row, rest);
  if (inParts)
    emitter->closeLoop(body);
  closeChunks(*emitter, chunks);
}

/// Clears the part's accumulators, then opens the loop over its rows.
Scope &KernelEmitter::openRowsOfPart(const Chunks &chunks, Dim rows) {
  const int64_t parts = getNumParts(options.machine);
  Scope &scope = *chunks.scope;
  part = emitter->addVariable(scope, chunks.number);
  for (Root *root : plan.roots) {
    if (!root->accumulated)
      continue;
    RankedTensorType type = memory.types[root->buffers.front()];
    const int64_t columns = getNumElements(type).scale / parts;
    RankedTensorType table = getTensorType({Dim{parts, false}, Dim{columns, false}}, type.getElementType());
    TypedAttr neutral = getCombiner(root->accumulated, 0)->neutral;
    auto clear = [&](Scope &loop, AffineExpr column) {
      Value value = arith::ConstantOp::create(loop.builder, emitter->getLoc(), neutral);
      emitter->store(value, getBuffer(root->buffers.front()), table, {part, column}, loop);
    };
    std::pair<Bound, Bound> all = {emitter->getBound({0, false}), emitter->getBound({columns, false})};
    if (isGpu())
      emitter->forTeam(scope, Dim{columns, false}, all, 1, {},
                       [&](Scope &loop, ArrayRef<AffineExpr> column, ValueRange) {
                         clear(loop, column.front());
                         return SmallVector<Value>();
                       });
    else
      emitter->forLanes(scope, all.first, all.second, emitter->getLanes(), clear);
  }
  // From now on each column belongs to one thread, which need not be the one that cleared it.
  if (isGpu())
    gpu::BarrierOp::create(scope.builder, emitter->getLoc());
  auto [lower, upper] = emitter->getPartBounds({&scope, chunks.number, parts}, rows, scope.builder);
  return emitter->openLoop(scope, lower.value, upper.value, 1);
}

/// Adds the element of `root` at `index` to its part's sum for the column.
void KernelEmitter::accumulate(Scope &scope, const Root &root, unsigned position, ArrayRef<AffineExpr> index) {
  Index place = {part};
  llvm::append_range(place, index.drop_front(linalg::GenericOp(root.accumulated).getNumReductionLoops()));
  RankedTensorType type = memory.types[position];
  Value old = emitter->load(getBuffer(position), type, place, scope);
  Value sum = emitter->emitBody(root.accumulated, index, old, scope).front();
  emitter->store(sum, getBuffer(position), type, place, scope);
}

void KernelEmitter::emitInner(Scope &scope, ArrayRef<Root *> roots, ArrayRef<AffineExpr> outer, ArrayRef<Dim> inner) {
  int64_t width;
  LoopSpace space = merge(roots, outer, inner, width);
  auto body = [&](Scope &loop, ArrayRef<AffineExpr> index) {
    Index full(outer);
    llvm::append_range(full, compose(AffineMap::get(space.sizes.size(), 0, space.original, context()), index));
    storeRoots(loop, roots, full);
  };
  if (!isGpu())
    return loopOver(scope, space, 0, {}, width, body);
  if (space.sizes.empty()) {
    for (Root *root : roots) // its threads together compute what its first one stores
      emitter->emit(root->value, root->getIndex(outer));
    Scope &first = emitter->openFirst(scope);
    body(first, {});
    return emitter->closeFirst(first, scope);
  }
  std::pair<Bound, Bound> first = {emitter->getBound({0, false}), emitter->getBound(space.sizes.front())};
  emitter->forTeam(scope, space.sizes, first, width, {}, [&](Scope &loop, ArrayRef<AffineExpr> index, ValueRange) {
    body(loop, index);
    return SmallVector<Value>();
  });
}

/// How many reductions lie under `value`, one upon the other.
static unsigned getPhase(Value value, llvm::function_ref<bool(Value)> isMemory,
                         llvm::DenseMap<Operation *, unsigned> &known) {
  Operation *op = value.getDefiningOp();
  if (!op || isMemory(value))
    return 0;
  if (auto it = known.find(op); it != known.end())
    return it->second;
  unsigned phase = 0;
  for (Value operand : op->getOperands())
    phase = std::max(phase, getPhase(operand, isMemory, known));
  op->walk([&](Operation *inner) { // tensors that a body looks up
    for (Value operand : inner->getOperands())
      if (operand.getParentBlock() == op->getBlock())
        phase = std::max(phase, getPhase(operand, isMemory, known));
  });
  if (auto generic = dyn_cast<linalg::GenericOp>(op); generic && generic.getNumReductionLoops())
    ++phase;
  return known[op] = phase;
}

/// Elementwise values under `value`, down to memory and to reductions.
static void collectElementwise(Value value, llvm::function_ref<bool(Value)> isMemory, llvm::SetVector<Value> &values) {
  auto op = value.getDefiningOp<linalg::GenericOp>();
  if (!op || isMemory(value) || op.getNumReductionLoops() || !values.insert(value))
    return;
  for (Value operand : op.getDpsInputs())
    collectElementwise(operand, isMemory, values);
}

/// Independent reductions over loops of the same sizes share a pass over the row.
SmallVector<KernelEmitter::Pass> KernelEmitter::collectPasses(ArrayRef<AffineExpr> row) {
  llvm::DenseMap<Operation *, unsigned> phases;
  SmallVector<Pass> passes;
  for (Root *root : plan.roots) {
    Index full = root->getIndex(Index(root->dims.size(), getAffineConstantExpr(0, context())));
    for (auto [i, expr] : llvm::enumerate(row))
      full[root->dims[i]] = expr;
    for (ReductionUse use : root->perRow) {
      for (AffineExpr &expr : use.index)
        expr = expr.replaceDims(full);
      unsigned phase = getPhase(use.op.getResult(0), [&](Value v) { return emitter->isMemory(v); }, phases);
      SmallVector<Dim> sizes = getReductionSizes(use.op);
      auto pass = llvm::find_if(passes, [&](Pass &p) { return p.phase == phase && p.sizes == sizes; });
      if (pass == passes.end())
        pass = passes.insert(passes.end(), {phase, sizes, {}});
      if (llvm::none_of(pass->uses, [&](ReductionUse &u) { return u.op == use.op && u.index == use.index; }))
        pass->uses.push_back(use);
    }
  }
  SmallVector<Pass> ordered;
  for (unsigned phase = 1; ordered.size() < passes.size(); ++phase)
    llvm::copy_if(passes, std::back_inserter(ordered), [&](Pass &pass) { return pass.phase == phase; });
  return ordered;
}

/// Costly values (an exponential) that a pass computes for a whole row and that later loops need again: kept in a
/// buffer, if it fits the first-level cache beside the operands.
SmallVector<Value> KernelEmitter::findKept(const Pass &pass, ArrayRef<Pass> later, ArrayRef<AffineExpr> row) {
  auto isMemory = [&](Value v) { return emitter->isMemory(v); };
  llvm::SetVector<Value> computed, needed;
  for (ReductionUse use : pass.uses)
    for (Value operand : use.op.getDpsInputs())
      collectElementwise(operand, isMemory, computed);
  for (const Pass &next : later)
    for (ReductionUse use : next.uses)
      for (Value operand : use.op.getDpsInputs())
        collectElementwise(operand, isMemory, needed);
  for (Root *root : plan.roots)
    collectElementwise(root->value, isMemory, needed);

  SmallVector<Value> kept;
  for (Value value : computed) {
    auto type = cast<RankedTensorType>(value.getType());
    bool isCostly = value.getDefiningOp()->hasAttr(kCostlyAttr);
    if (!needed.contains(value) || !isCostly || type.getRank() < int64_t(row.size()) + 1)
      continue;
    ArrayRef<int64_t> inner = type.getShape().drop_front(row.size());
    if (ShapedType::isDynamicShape(inner) || ShapedType::getNumElements(inner) > kMaxKept)
      continue;
    // The pass must compute it at the row's index and at exactly its own loops' indices, or elements would be missing.
    for (ReductionUse use : pass.uses) {
      unsigned first = emitter->getNumVariables();
      AccessAnalysis analysis(first, [&](Value v) { return v == value || isMemory(v); });
      analysis.visit(use.op.getResult(0), use.index);
      Index wanted(row);
      for (size_t i = 0; i < inner.size(); ++i)
        wanted.push_back(getAffineDimExpr(first + i, context()));
      if (pass.sizes.size() == inner.size() && llvm::any_of(analysis.getAccesses(), [&](const Access &access) {
            return access.tensor == value && access.index == wanted;
          })) {
        kept.push_back(value);
        break;
      }
    }
  }
  return kept;
}

void KernelEmitter::emitRowReductions(ArrayRef<AffineExpr> row) {
  SmallVector<Pass> passes = collectPasses(row);
  for (auto [i, pass] : llvm::enumerate(passes)) {
    // The GPU computes again what the CPU keeps: its arithmetic is nearly free beside its memory.
    SmallVector<Value> kept;
    if (!isGpu())
      kept = findKept(pass, ArrayRef(passes).drop_front(i + 1), row);
    for (Value value : kept)
      emitter->keep(value, row);
    emitter->emitReductions(pass.uses);
    for (Value value : kept)
      emitter->readKept(value);
  }
}

} // namespace glyptic::codegen
