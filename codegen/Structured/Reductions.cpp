//===- Reductions.cpp - Loops that combine elements -------------===//
//
// A reduction runs in one of two ways. Along vectors of its results (sums over rows of a matrix): the accumulators are
// vectors, the loop goes element by element. Or along vectors of its operands: lanes accumulate apart and are combined
// at the end by a tree. Both orders are fixed by sizes alone, never by threads.
//
//===----------------------------------------------------------------------===//
#include "codegen/Structured/Emitter.h"
#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include <numeric>

using namespace mlir;

namespace glyptic::codegen {

std::optional<Combiner> getCombiner(linalg::GenericOp op, unsigned result) {
  SmallVector<Operation *> combiners;
  if (!matchReduction(op.getRegionOutputArgs(), result, combiners) || combiners.size() != 1)
    return std::nullopt;
  std::optional<TypedAttr> neutral = arith::getNeutralElement(combiners.front());
  return neutral ? std::optional<Combiner>({combiners.front(), *neutral}) : std::nullopt;
}

bool hasCombiners(linalg::GenericOp op) {
  return llvm::all_of(llvm::seq<unsigned>(0, op.getNumResults()),
                      [&](unsigned i) { return getCombiner(op, i).has_value(); });
}

SmallVector<Dim> getReductionSizes(linalg::GenericOp op) {
  FailureOr<SmallVector<Dim>> sizes = getLoopSizes(op);
  SmallVector<Dim> reduced;
  for (auto [kind, size] : llvm::zip_equal(op.getIteratorTypesArray(), *sizes))
    if (kind == utils::IteratorType::reduction)
      reduced.push_back(size);
  return reduced;
}

vector::CombiningKind getCombiningKind(Operation *combiner) {
  using Kind = vector::CombiningKind;
  static const llvm::StringMap<Kind> kinds = {
      {"arith.addf", Kind::ADD},        {"arith.addi", Kind::ADD},          {"arith.mulf", Kind::MUL},
      {"arith.muli", Kind::MUL},        {"arith.maximumf", Kind::MAXIMUMF}, {"arith.minimumf", Kind::MINIMUMF},
      {"arith.maxnumf", Kind::MAXNUMF}, {"arith.minnumf", Kind::MINNUMF},   {"arith.maxsi", Kind::MAXSI},
      {"arith.minsi", Kind::MINSI},     {"arith.maxui", Kind::MAXUI},       {"arith.minui", Kind::MINUI},
      {"arith.andi", Kind::AND},        {"arith.ori", Kind::OR},            {"arith.xori", Kind::XOR},
  };
  return kinds.lookup(combiner->getName().getStringRef());
}

static Value combine(OpBuilder &builder, const Combiner &combiner, Value lhs, Value rhs) {
  Operation *op = builder.clone(*combiner.op);
  op->setOperands({lhs, rhs});
  op->getResult(0).setType(lhs.getType());
  return op->getResult(0);
}

/// Halves the vector until one element is left.
static Value combineLanes(OpBuilder &builder, const Combiner &combiner, Value value, Machine machine) {
  auto type = dyn_cast<VectorType>(value.getType());
  if (!type)
    return value;
  Location loc = combiner.op->getLoc();
  if (machine == Machine::Gpu) // as one op, which the prelude spells out
    return vector::ReductionOp::create(builder, loc, getCombiningKind(combiner.op), value);
  int64_t lanes = type.getNumElements(), padded = llvm::PowerOf2Ceil(lanes);
  if (padded != lanes) {
    auto elements = DenseElementsAttr::get(type, cast<Attribute>(combiner.neutral));
    Value neutral = arith::ConstantOp::create(builder, loc, elements);
    SmallVector<int64_t> mask = llvm::to_vector(llvm::seq<int64_t>(0, lanes));
    mask.resize(padded, lanes);
    value = vector::ShuffleOp::create(builder, loc, value, neutral, mask);
  }
  for (int64_t half = padded / 2; half >= 1; half /= 2) {
    auto low = llvm::to_vector(llvm::seq<int64_t>(0, half)), high = llvm::to_vector(llvm::seq<int64_t>(half, 2 * half));
    value = combine(builder, combiner, vector::ShuffleOp::create(builder, loc, value, value, low),
                    vector::ShuffleOp::create(builder, loc, value, value, high));
  }
  return vector::ExtractOp::create(builder, loc, value, 0);
}

namespace {

/// Accumulators of one loop over (a piece of) the innermost reduction dimension.
struct Bank {
  Bound lower, upper;
  int64_t step;
  SmallVector<Value> values;
};

} // namespace

/// Emits several reductions over equal loops.
class ReductionLoops {
public:
  ReductionLoops(Emitter &emitter, ArrayRef<ReductionUse> uses, const Part *part)
      : emitter(emitter), uses(uses), part(part), scope(findScope()) {
    lanes = emitter.getLanes(uses.front().index);
    isSpread = emitter.getTeam().size > 1 && scope.isShared && lanes == 1 &&
               llvm::all_of(uses, [&](ReductionUse use) {
                 return hasCombiners(use.op) && !emitter.isOfRound(use.index);
               });
    chooseLoops();
  }

  SmallVector<Value> run() {
    if (isSpread)
      return runSpread();
    openBanks();
    SmallVector<Value> carried;
    for (Bank &bank : banks)
      llvm::append_range(carried, bank.values);
    SmallVector<Value> totals = emitLoop(0, scope, {}, carried);
    return finish(totals);
  }

private:
  /// The threads of the team take turns at the elements; then what they have is combined.
  SmallVector<Value> runSpread() {
    SmallVector<Dim> sizes = llvm::map_to_vector(order, [&](unsigned loop) { return space.sizes[loop]; });
    if (sizes.empty())
      sizes.push_back({1, false});
    const Rounds *rounds = part ? nullptr : emitter.getRounds(sizes);
    int64_t width = rounds ? rounds->width : vectorised ? emitter.getLanes() : 1;
    if (sizes.size() > 1 && sizes.back().scale % width)
      width = 1;
    std::pair<Bound, Bound> first = {emitter.getBound({0, false}), emitter.getBound(sizes.front())};
    if (part)
      first = emitter.getPartBounds(*part, sizes.front(), scope.builder, sizes.size() == 1 ? width : 1);
    const bool hasRest = !rounds && sizes.size() == 1 && width > 1 && (part || sizes.front().scale % width);
    // The rest has accumulators of its own, because a vector's lanes are combined once, at the end.
    SmallVector<Value> vectors, singles;
    for (ReductionUse use : uses)
      for (unsigned i = 0; i < use.op.getNumResults(); ++i) {
        vectors.push_back(getStart(use, i, width));
        if (hasRest)
          singles.push_back(getStart(use, i, 1));
      }
    const size_t count = vectors.size();
    SmallVector<Value> carried = vectors;
    carried.append(singles);
    auto body = [&](Scope &inner, ArrayRef<AffineExpr> index, ValueRange values) {
      const bool isSingle = hasRest && emitter.getLanes(index) == 1;
      SmallVector<Value> next(values);
      ValueRange before = values.slice(isSingle ? count : 0, count);
      SmallVector<Value> totals = emitBodies(inner, index, before);
      if (rounds && index.front() == rounds->variables.front())
        for (auto [total, start] : llvm::zip_equal(totals, before))
          total = dropStart(total, start);
      llvm::copy(totals, next.begin() + (isSingle ? count : 0));
      return next;
    };
    SmallVector<Value> totals = emitter.forTeam(scope, sizes, first, width, carried, body);
    SmallVector<Value> results;
    for (ReductionUse use : uses)
      for (unsigned i = 0; i < use.op.getNumResults(); ++i) {
        Combiner combiner = *getCombiner(use.op, i);
        const size_t at = results.size();
        Value total = combineLanes(scope.builder, combiner, totals[at], emitter.getMachine());
        if (hasRest)
          total = combine(scope.builder, combiner, total, totals[count + at]);
        total = emitter.combineTeam(scope, combiner, total);
        if (!part && !startsNeutral(use.op, i, combiner))
          total = combine(scope.builder, combiner, getInitial(use, i), total);
        results.push_back(total);
      }
    return results;
  }

  /// The first combination, with a neutral element, is the other operand.
  static Value dropStart(Value total, Value start) {
    Operation *combination = total.getDefiningOp();
    if (!combination || combination->getNumOperands() != 2)
      return total;
    for (unsigned i : {0, 1})
      if (combination->getOperand(i) == start && combination->getOperand(1 - i).getType() == total.getType())
        return combination->getOperand(1 - i);
    return total;
  }

  Scope &findScope() {
    Scope *deepest = &emitter.getRoot();
    for (ReductionUse use : uses)
      if (Scope &candidate = emitter.getScope(use.index); candidate.depth > deepest->depth)
        deepest = &candidate;
    // The bounds of a part are computed inside the chunk loop, which the reduction itself may not depend on.
    if (part)
      while (scopeOfPart && deepest->depth < scopeOfPart->depth)
        deepest = scopeOfPart;
    return *deepest;
  }

  /// Merges the reduction loops, and brings the one along which vectors are contiguous innermost.
  void chooseLoops() {
    SmallVector<Dim> reduced = getReductionSizes(uses.front().op);
    unsigned first = emitter.getNumVariables();
    SmallVector<unsigned> variables = llvm::to_vector(llvm::seq<unsigned>(first, first + reduced.size()));
    AccessAnalysis analysis = emitter.analyse(reduced.size());
    MLIRContext *context = emitter.getLoc().getContext();
    for (ReductionUse use : uses) {
      Index loops = getLoopIndex(use.op, use.index);
      unsigned next = first;
      for (AffineExpr &loop : loops)
        if (!loop)
          loop = getAffineDimExpr(next++, context);
      analysis.visitBody(use.op, loops);
    }
    space = mergeLoops(analysis, variables, reduced, context);
    order = llvm::to_vector(llvm::seq<unsigned>(0, space.sizes.size()));
    if (lanes > 1 || !llvm::all_of(uses, [](ReductionUse use) { return hasCombiners(use.op); }))
      return;
    int best = 0;
    std::optional<unsigned> vectorLoop;
    for (auto [variable, original] : llvm::zip_equal(variables, space.original)) {
      auto loop = dyn_cast<AffineDimExpr>(original);
      int contiguity = loop ? analysis.getContiguity(variable, emitter.getAlignment()) : 0;
      if (contiguity > best)
        best = contiguity, vectorLoop = loop.getPosition();
    }
    if (!vectorLoop)
      return;
    if (emitter.getMachine() == Machine::Gpu && space.sizes[*vectorLoop].scale < emitter.getLanes())
      return;
    llvm::erase(order, *vectorLoop);
    order.push_back(*vectorLoop);
    vectorised = true;
  }

  std::pair<Bound, Bound> getPartBounds(Dim size) {
    const bool isVector = vectorised && order.size() == 1;
    return emitter.getPartBounds(*part, size, scope.builder, isVector ? emitter.getAlignment() : 1);
  }

  void openBanks() {
    if (order.empty() || !vectorised) {
      Bound zero = emitter.getBound({0, false});
      Bound upper = order.empty() ? Bound{1, emitter.getConstant(1)} : emitter.getBound(space.sizes[order.back()]);
      if (part && order.size() == 1)
        std::tie(zero, upper) = getPartBounds(space.sizes[order.front()]);
      banks.push_back({zero, upper, 1, {}});
    } else {
      openVectorBanks();
    }
    for (Bank &bank : banks)
      for (ReductionUse use : uses)
        for (unsigned i = 0; i < use.op.getNumResults(); ++i)
          bank.values.push_back(getStart(use, i, vectorised ? bank.step : lanes));
  }

  void openVectorBanks() {
    int64_t width = emitter.getLanes();
    Dim size = space.sizes[order.back()];
    Bound zero = emitter.getBound({0, false}), upper = emitter.getBound(size);
    const bool isPart = part && order.size() == 1;
    // The GPU's vectors have one width, so that the rest goes one by one there.
    const bool isNarrowed = emitter.getMachine() == Machine::Cpu || size.scale % width == 0;
    if (!size.batched && !isPart && isNarrowed) {
      int64_t rest = size.scale % width, middle = size.scale - rest;
      if (middle)
        banks.push_back({zero, {middle, emitter.getConstant(middle)}, width, {}});
      if (rest)
        banks.push_back({{middle, emitter.getConstant(middle)}, upper, rest, {}});
      if (banks.empty()) // nothing to combine: the loop runs zero times
        banks.push_back({zero, upper, 1, {}});
      return;
    }
    if (isPart)
      std::tie(zero, upper) = getPartBounds(size);
    if (!isPart && size.scale % width == 0) {
      banks.push_back({zero, upper, width, {}});
      return;
    }
    OpBuilder &builder = scope.builder;
    Value count = arith::SubIOp::create(builder, emitter.getLoc(), upper.value, zero.value);
    Value rest = arith::RemUIOp::create(builder, emitter.getLoc(), count, emitter.getConstant(width));
    Value middle = arith::SubIOp::create(builder, emitter.getLoc(), upper.value, rest);
    banks.push_back({zero, {std::nullopt, middle}, width, {}});
    banks.push_back({{std::nullopt, middle}, upper, 1, {}});
  }

  /// Sequential loops start from the initial value; banks that are combined later from the neutral element.
  Value getStart(ReductionUse use, unsigned result, int64_t width) {
    if (!vectorised && !part && !isSpread)
      return broadcastTo(scope.builder, use.op.getLoc(), getInitial(use, result), width);
    TypedAttr neutral = getCombiner(use.op, result)->neutral;
    Value value = arith::ConstantOp::create(scope.builder, use.op.getLoc(), neutral);
    return broadcastTo(scope.builder, use.op.getLoc(), value, width);
  }

  Value getInitial(ReductionUse use, unsigned result) {
    OpOperand *init = use.op.getDpsInitOperand(result);
    return emitter.emit(init->get(), compose(use.op.getMatchingIndexingMap(init), getLoopIndex(use.op, use.index)));
  }

  SmallVector<Value> emitLoop(unsigned level, Scope &outer, Index index, ValueRange carried) {
    if (level + 1 >= order.size())
      return emitInnermost(outer, index, carried);
    Bound bound = emitter.getBound(space.sizes[order[level]]);
    Value lower = emitter.getConstant(0), upper = bound.value;
    if (part && level == 0) {
      auto bounds = getPartBounds(space.sizes[order[level]]);
      lower = bounds.first.value, upper = bounds.second.value;
    }
    Scope &loop = emitter.openLoop(outer, lower, upper, 1, carried);
    index.push_back(emitter.addVariable(loop, loop.loop.getInductionVar()));
    SmallVector<Value> next = emitLoop(level + 1, loop, index, loop.loop.getRegionIterArgs());
    emitter.closeLoop(loop, next);
    return SmallVector<Value>(loop.loop.getResults());
  }

  SmallVector<Value> emitInnermost(Scope &outer, ArrayRef<AffineExpr> outerIndex, ValueRange carried) {
    SmallVector<Value> totals;
    for (const Bank &bank : banks) {
      ValueRange start = carried.take_front(bank.values.size());
      carried = carried.drop_front(bank.values.size());
      Scope &loop = emitter.openLoop(outer, bank.lower.value, bank.upper.value, bank.step, start);
      Index index(outerIndex);
      LoopNumbers numbers(bank.lower, bank.upper, bank.step);
      index.push_back(emitter.addVariable(loop, loop.loop.getInductionVar(), bank.step, numbers));
      emitter.closeLoop(loop, emitBodies(loop, index, loop.loop.getRegionIterArgs()));
      llvm::append_range(totals, loop.loop.getResults());
    }
    return totals;
  }

  /// `index` holds the loops in `order`.
  SmallVector<Value> emitBodies(Scope &inner, ArrayRef<AffineExpr> index, ValueRange accumulators) {
    Index merged(space.sizes.size());
    for (auto [loop, expr] : llvm::zip(order, index))
      merged[loop] = expr;
    SmallVector<Value> totals;
    for (ReductionUse use : uses) {
      Index loops = getLoopIndex(use.op, use.index);
      auto next = space.original.begin();
      for (AffineExpr &loop : loops)
        if (!loop)
          loop = (next++)->replaceDims(merged);
      ValueRange mine = accumulators.take_front(use.op.getNumResults());
      accumulators = accumulators.drop_front(mine.size());
      for (auto [value, old] : llvm::zip_equal(emitter.emitBody(use.op, loops, mine, inner), mine)) {
        auto type = dyn_cast<VectorType>(old.getType());
        totals.push_back(broadcastTo(inner.builder, use.op.getLoc(), value, type ? type.getNumElements() : 1));
      }
    }
    return totals;
  }

  SmallVector<Value> finish(ArrayRef<Value> totals) {
    SmallVector<Value> results;
    const size_t stride = totals.size() / banks.size();
    for (ReductionUse use : uses)
      for (unsigned i = 0; i < use.op.getNumResults(); ++i) {
        Value total = totals[results.size()];
        if (vectorised) {
          Combiner combiner = *getCombiner(use.op, i);
          total = combineLanes(scope.builder, combiner, total, emitter.getMachine());
          for (size_t at = results.size() + stride; at < totals.size(); at += stride)
            total = combine(scope.builder, combiner, total,
                            combineLanes(scope.builder, combiner, totals[at], emitter.getMachine()));
          if (!part && !startsNeutral(use.op, i, combiner))
            total = combine(scope.builder, combiner, getInitial(use, i), total);
        }
        results.push_back(total);
      }
    return results;
  }

  static bool startsNeutral(linalg::GenericOp op, unsigned result, const Combiner &combiner) {
    Value init = op.getDpsInitOperand(result)->get();
    if (auto fill = init.getDefiningOp<linalg::FillOp>())
      init = fill.value();
    Attribute value;
    if (!matchPattern(init, m_Constant(&value)))
      return false;
    if (auto splat = dyn_cast<SplatElementsAttr>(value))
      value = splat.getSplatValue<Attribute>();
    return value == cast<Attribute>(combiner.neutral);
  }

  Emitter &emitter;
  ArrayRef<ReductionUse> uses;
  const Part *part;
  Scope *scopeOfPart = part ? part->scope : nullptr;
  Scope &scope;
  int64_t lanes = 1;       ///< of the results
  bool vectorised = false; ///< along the operands
  bool isSpread = false;   ///< over the threads of a team
  LoopSpace space;
  SmallVector<unsigned> order; ///< loops of `space`, outermost first
  SmallVector<Bank> banks;
};

std::pair<Bound, Bound> Emitter::getPartBounds(const Part &part, Dim size, OpBuilder &builder, int64_t granule) {
  Location loc = getLoc();
  Value all = getSize(size);
  Value share = arith::CeilDivUIOp::create(builder, loc, all, getConstant(part.count * granule));
  if (granule > 1)
    share = arith::MulIOp::create(builder, loc, share, getConstant(granule));
  auto clamp = [&](Value number) -> Value {
    return arith::MinUIOp::create(builder, loc, arith::MulIOp::create(builder, loc, number, share), all);
  };
  Value lower = clamp(part.number);
  Value next = arith::AddIOp::create(builder, loc, part.number, getConstant(1));
  return {{std::nullopt, lower, granule}, {std::nullopt, clamp(next), std::gcd(granule, size.scale)}};
}

SmallVector<Value> Emitter::emitReductions(ArrayRef<ReductionUse> uses, const Part *part) {
  SmallVector<Value> values = ReductionLoops(*this, uses, part).run();
  if (part)
    return values;
  size_t next = 0;
  for (ReductionUse use : uses)
    for (Value result : use.op->getResults())
      remember(result, use.index, values[next++]);
  return values;
}

} // namespace glyptic::codegen
