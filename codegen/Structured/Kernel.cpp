//===- Kernel.cpp - Kernels from a plan -------------------------===//
#include "codegen/Structured/KernelEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include <numeric>

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::codegen {

/// Elements of one chunk of a flat loop: a few microseconds of work at most, so that threads end together.
static constexpr int64_t kFlatChunk = 1024;

int64_t getGrain(int64_t work) { return std::max<int64_t>(1, 65536 / std::max<int64_t>(1, work)); }

FunctionOpInterface createKernel(Operation *module, Location loc, ArrayRef<RankedTensorType> buffers,
                                 const KernelOptions &options) {
  OpBuilder builder = OpBuilder::atBlockEnd(&module->getRegion(0).front());
  SmallVector<Type> types = llvm::map_to_vector(buffers, [](RankedTensorType type) -> Type {
    return MemRefType::get({ShapedType::kDynamic}, getStorageType(type.getElementType()));
  });
  if (options.machine == Machine::Gpu) {
    types.push_back(builder.getIndexType());
    auto function = gpu::GPUFuncOp::create(builder, loc, "kernel", builder.getFunctionType(types, {}));
    function->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), builder.getUnitAttr());
    return function;
  }
  types.append(3, builder.getIndexType());
  auto function = func::FuncOp::create(builder, loc, "kernel", builder.getFunctionType(types, {}));
  function.addEntryBlock();
  return function;
}

void finishKernel(Emitter &emitter, EmittedKernel &kernel) {
  OpBuilder &builder = emitter.getRoot().builder;
  Location loc = kernel.function.getLoc();
  if (emitter.getMachine() == Machine::Cpu) {
    func::ReturnOp::create(builder, loc);
    return;
  }
  gpu::ReturnOp::create(builder, loc);
  auto function = cast<gpu::GPUFuncOp>(kernel.function);
  function.setKnownBlockSize(ArrayRef<int32_t>{int32_t(kernel.mapping.threads), 1, 1});
  for (size_t i = 0; i < kernel.buffers.size(); ++i)
    if (!llvm::is_contained(kernel.writes, int64_t(i)))
      function.setArgAttr(i, "llvm.readonly", builder.getUnitAttr());
}

Chunks openChunks(Emitter &emitter, EmittedKernel &kernel) {
  if (emitter.getMachine() == Machine::Cpu) {
    const unsigned lo = kernel.function.getNumArguments() - 2;
    Scope &loop = emitter.openLoop(emitter.getRoot(), kernel.function.getArgument(lo),
                                   kernel.function.getArgument(lo + 1), 1);
    return {&loop, loop.loop.getInductionVar()};
  }
  Scope &root = emitter.getRoot();
  OpBuilder &builder = root.builder;
  auto named = [&](StringRef name) {
    return NameLoc::get(builder.getStringAttr(name), kernel.function.getLoc());
  };
  const Mapping &mapping = kernel.mapping;
  const int64_t team = mapping.getTeam();
  Value number = gpu::BlockIdOp::create(builder, named("block"), gpu::Dimension::x);
  Value thread = gpu::ThreadIdOp::create(builder, named("thread"), gpu::Dimension::x);
  if (team == mapping.threads && mapping.chunksPerBlock == 1) {
    emitter.setTeam({team, thread});
    return {&root, number};
  }
  Value inBlock = thread;
  if (team > 1) {
    Value size = emitter.getConstant(team);
    Value lane = arith::RemUIOp::create(builder, named("lane"), thread, size);
    emitter.setTeam({team, lane});
    inBlock = arith::DivUIOp::create(builder, named("warp"), thread, size);
  }
  number = arith::MulIOp::create(builder, named("first"), number, emitter.getConstant(mapping.chunksPerBlock));
  number = arith::AddIOp::create(builder, named(team > 1 ? "row" : "number"), number, inBlock);
  if (kernel.chunks.scale % mapping.chunksPerBlock == 0)
    return {&root, number};
  Value isChunk = arith::CmpIOp::create(builder, named("isChunk"), arith::CmpIPredicate::ult, number,
                                        emitter.getSize(kernel.chunks));
  return {&emitter.openIf(root, isChunk, /*isShared=*/true), number};
}

void closeChunks(Emitter &emitter, const Chunks &chunks) {
  if (chunks.scope->loop)
    emitter.closeLoop(*chunks.scope);
  else if (chunks.scope->parent)
    emitter.closeIf(*chunks.scope);
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
  kernel.function = createKernel(module, plan.roots.front()->value.getLoc(), types, options);
  return success();
}

/// As many lanes as fit for the widest element computed on. Integers that are only read are indices and labels, for
/// which it would be a pity to halve the vectors; narrow floats are computed in FP32.
int64_t KernelEmitter::chooseLanes() const {
  unsigned bits = 8, narrowest = 128;
  for (auto [i, position] : llvm::enumerate(kernel.buffers)) {
    Type element = memory.types[position].getElementType();
    const bool isWritten = llvm::is_contained(kernel.writes, int64_t(i));
    if (isa<FloatType>(element) || isWritten)
      narrowest = std::min(narrowest, element.getIntOrFloatBitWidth());
    if (isa<FloatType>(element))
      bits = std::max({bits, 32u, element.getIntOrFloatBitWidth()});
    else if (isWritten)
      bits = std::max(bits, element.getIntOrFloatBitWidth());
  }
  return codegen::chooseLanes(options.machine, options.vectorBytes, narrowest, bits);
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

/// Where a loop is cut, so that each piece of it reads from one place: what was padded, or one of the joined. Not where
/// there would be many pieces, each of which is a copy of the code.
static SmallVector<int64_t> chooseCuts(ArrayRef<int64_t> cuts, Dim size) {
  constexpr size_t kMaxCuts = 7;
  SmallVector<int64_t> chosen;
  llvm::copy_if(cuts, std::back_inserter(chosen), [&](int64_t cut) { return cut > 0 && cut < size.scale; });
  if (size.batched || chosen.size() > kMaxCuts)
    chosen.clear();
  return chosen;
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
    if (auto loop = dyn_cast<AffineDimExpr>(original); loop && loop.getPosition() + 1 == space.sizes.size()) {
      if (!isGpu() && (!outer.empty() || space.sizes.size() > 1))
        space.cuts = chooseCuts(analysis.getCuts(variable), space.sizes.back());
      space.isContiguous = analysis.getContiguity(variable) > 0;
      if (analysis.getContiguity(variable, emitter->getAlignment(), !space.cuts.empty()) > 0)
        width = emitter->getLanes();
    }
  // The GPU's vectors have one width; only a flat loop is worth a rest of single elements.
  if (isGpu() && !space.sizes.empty() && space.sizes.back().scale % width &&
      (space.sizes.size() > 1 || space.sizes.back().scale < width))
    width = 1;
  return space;
}

/// Everything is computed before anything is stored: a result may lie in the memory of an operand.
void KernelEmitter::storeRoots(Scope &scope, ArrayRef<Root *> roots, ArrayRef<AffineExpr> index, AffineExpr round) {
  SmallVector<Value> values =
      llvm::map_to_vector(roots, [&](Root *root) { return emitter->emit(root->value, root->getIndex(index)); });
  for (auto [root, value] : llvm::zip_equal(roots, values))
    for (unsigned position : root->buffers)
      if (root->accumulated)
        accumulate(scope, *root, root->getIndex(index), round);
      else
        emitter->store(value, getBuffer(position), root->getType(), root->getIndex(index), scope);
}

void KernelEmitter::loopOver(Scope &scope, const LoopSpace &space, unsigned from, Index index, int64_t width,
                             llvm::function_ref<void(Scope &, ArrayRef<AffineExpr>)> body) {
  if (from == space.sizes.size())
    return body(scope, index);
  auto inner = [&](Scope &loop, AffineExpr expr) {
    Index next = index;
    next.push_back(expr);
    loopOver(loop, space, from + 1, next, width, body);
  };
  const bool isLast = from + 1 == space.sizes.size();
  Bound lower = emitter->getBound({0, false});
  if (isLast)
    for (int64_t cut : space.cuts) {
      Bound upper = emitter->getBound({cut, false});
      emitter->forLanes(scope, lower, upper, width, inner);
      lower = upper;
    }
  emitter->forLanes(scope, lower, emitter->getBound(space.sizes[from]), isLast ? width : 1, inner);
}

//===----------------------------------------------------------------------===//
// Pointwise, gather, nest
//===----------------------------------------------------------------------===//

void KernelEmitter::emitElements() {
  int64_t width;
  LoopSpace space = merge(plan.roots, {}, plan.roots.front()->getSizes(), width);
  if (isGpu())
    return emitVectors(space, width);
  if (space.sizes.size() == 1)
    return emitFlat(space, width);
  ArrayRef<Dim> outer = ArrayRef(space.sizes).drop_back(space.sizes.empty() ? 0 : 1);
  kernel.chunks = product(outer);
  kernel.grain = getGrain((space.sizes.empty() ? 1 : space.sizes.back().scale) * countOperations());
  Chunks chunks = openChunks(*emitter, kernel);
  AffineMap original = AffineMap::get(space.sizes.size(), 0, space.original, context());
  loopOver(*chunks.scope, space, outer.size(), emitter->split(*chunks.scope, chunks.number, outer), width,
           [&](Scope &scope, ArrayRef<AffineExpr> index) { storeRoots(scope, plan.roots, compose(original, index)); });
  closeChunks(*emitter, chunks);
}

/// The GPU's chunks: a vector for each thread. Of a flat loop the last may be incomplete.
void KernelEmitter::emitVectors(const LoopSpace &space, int64_t width) {
  SmallVector<Dim> sizes = space.sizes;
  const bool hasRest = !sizes.empty() && sizes.back().scale % width;
  Dim all = sizes.empty() ? Dim{1, false} : sizes.back();
  if (!sizes.empty())
    sizes.back().scale = llvm::divideCeil(sizes.back().scale, width);
  kernel.chunks = product(sizes);
  kernel.mapping = mapElements();
  AffineMap original = AffineMap::get(space.sizes.size(), 0, space.original, context());
  Chunks chunks = openChunks(*emitter, kernel);
  if (!hasRest) {
    Index index = emitter->split(*chunks.scope, chunks.number, space.sizes, width);
    storeRoots(*chunks.scope, plan.roots, compose(original, index));
    return closeChunks(*emitter, chunks);
  }
  OpBuilder &builder = chunks.scope->builder;
  Location loc = kernel.function.getLoc();
  Value first = arith::MulIOp::create(builder, loc, chunks.number, emitter->getConstant(width));
  Value end = arith::AddIOp::create(builder, loc, first, emitter->getConstant(width)), size = emitter->getSize(all);
  Value isWhole = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ule, end, size);
  Scope &whole = emitter->openIf(*chunks.scope, isWhole, /*isShared=*/false);
  storeRoots(whole, plan.roots, compose(original, emitter->addVariable(whole, first, width)));
  Scope &rest = emitter->openElse(whole);
  Scope &loop = emitter->openLoop(rest, first, size, 1);
  storeRoots(loop, plan.roots, compose(original, emitter->addVariable(loop, loop.loop.getInductionVar())));
  emitter->closeLoop(loop);
  emitter->closeIf(rest);
  closeChunks(*emitter, chunks);
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
    Chunks chunks = openChunks(*emitter, kernel);
    emitter->forLanes(*chunks.scope, emitter->getBound({0, false}), emitter->getBound(size), width, body);
    return closeChunks(*emitter, chunks);
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

/// A chunk is a part of the rows; it writes one row of each table of partial results. On the GPU it is a part for one
/// vector of the results, by a thread where neighbouring results lie side by side, else by a block.
void KernelEmitter::emitParts() {
  const int64_t parts = plan.parts;
  SmallVector<Dim> columns = plan.roots.front()->getSizes();
  SmallVector<Dim> reduced = getReductionSizes(plan.roots.front()->value.getDefiningOp<linalg::GenericOp>());
  kernel.grain = getGrain(product(reduced).scale * product(columns).scale * countOperations() / parts);
  int64_t width;
  LoopSpace space = merge(plan.roots, {}, columns, width);
  AffineMap original = AffineMap::get(space.sizes.size(), 0, space.original, context());
  if (!isGpu()) {
    kernel.chunks = {parts, false};
    Chunks chunks = openChunks(*emitter, kernel);
    AffineExpr number = emitter->addVariable(*chunks.scope, chunks.number);
    loopOver(*chunks.scope, space, 0, {}, width, [&](Scope &scope, ArrayRef<AffineExpr> merged) {
      emitPartials(scope, {chunks.scope, chunks.number, parts}, number, compose(original, merged));
    });
    return closeChunks(*emitter, chunks);
  }
  if (!space.sizes.empty() && space.sizes.back().scale % width)
    width = 1;
  SmallVector<Dim> sizes = space.sizes;
  sizes.insert(sizes.begin(), Dim{parts, false});
  kernel.chunks = product(sizes);
  kernel.chunks.scale /= width;
  kernel.mapping = space.isContiguous ? mapElements() : mapBlocks(product(reduced).scale / parts, emitter->getLanes());
  Chunks chunks = openChunks(*emitter, kernel);
  Index index = emitter->split(*chunks.scope, chunks.number, sizes, sizes.size() > 1 ? width : 1);
  Value number = emitter->getIndex(index.front(), *chunks.scope);
  emitPartials(*chunks.scope, {chunks.scope, number, parts}, index.front(),
               compose(original, ArrayRef(index).drop_front()));
  closeChunks(*emitter, chunks);
}

void KernelEmitter::emitPartials(Scope &scope, const Part &part, AffineExpr number, ArrayRef<AffineExpr> index) {
  SmallVector<ReductionUse> uses;
  for (Root *root : plan.roots)
    uses.push_back({root->value.getDefiningOp<linalg::GenericOp>(), root->getIndex(index), 0});
  SmallVector<Value> partials = emitter->emitReductions(uses, &part);
  Scope &first = emitter->openFirst(scope);
  size_t next = 0;
  for (Root *root : plan.roots) {
    unsigned results = root->value.getDefiningOp()->getNumResults();
    Value partial = partials[next + cast<OpResult>(root->value).getResultNumber()];
    next += results;
    Index full = root->getIndex(index);
    full.insert(full.begin(), number);
    for (unsigned position : root->buffers)
      emitter->store(partial, getBuffer(position), memory.types[position], full, first);
  }
  emitter->closeFirst(first, scope);
}

FailureOr<EmittedKernel> emitKernel(Operation *module, const KernelPlan &plan, const RegionMemory &memory,
                                    const KernelOptions &options) {
  return KernelEmitter(module, plan, memory, options).run();
}

} // namespace glyptic::codegen
