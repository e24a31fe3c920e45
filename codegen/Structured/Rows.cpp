//===- Rows.cpp - Kernels that go row by row --------------------===//
//
// Reductions over a row are computed once for the row, then its elements. Sums over the rows accumulate in a table for
// each part of the rows: on the CPU in memory, because a row's elements are in registers anyway and the table stays in
// the first-level cache; on the GPU in registers.
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

SmallVector<KernelEmitter::RowGroup> KernelEmitter::groupRoots() {
  SmallVector<RowGroup> groups;
  for (Root *root : plan.roots) {
    SmallVector<Dim> rest = root->getSizes();
    rest.erase(rest.begin(), rest.begin() + root->rowRank);
    auto group = llvm::find_if(groups, [&](RowGroup &g) { return g.rest == rest; });
    if (group == groups.end())
      group = groups.insert(groups.end(), {rest, {}});
    group->roots.push_back(root);
  }
  return groups;
}

/// The index of a row. On the GPU a thread has few elements of it, for which dimensions that all accesses walk as one
/// are not told apart.
Index KernelEmitter::splitRow(Scope &scope, Value number, ArrayRef<Dim> rows) {
  if (!isGpu() || rows.size() < 2)
    return emitter->split(scope, number, rows);
  const unsigned first = emitter->getNumVariables();
  unsigned rank = 0;
  for (Root *root : plan.roots)
    rank = std::max<unsigned>(rank, root->dims.size());
  AccessAnalysis analysis = emitter->analyse(rank);
  for (Root *root : plan.roots) {
    Index index = llvm::map_to_vector(llvm::seq<unsigned>(first, first + root->dims.size()), [&](unsigned variable) {
      return getAffineDimExpr(variable, context());
    });
    analysis.visit(root->value, root->getIndex(index));
    analysis.visitStore(root->value, root->getIndex(index));
  }
  SmallVector<unsigned> variables = llvm::to_vector(llvm::seq<unsigned>(first, first + rows.size()));
  LoopSpace space = mergeLoops(analysis, variables, rows, context());
  AffineMap original = AffineMap::get(space.sizes.size(), 0, space.original, context());
  return compose(original, emitter->split(scope, number, space.sizes));
}

void KernelEmitter::emitRows() {
  const Root &first = *plan.roots.front();
  SmallVector<Dim> rows = first.getSizes();
  rows.truncate(first.rowRank);
  const bool inParts = plan.hasAccumulators();
  kernel.chunks = inParts ? Dim{plan.parts, false} : product(rows);
  SmallVector<RowGroup> groups = groupRoots();
  int64_t elements = 1, width = 1;
  for (RowGroup &group : groups)
    elements = std::max(elements, product(group.rest).scale);
  for (Root *root : plan.roots)
    for (ReductionUse &use : root->perRow)
      elements = std::max(elements, product(getReductionSizes(use.op)).scale);
  const int64_t rowsPerChunk = inParts ? llvm::divideCeil(product(rows).scale, plan.parts) : 1;
  kernel.grain = getGrain(elements * rowsPerChunk * countOperations());
  if (isGpu())
    kernel.mapping = mapRow(groups, rows.size(), elements, width);

  const bool byColumn = inParts && kernel.mapping.rounds && kernel.mapping.getTeam() == 1;
  if (byColumn)
    kernel.chunks.scale *= elements / width;

  Chunks chunks = openChunks(*emitter, kernel);
  Value number = chunks.number; // of the row, or of the part
  if (byColumn)
    number = openColumn(chunks, elements, width);
  else if (kernel.mapping.rounds)
    openRounds(*chunks.scope, elements, width);
  Scope &body = inParts ? openRowsOfPart(*chunks.scope, number, product(rows), elements) : *chunks.scope;
  Index row = splitRow(body, inParts ? Value(body.loop.getInductionVar()) : number, rows);
  emitRowReductions(row);
  for (RowGroup &group : groups)
    emitInner(body, group.roots, row, group.rest);
  if (inParts)
    closeRowsOfPart(*chunks.scope, body, elements);
  closeChunks(*emitter, chunks);
}

//===----------------------------------------------------------------------===//
// The GPU's rows, in registers
//===----------------------------------------------------------------------===//

/// Threads can keep their elements of a row if all loops over it are one, over the same elements.
Mapping KernelEmitter::mapRow(ArrayRef<RowGroup> groups, unsigned rowRank, int64_t elements, int64_t &width) {
  bool isOneLoop = true, isVector = elements % emitter->getLanes() == 0;
  llvm::SmallDenseSet<Value> tensors;
  auto visit = [&](ArrayRef<Dim> sizes, llvm::function_ref<void(AccessAnalysis &, unsigned)> collect) {
    const unsigned inner = emitter->getNumVariables() + rowRank;
    AccessAnalysis analysis = emitter->analyse(rowRank + sizes.size());
    collect(analysis, inner);
    SmallVector<unsigned> variables = llvm::to_vector(llvm::seq<unsigned>(inner, inner + sizes.size()));
    LoopSpace space = mergeLoops(analysis, variables, sizes, context());
    isOneLoop &= space.sizes.size() == 1 && space.sizes.front() == Dim{elements, false};
    for (auto [variable, original] : llvm::zip_equal(variables, space.original)) {
      if (!isa<AffineDimExpr>(original))
        continue;
      isVector &= analysis.getContiguity(variable, emitter->getAlignment()) > 0;
      for (const Access &access : analysis.getAccesses())
        if (access.tensor && emitter->isMemory(access.tensor))
          if (std::optional<Stride> stride = analysis.getStride(access, variable); !stride || !stride->isZero())
            tensors.insert(access.tensor);
    }
  };
  Index row = llvm::map_to_vector(llvm::seq<unsigned>(0, rowRank), [&](unsigned i) {
    return getAffineDimExpr(emitter->getNumVariables() + i, context());
  });
  for (const Pass &pass : collectPasses(row))
    visit(pass.sizes, [&](AccessAnalysis &analysis, unsigned inner) {
      for (ReductionUse use : pass.uses) {
        Index loops = getLoopIndex(use.op, use.index);
        unsigned next = inner;
        for (AffineExpr &loop : loops)
          if (!loop)
            loop = getAffineDimExpr(next++, context());
        isOneLoop &= hasCombiners(use.op);
        analysis.visitBody(use.op, loops);
      }
    });
  for (const RowGroup &group : groups)
    if (product(group.rest).scale > 1)
      visit(group.rest, [&](AccessAnalysis &analysis, unsigned inner) {
        for (Root *root : group.roots) {
          Index index = row;
          for (size_t i = 0; i < group.rest.size(); ++i)
            index.push_back(getAffineDimExpr(inner + i, context()));
          analysis.visit(root->value, root->getIndex(index));
          analysis.visitStore(root->value, root->getIndex(index));
        }
      });
  const bool byBlocks = plan.hasAccumulators() || rowRank == 0;
  const int64_t sumsPerElement = llvm::count_if(plan.roots, [](Root *root) { return bool(root->accumulated); });
  const bool hasRowResults = llvm::any_of(plan.roots, [](Root *root) { return !root->perRow.empty(); }) ||
                             llvm::any_of(groups, [](const RowGroup &group) { return product(group.rest).scale == 1; });
  width = isVector ? emitter->getLanes() : 1;
  if (isOneLoop && plan.hasAccumulators() && !hasRowResults)
    return mapColumns();
  if (isOneLoop)
    return mapKeptRows(elements, width, tensors.size() + sumsPerElement, byBlocks);
  return byBlocks ? mapBlocks(elements, emitter->getLanes()) : mapRows(elements, emitter->getLanes());
}

/// A thread goes down one vector of the columns of a part, and needs no others. Returns the number of the part.
Value KernelEmitter::openColumn(const Chunks &chunks, int64_t elements, int64_t width) {
  Index place = emitter->split(*chunks.scope, chunks.number, {Dim{plan.parts, false}, Dim{elements, false}}, width);
  emitter->setRounds({{elements, false}, width, {place[1]}, {}});
  return emitter->getIndex(place[0], *chunks.scope);
}

void KernelEmitter::openRounds(Scope &scope, int64_t elements, int64_t width) {
  OpBuilder &builder = scope.builder;
  Location loc = NameLoc::get(builder.getStringAttr("column"), emitter->getLoc());
  const int64_t team = kernel.mapping.getTeam(), count = kernel.mapping.rounds;
  Rounds rounds{{elements, false}, width, {}, {}};
  Value first = emitter->getTeam().member;
  if (width > 1)
    first = arith::MulIOp::create(builder, loc, first, emitter->getConstant(width));
  for (int64_t i = 0; i < count; ++i) {
    Value at = first;
    if (i > 0)
      at = arith::AddIOp::create(builder, loc, first, emitter->getConstant(i * team * width));
    if (i + 1 == count && count * team * width != elements) {
      Value end = emitter->getConstant(elements), last = emitter->getConstant(elements - width);
      auto isInside = NameLoc::get(builder.getStringAttr("isInside"), loc);
      rounds.isInside = arith::CmpIOp::create(builder, isInside, arith::CmpIPredicate::ult, at, end);
      at = arith::MinUIOp::create(builder, loc, at, last);
    }
    rounds.variables.push_back(emitter->addVariable(scope, at, width));
  }
  emitter->setRounds(std::move(rounds));
}

//===----------------------------------------------------------------------===//
// Sums over the rows of a part
//===----------------------------------------------------------------------===//

RankedTensorType KernelEmitter::getTable(const Root &root) {
  RankedTensorType type = memory.types[root.buffers.front()];
  const int64_t columns = getNumElements(type).scale / plan.parts;
  return getTensorType({Dim{plan.parts, false}, Dim{columns, false}}, type.getElementType());
}

/// Sums that no registers keep begin in memory.
void KernelEmitter::clearSums(Scope &scope, Root &root) {
  RankedTensorType table = getTable(root);
  TypedAttr neutral = getCombiner(root.accumulated, 0)->neutral;
  auto clear = [&](Scope &loop, AffineExpr column) {
    Value value = arith::ConstantOp::create(loop.builder, emitter->getLoc(), neutral);
    emitter->store(value, getBuffer(root.buffers.front()), table, {part, column}, loop);
  };
  const Dim columns = getDim(table, 1);
  if (!isGpu())
    return emitter->forLanes(scope, emitter->getBound({0, false}), emitter->getBound(columns), emitter->getLanes(),
                             clear);
  emitter->forTeam(scope, columns, {emitter->getBound({0, false}), emitter->getBound(columns)}, 1, {},
                   [&](Scope &loop, ArrayRef<AffineExpr> column, ValueRange) {
                     clear(loop, column.front());
                     return SmallVector<Value>();
                   });
}

/// Makes the part's sums, then opens the loop over its rows.
Scope &KernelEmitter::openRowsOfPart(Scope &scope, Value number, Dim rows, int64_t elements) {
  part = emitter->addVariable(scope, number);
  const Rounds *rounds = emitter->getRounds(Dim{elements, false});
  SmallVector<Value> starts;
  for (Root *root : plan.roots) {
    if (!root->accumulated)
      continue;
    if (!rounds) {
      clearSums(scope, *root);
      continue;
    }
    Location loc = NameLoc::get(scope.builder.getStringAttr("sum"), root->accumulated->getLoc());
    Value neutral = arith::ConstantOp::create(scope.builder, loc, getCombiner(root->accumulated, 0)->neutral);
    for (AffineExpr round : rounds->variables) {
      sums.push_back({root, round, {}});
      starts.push_back(broadcastTo(scope.builder, loc, neutral, rounds->width));
    }
  }
  // From now on each column belongs to one thread, which need not be the one that cleared it.
  if (isGpu() && !rounds)
    gpu::BarrierOp::create(scope.builder, emitter->getLoc());
  auto [lower, upper] = emitter->getPartBounds({&scope, number, plan.parts}, rows, scope.builder);
  Scope &loop = emitter->openLoop(scope, lower.value, upper.value, 1, starts);
  for (auto [sum, value] : llvm::zip_equal(sums, loop.loop.getRegionIterArgs()))
    sum.value = value;
  return loop;
}

void KernelEmitter::closeRowsOfPart(Scope &parent, Scope &rows, int64_t elements) {
  emitter->closeLoop(rows, llvm::map_to_vector(sums, [](const Sum &sum) { return sum.value; }));
  if (sums.empty())
    return;
  const Dim columns{elements, false};
  std::pair<Bound, Bound> all = {emitter->getBound({0, false}), emitter->getBound(columns)};
  emitter->forTeam(parent, columns, all, 1, {}, [&](Scope &scope, ArrayRef<AffineExpr> column, ValueRange) {
    for (auto [sum, total] : llvm::zip_equal(sums, rows.loop.getResults()))
      if (sum.round == column.front())
        emitter->store(total, getBuffer(sum.root->buffers.front()), getTable(*sum.root), {part, sum.round}, scope);
    return SmallVector<Value>();
  });
}

/// Adds the element of `root` at `index` to its part's sum for the column.
void KernelEmitter::accumulate(Scope &scope, const Root &root, ArrayRef<AffineExpr> index, AffineExpr round) {
  auto sum = llvm::find_if(sums, [&](const Sum &sum) { return sum.root == &root && sum.round == round; });
  if (sum != sums.end()) {
    Scope &row = emitter->getScope(index);
    Value next = emitter->emitBody(root.accumulated, index, sum->value, row).front();
    sum->value = broadcastTo(row.builder, emitter->getLoc(), next, emitter->getLanes(round));
    return;
  }
  const unsigned position = root.buffers.front();
  Index place = {part};
  llvm::append_range(place, index.drop_front(linalg::GenericOp(root.accumulated).getNumReductionLoops()));
  RankedTensorType type = memory.types[position];
  Value old = emitter->load(getBuffer(position), type, place, scope);
  Value next = emitter->emitBody(root.accumulated, index, old, scope).front();
  emitter->store(next, getBuffer(position), type, place, scope);
}

void KernelEmitter::emitInner(Scope &scope, ArrayRef<Root *> roots, ArrayRef<AffineExpr> outer, ArrayRef<Dim> inner) {
  int64_t width;
  LoopSpace space = merge(roots, outer, inner, width);
  auto body = [&](Scope &loop, ArrayRef<AffineExpr> index) {
    Index full(outer);
    llvm::append_range(full, compose(AffineMap::get(space.sizes.size(), 0, space.original, context()), index));
    storeRoots(loop, roots, full, index.empty() ? AffineExpr() : index.back());
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
