//===- Access.cpp - Which elements a value reads ----------------*- C++ -*-===//
#include "codegen/Structured/Access.h"
#include "dialects/Graph/GraphDialect.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include <set>

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::codegen {

std::optional<Stride> operator*(Stride stride, Dim size) {
  if (!size.batched)
    return Stride{stride.constant * size.scale, stride.perBatch * size.scale};
  if (stride.perBatch)
    return std::nullopt;
  return Stride{0, stride.constant * size.scale};
}

SmallVector<Stride> getStrides(RankedTensorType type) {
  SmallVector<Stride> strides(type.getRank());
  Stride stride{1, 0};
  for (int64_t i = type.getRank() - 1; i >= 0; --i) {
    strides[i] = stride;
    stride = *(stride * getDim(type, i)); // at most one dimension is batched
  }
  return strides;
}

FailureOr<SmallVector<Dim>> getLoopSizes(linalg::GenericOp op) {
  SmallVector<std::optional<Dim>> found(op.getNumLoops());
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    if (!type)
      continue;
    for (auto [i, expr] : llvm::enumerate(op.getMatchingIndexingMap(&operand).getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        if (!found[dim.getPosition()])
          found[dim.getPosition()] = getDim(type, i);
  }
  SmallVector<Dim> sizes;
  for (std::optional<Dim> size : found) {
    if (!size)
      return op.emitError("a loop of the structured form indexes no operand alone, so its size is unknown");
    sizes.push_back(*size);
  }
  return sizes;
}

Index getLoopIndex(linalg::GenericOp op, ArrayRef<AffineExpr> index) {
  Index loops(op.getNumLoops());
  for (auto [i, expr] : llvm::enumerate(op.getIndexingMapsArray().back().getResults()))
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      loops[dim.getPosition()] = index[i];
  // A parallel loop that no result dimension names has one iteration.
  for (auto [i, kind] : llvm::enumerate(op.getIteratorTypesArray()))
    if (!loops[i] && kind == utils::IteratorType::parallel)
      loops[i] = getAffineConstantExpr(0, op.getContext());
  return loops;
}

Index compose(AffineMap map, ArrayRef<AffineExpr> loopIndex) {
  return llvm::map_to_vector(map.getResults(), [&](AffineExpr expr) { return expr.replaceDims(loopIndex); });
}

AffineExpr traceIndex(Value value, ArrayRef<AffineExpr> loopIndex, ChooseIndex choose) {
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return getAffineConstantExpr(constant.getSExtValue(), value.getContext());
  Operation *op = value.getDefiningOp();
  if (!op)
    return {};
  if (auto index = dyn_cast<linalg::IndexOp>(op))
    return loopIndex[index.getDim()];
  if (auto cast = dyn_cast<arith::IndexCastOp>(op))
    return traceIndex(cast.getIn(), loopIndex, choose);
  const bool isLimit = isa<arith::MinSIOp, arith::MaxSIOp>(op);
  if (!isLimit && !isa<arith::AddIOp, arith::SubIOp, arith::MulIOp, arith::DivUIOp>(op))
    return {};
  AffineExpr lhs = traceIndex(op->getOperand(0), loopIndex, choose);
  AffineExpr rhs = traceIndex(op->getOperand(1), loopIndex, choose);
  if (!lhs || !rhs)
    return {};
  if (isLimit)
    return choose ? choose(op, lhs, rhs) : AffineExpr();
  if (isa<arith::AddIOp>(op))
    return lhs + rhs;
  if (isa<arith::SubIOp>(op))
    return lhs - rhs;
  if (isa<arith::DivUIOp>(op))
    return isa<AffineConstantExpr>(rhs) ? lhs.floorDiv(rhs) : AffineExpr();
  return isa<AffineConstantExpr>(lhs) || isa<AffineConstantExpr>(rhs) ? lhs * rhs : AffineExpr();
}

bool isTable(Value tensor) {
  DenseElementsAttr elements;
  return matchPattern(tensor, m_Constant(&elements)) && !elements.isSplat();
}

/// Dimensions of `from` and `to` fall into runs with equal products; within a run the index is linearised and taken
/// apart again, so that dimensions a reshape does not touch keep their plain index.
Index composeReshape(RankedTensorType from, RankedTensorType to, ArrayRef<AffineExpr> index) {
  SmallVector<Dim> operand = getDims(from), result = getDims(to);
  MLIRContext *context = from.getContext();
  auto times = [](Dim a, Dim b) { return Dim{a.scale * b.scale, a.batched || b.batched}; };
  Index composed(operand.size(), getAffineConstantExpr(0, context));
  size_t i = 0, j = 0;
  while (i < operand.size() || j < result.size()) {
    size_t firstOperand = i, firstResult = j;
    Dim left{1, false}, right{1, false};
    do {
      const bool isLeftSmaller = left.batched != right.batched ? right.batched : left.scale < right.scale;
      const bool takeLeft = j == result.size() ||
                            (i < operand.size() && (left == right ? i == firstOperand : isLeftSmaller));
      if (takeLeft)
        left = times(left, operand[i++]);
      else
        right = times(right, result[j++]);
    } while (left != right && (i < operand.size() || j < result.size()));
    AffineExpr flat = getAffineConstantExpr(0, context);
    for (size_t k = firstResult; k < j; ++k)
      flat = flat * (result[k].batched ? getAffineSymbolExpr(0, context) * result[k].scale
                                       : getAffineConstantExpr(result[k].scale, context)) + index[k];
    for (size_t k = i; k-- > firstOperand;) {
      if (k == firstOperand) {
        composed[k] = flat;
      } else {
        AffineExpr size = operand[k].batched ? getAffineSymbolExpr(0, context) * operand[k].scale
                                             : getAffineConstantExpr(operand[k].scale, context);
        composed[k] = flat % size;
        flat = flat.floorDiv(size);
      }
    }
  }
  return composed;
}

/// The loop indices that a value of a body is computed from.
void AccessAnalysis::collectDependencies(Value value, linalg::GenericOp op, ArrayRef<AffineExpr> loopIndex,
                                         Index &dependencies) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    if (argument.getOwner() == op.getBody())
      llvm::append_range(dependencies, compose(op.getIndexingMapsArray()[argument.getArgNumber()], loopIndex));
  } else if (auto number = value.getDefiningOp<linalg::IndexOp>()) {
    dependencies.push_back(loopIndex[number.getDim()]);
  } else if (op.getRegion().isAncestor(value.getParentRegion())) {
    for (Value operand : value.getDefiningOp()->getOperands())
      collectDependencies(operand, op, loopIndex, dependencies);
  }
}

void AccessAnalysis::visit(Value tensor, ArrayRef<AffineExpr> index) {
  MLIRContext *context = tensor.getContext();
  // The key only has to tell indices apart, so the map's nominal number of dimensions is irrelevant.
  if (!visited.insert({tensor, AffineMap::get(1 << 20, 1, index, context)}).second)
    return;
  if (isMemory(tensor) || isTable(tensor)) {
    accesses.push_back({tensor, getStrides(cast<RankedTensorType>(tensor.getType())), Index(index)});
    return;
  }
  if (auto reshape = tensor.getDefiningOp<ReshapeOp>()) {
    Value source = reshape.getInput();
    while (auto inner = source.getDefiningOp<ReshapeOp>())
      source = inner.getInput();
    if (isa<BlockArgument>(source) && isMemory(source)) {
      // Its elements lie as those of the result do, whose index needs not be taken apart.
      accesses.push_back({source, getStrides(reshape.getType()), Index(index)});
      return;
    }
    visit(reshape.getInput(), composeReshape(reshape.getInput().getType(), reshape.getType(), index));
    return;
  }
  auto op = tensor.getDefiningOp<linalg::GenericOp>();
  if (!op)
    return;
  Index loops = getLoopIndex(op, index);
  unsigned first = next;
  for (AffineExpr &expr : loops)
    if (!expr)
      expr = getAffineDimExpr(next++, context);
  visitBody(op, loops);
  if (op.getNumReductionLoops())
    reductions.push_back({op, Index(index), first});
}

void AccessAnalysis::visitStore(Value tensor, ArrayRef<AffineExpr> index) {
  accesses.push_back({tensor, getStrides(cast<RankedTensorType>(tensor.getType())), Index(index)});
}

void AccessAnalysis::visitCaptured(Value scalar) {
  Operation *op = scalar.getDefiningOp();
  if (!op || isa<tensor::DimOp>(op))
    return;
  if (auto extract = dyn_cast<tensor::ExtractOp>(op))
    return visit(extract.getTensor(),
                 llvm::map_to_vector(extract.getIndices(), [](Value v) { return traceIndex(v, {}); }));
  for (Value operand : op->getOperands())
    visitCaptured(operand);
}

/// Between its limits a position is what is no constant.
static AffineExpr takePosition(Operation *, AffineExpr lhs, AffineExpr rhs) {
  return isa<AffineConstantExpr>(lhs) ? rhs : isa<AffineConstantExpr>(rhs) ? lhs : AffineExpr();
}

void AccessAnalysis::visitBody(linalg::GenericOp op, ArrayRef<AffineExpr> loopIndex) {
  for (OpOperand &operand : op->getOpOperands())
    if (!op.getMatchingBlockArgument(&operand).use_empty() && isa<RankedTensorType>(operand.get().getType()))
      visit(operand.get(), compose(op.getMatchingIndexingMap(&operand), loopIndex));
  op.getRegion().walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      if (!isa<RankedTensorType>(operand.getType()) && !op.getRegion().isAncestor(operand.getParentRegion()))
        visitCaptured(operand);
    if (auto number = dyn_cast<linalg::IndexOp>(inner))
      accesses.push_back({Value(), {Stride{1, 0}}, {loopIndex[number.getDim()]}});
    if (auto comparison = dyn_cast<arith::CmpIOp>(inner)) {
      AffineExpr lhs = traceIndex(comparison.getLhs(), loopIndex), rhs = traceIndex(comparison.getRhs(), loopIndex);
      if (lhs && rhs)
        comparisons.push_back({lhs - rhs, comparison.getPredicate()});
    }
    if (auto extract = dyn_cast<tensor::ExtractOp>(inner)) {
      Index index;
      for (Value position : extract.getIndices()) {
        AffineExpr expr = traceIndex(position, loopIndex);
        if (!expr) {
          if (AffineExpr between = traceIndex(position, loopIndex, takePosition))
            limited[next] = between;
          collectDependencies(position, op, loopIndex, opaque[next]);
          expr = getAffineDimExpr(next++, op.getContext());
        }
        index.push_back(expr);
      }
      visit(extract.getTensor(), index);
    }
  });
}

bool AccessAnalysis::dependsOn(AffineExpr expr, unsigned variable) const {
  bool found = false;
  expr.walk([&](AffineExpr part) {
    auto dim = dyn_cast<AffineDimExpr>(part);
    if (!dim)
      return;
    found |= dim.getPosition() == variable;
    if (auto it = opaque.find(dim.getPosition()); it != opaque.end())
      found |= llvm::any_of(it->second, [&](AffineExpr e) { return dependsOn(e, variable); });
  });
  return found;
}

std::optional<Stride> AccessAnalysis::getStride(const Access &access, unsigned variable) const {
  Stride total;
  for (auto [expr, stride] : llvm::zip_equal(access.index, access.strides)) {
    if (!dependsOn(expr, variable))
      continue;
    MLIRContext *context = expr.getContext();
    AffineExpr dim = getAffineDimExpr(variable, context);
    auto step = dyn_cast<AffineConstantExpr>(simplifyAffineExpr(expr.replace(dim, dim + 1) - expr, next, 1));
    bool throughOpaque = false;
    expr.walk([&](AffineExpr part) {
      if (auto d = dyn_cast<AffineDimExpr>(part))
        throughOpaque |= d.getPosition() != variable && dependsOn(d, variable);
    });
    if (!step || throughOpaque)
      return std::nullopt;
    total.constant += step.getValue() * stride.constant;
    total.perBatch += step.getValue() * stride.perBatch;
  }
  return total;
}

bool isMultiple(AffineExpr address, ArrayRef<unsigned> vectors, int64_t width) {
  for (unsigned vector : vectors) {
    AffineExpr dim = getAffineDimExpr(vector, address.getContext());
    address = address.replace(dim, dim * width);
  }
  return width == 1 || address.getLargestKnownDivisor() % width == 0;
}

SmallVector<int64_t> AccessAnalysis::getCuts(unsigned variable) const {
  using Predicate = arith::CmpIPredicate;
  std::set<int64_t> cuts;
  for (auto [difference, predicate] : comparisons) {
    AffineExpr dim = getAffineDimExpr(variable, difference.getContext());
    auto rest = dyn_cast<AffineConstantExpr>(simplifyAffineExpr(difference - dim, next, 1));
    if (!rest)
      continue;
    const int64_t equal = -rest.getValue(); // both sides are, there
    const bool isEquality = predicate == Predicate::eq || predicate == Predicate::ne;
    if (isEquality || predicate == Predicate::sge || predicate == Predicate::slt)
      cuts.insert(equal);
    if (isEquality || predicate == Predicate::sgt || predicate == Predicate::sle)
      cuts.insert(equal + 1);
  }
  return {cuts.begin(), cuts.end()};
}

int AccessAnalysis::getContiguity(unsigned variable, int64_t alignment, bool isCut) const {
  auto isAligned = [&](const Access &access) {
    MLIRContext *context = access.tensor.getContext();
    AffineExpr address = getAffineConstantExpr(0, context), batch = getAffineSymbolExpr(0, context);
    for (auto [expr, stride] : llvm::zip_equal(access.index, access.strides))
      address = address + expr * (batch * stride.perBatch + stride.constant);
    return isMultiple(address, variable, alignment);
  };
  int score = 0;
  for (Access access : accesses) {
    if (!access.tensor)
      continue;
    if (isCut)
      for (AffineExpr &expr : access.index)
        for (auto [opaque, between] : limited)
          expr = expr.replace(getAffineDimExpr(opaque, between.getContext()), between);
    std::optional<Stride> stride = getStride(access, variable);
    if (!stride || !stride->isZero())
      score += stride && stride->isOne() && (alignment == 1 || isAligned(access)) ? 1 : -1;
  }
  return score;
}

LoopSpace mergeLoops(const AccessAnalysis &analysis, ArrayRef<unsigned> variables, ArrayRef<Dim> sizes,
                     MLIRContext *context) {
  // From the innermost outwards: `current` is the loop that later (outer) ones may join.
  SmallVector<Dim> merged;
  SmallVector<int64_t> place(sizes.size(), -1); // index into `merged`, -1 for a constant 0
  std::optional<unsigned> current;
  for (size_t i = sizes.size(); i-- > 0;) {
    if (sizes[i].isOne())
      continue;
    bool joins = current && !(sizes[i].batched && merged.back().batched) &&
                 llvm::all_of(analysis.getAccesses(), [&](const Access &access) {
                   std::optional<Stride> inner = analysis.getStride(access, variables[*current]),
                                         outer = analysis.getStride(access, variables[i]);
                   std::optional<Stride> wanted = inner ? *inner * merged.back() : std::nullopt;
                   return wanted && outer && *wanted == *outer;
                 });
    if (joins) {
      merged.back() = {merged.back().scale * sizes[i].scale, merged.back().batched || sizes[i].batched};
      continue;
    }
    current = i;
    place[i] = merged.size();
    merged.push_back(sizes[i]);
  }
  LoopSpace space;
  for (int64_t at : place)
    space.original.push_back(at < 0 ? getAffineConstantExpr(0, context)
                                    : getAffineDimExpr(merged.size() - 1 - at, context));
  space.sizes.assign(merged.rbegin(), merged.rend());
  return space;
}

} // namespace glyptic::codegen
