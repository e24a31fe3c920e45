//===- Kernel.cpp - Kernels from a plan -------------------------===//
#include "codegen/Structured/KernelEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include <numeric>

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::codegen {

/// Elements of one chunk of a flat loop: a few microseconds of work at most, so that threads end together.
static constexpr int64_t kFlatChunk = 1024;

int64_t getGrain(int64_t work) { return std::max<int64_t>(1, 65536 / std::max<int64_t>(1, work)); }

func::FuncOp createKernel(ModuleOp module, Location loc, ArrayRef<RankedTensorType> buffers) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  SmallVector<Type> types = llvm::map_to_vector(buffers, [](RankedTensorType type) -> Type {
    return MemRefType::get({ShapedType::kDynamic}, getStorageType(type.getElementType()));
  });
  types.append(3, builder.getIndexType());
  auto function = func::FuncOp::create(builder, loc, "kernel", builder.getFunctionType(types, {}));
  function.addEntryBlock();
  return function;
}

/// Arguments are the tensors that the kernel reads, then those it writes, each by position.
LogicalResult KernelEmitter::createFunction() {
  llvm::SetVector<Value> read;
  for (Root *root : plan.roots) {
    unsigned rank = root->getType().getRank();
    AccessAnalysis analysis(rank, [&](Value v) {
      return v != root->value && memory.positions.contains(v);
    });
    Index index = llvm::map_to_vector(llvm::seq<unsigned>(0, rank),
                                      [&](unsigned i) { return getAffineDimExpr(i, context()); });
    if (isa<BlockArgument>(root->value))
      read.insert(root->value);
    analysis.visit(root->value, index);
    for (const Access &access : analysis.getAccesses())
      if (access.tensor && memory.positions.contains(access.tensor))
        read.insert(access.tensor);
  }
  for (Value value : read)
    leaves.push_back({value, memory.positions.lookup(value)});
  llvm::sort(leaves, [](auto &a, auto &b) { return a.second < b.second; });
  for (auto &[value, position] : leaves)
    if (!llvm::is_contained(kernel.buffers, position))
      kernel.buffers.push_back(position);
  for (Root *root : plan.roots)
    for (unsigned position : root->buffers) {
      kernel.writes.push_back(kernel.buffers.size());
      kernel.buffers.push_back(position);
    }
  auto types = llvm::map_to_vector(kernel.buffers, [&](int64_t position) { return memory.types[position]; });
  kernel.function = createKernel(module, plan.roots.front()->value.getLoc(), types);
  return success();
}

/// As many lanes as fit for the widest element computed on. Integers that are only read are indices and labels, for
/// which it would be a pity to halve the vectors; narrow floats are computed in FP32.
int64_t KernelEmitter::chooseLanes() const {
  unsigned bits = 8;
  for (auto [i, position] : llvm::enumerate(kernel.buffers)) {
    Type element = memory.types[position].getElementType();
    if (isa<FloatType>(element))
      bits = std::max({bits, 32u, element.getIntOrFloatBitWidth()});
    else if (llvm::is_contained(kernel.writes, int64_t(i)))
      bits = std::max(bits, element.getIntOrFloatBitWidth());
  }
  return options.vectorBytes * 8 / bits;
}

/// Operations on one element of the whole structured form, with transcendental ones counted tenfold.
int64_t KernelEmitter::countOperations() const {
  int64_t count = 1;
  llvm::SmallPtrSet<Operation *, 16> seen;
  SmallVector<Value> work = llvm::map_to_vector(plan.roots, [](Root *root) { return root->value; });
  while (!work.empty()) {
    Operation *op = work.pop_back_val().getDefiningOp();
    if (!op || !seen.insert(op).second)
      continue;
    for (Value operand : op->getOperands())
      if (isa<RankedTensorType>(operand.getType()) && !memory.positions.contains(operand))
        work.push_back(operand);
    if (auto generic = dyn_cast<linalg::GenericOp>(op))
      for (Operation &inner : *generic.getBody())
        count += inner.getName().getDialectNamespace() == "math" ? 10 : 1;
  }
  return count;
}

/// Merges the loops over `inner`, and decides whether vectors along the last one pay (else `width` is 1).
LoopSpace KernelEmitter::merge(ArrayRef<Root *> roots, ArrayRef<AffineExpr> outer, ArrayRef<Dim> inner,
                               int64_t &width) {
  unsigned first = emitter->getNumVariables();
  AccessAnalysis analysis = emitter->analyse(inner.size());
  SmallVector<unsigned> variables = llvm::to_vector(llvm::seq<unsigned>(first, first + inner.size()));
  for (Root *root : roots) {
    Index index(outer);
    for (unsigned variable : variables)
      index.push_back(getAffineDimExpr(variable, context()));
    analysis.visit(root->value, root->getIndex(index));
    analysis.visitStore(root->value, root->getIndex(index));
  }
  LoopSpace space = mergeLoops(analysis, variables, inner, context());
  width = 1;
  for (auto [variable, original] : llvm::zip_equal(variables, space.original))
    if (auto loop = dyn_cast<AffineDimExpr>(original); loop && loop.getPosition() + 1 == space.sizes.size())
      if (analysis.getContiguity(variable) > 0)
        width = emitter->getLanes();
  return space;
}

/// Everything is computed before anything is stored: a result may lie in the memory of an operand.
void KernelEmitter::storeRoots(Scope &scope, ArrayRef<Root *> roots, ArrayRef<AffineExpr> index) {
  SmallVector<Value> values =
      llvm::map_to_vector(roots, [&](Root *root) { return emitter->emit(root->value, root->getIndex(index)); });
  for (auto [root, value] : llvm::zip_equal(roots, values))
    for (unsigned position : root->buffers)
      if (root->accumulated)
        accumulate(scope, *root, position, root->getIndex(index));
      else
        emitter->store(value, getBuffer(position), root->getType(), root->getIndex(index), scope);
}

/// The indices that make up the number of a chunk.
Index KernelEmitter::splitChunk(Scope &scope, ArrayRef<Dim> sizes) {
  Index index(sizes.size());
  Value rest = scope.loop.getInductionVar();
  OpBuilder &builder = scope.builder;
  Location loc = kernel.function.getLoc();
  for (size_t i = sizes.size(); i-- > 0;) {
    Value number = rest;
    if (i > 0) {
      Value size = emitter->getSize(sizes[i]);
      number = arith::RemUIOp::create(builder, loc, rest, size);
      rest = arith::DivUIOp::create(builder, loc, rest, size);
    }
    index[i] = emitter->addVariable(scope, number);
  }
  return index;
}

void KernelEmitter::loopOver(Scope &scope, const LoopSpace &space, unsigned from, Index index, int64_t width,
                             llvm::function_ref<void(Scope &, ArrayRef<AffineExpr>)> body) {
  if (from == space.sizes.size())
    return body(scope, index);
  bool last = from + 1 == space.sizes.size();
  emitter->forLanes(scope, emitter->getBound({0, false}), emitter->getBound(space.sizes[from]), last ? width : 1,
                    [&](Scope &loop, AffineExpr expr) {
                      Index next = index;
                      next.push_back(expr);
                      loopOver(loop, space, from + 1, next, width, body);
                    });
}

//===----------------------------------------------------------------------===//
// Pointwise, gather, nest
//===----------------------------------------------------------------------===//

void KernelEmitter::emitElements() {
  int64_t width;
  LoopSpace space = merge(plan.roots, {}, plan.roots.front()->getSizes(), width);
  if (space.sizes.size() == 1)
    return emitFlat(space, width);
  ArrayRef<Dim> outer = ArrayRef(space.sizes).drop_back(space.sizes.empty() ? 0 : 1);
  kernel.chunks = product(outer);
  kernel.grain = getGrain((space.sizes.empty() ? 1 : space.sizes.back().scale) * countOperations());
  Scope &chunks = openChunks();
  AffineMap original = AffineMap::get(space.sizes.size(), 0, space.original, context());
  loopOver(chunks, space, outer.size(), splitChunk(chunks, outer), width,
           [&](Scope &scope, ArrayRef<AffineExpr> index) { storeRoots(scope, plan.roots, compose(original, index)); });
  emitter->closeLoop(chunks);
}

/// One loop over a contiguous range of elements, whatever chunks it covers.
void KernelEmitter::emitFlat(const LoopSpace &space, int64_t width) {
  const Dim size = space.sizes.front();
  int64_t perChunk = plan.schedule == Schedule::Nest ? width : kFlatChunk;
  int64_t count = std::max<int64_t>(1, llvm::divideCeil(size.scale, perChunk));
  // With a batch, the chunks of one sample: their number must be a multiple of it.
  if (size.batched)
    perChunk = llvm::divideCeil(size.scale, count);
  kernel.grain = getGrain(std::min(perChunk, size.scale) * countOperations());
  auto body = [&](Scope &scope, AffineExpr expr) {
    storeRoots(scope, plan.roots, compose(AffineMap::get(1, 0, space.original, context()), expr));
  };
  if (!size.batched && (count == 1 || (plan.schedule == Schedule::Nest && size.scale % width))) {
    // Short enough for one chunk, whose remainder is a narrower vector.
    kernel.chunks = {1, false};
    Scope &chunk = openChunks();
    emitter->forLanes(chunk, emitter->getBound({0, false}), emitter->getBound(size), width, body);
    return emitter->closeLoop(chunk);
  }
  kernel.chunks = {count, size.batched};
  OpBuilder &builder = emitter->getRoot().builder;
  Location loc = kernel.function.getLoc();
  Value end = emitter->getSize(size), step = emitter->getConstant(perChunk);
  auto getBound = [&](Value chunk) {
    Value element = arith::MulIOp::create(builder, loc, chunk, step);
    return Bound{std::nullopt, arith::MinUIOp::create(builder, loc, element, end), std::gcd(perChunk, size.scale)};
  };
  Bound lower = getBound(argument(1)), upper = getBound(argument(2));
  emitter->forLanes(emitter->getRoot(), lower, upper, width, body);
}

//===----------------------------------------------------------------------===//
// Columns
//===----------------------------------------------------------------------===//

/// A chunk is a part of the rows; it writes one row of each table of partial results.
void KernelEmitter::emitParts() {
  kernel.chunks = {kParts, false};
  SmallVector<Dim> columns = plan.roots.front()->getSizes();
  SmallVector<Dim> reduced = getReductionSizes(plan.roots.front()->value.getDefiningOp<linalg::GenericOp>());
  kernel.grain = getGrain(product(reduced).scale * product(columns).scale * countOperations() / kParts);
  int64_t width;
  LoopSpace space = merge(plan.roots, {}, columns, width);

  Scope &chunks = openChunks();
  AffineExpr number = emitter->addVariable(chunks, chunks.loop.getInductionVar());
  loopOver(chunks, space, 0, {}, width, [&](Scope &scope, ArrayRef<AffineExpr> merged) {
    Index index = compose(AffineMap::get(space.sizes.size(), 0, space.original, context()), merged);
    SmallVector<ReductionUse> uses;
    for (Root *root : plan.roots)
      uses.push_back({root->value.getDefiningOp<linalg::GenericOp>(), root->getIndex(index), 0});
    Part part{&chunks, chunks.loop.getInductionVar(), kParts};
    SmallVector<Value> partials = emitter->emitReductions(uses, &part);
    size_t next = 0;
    for (Root *root : plan.roots) {
      unsigned results = root->value.getDefiningOp()->getNumResults();
      Value partial = partials[next + cast<OpResult>(root->value).getResultNumber()];
      next += results;
      Index full = root->getIndex(index);
      full.insert(full.begin(), number);
      for (unsigned position : root->buffers)
        emitter->store(partial, getBuffer(position), memory.types[position], full, scope);
    }
  });
  emitter->closeLoop(chunks);
}

FailureOr<EmittedKernel> emitKernel(ModuleOp module, const KernelPlan &plan, const RegionMemory &memory,
                                    const KernelOptions &options) {
  return KernelEmitter(module, plan, memory, options).run();
}

} // namespace glyptic::codegen
