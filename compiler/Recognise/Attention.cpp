//===- Attention.cpp - Products around a softmax ----------------*- C++ -*-===//
//
// softmax(scale * q k^T + bias, where not masked) v, which every exporter and every framework's own code spells
// differently: the scale on one operand or on both, masks added or chosen, heads of keys repeated for those of queries.
//
//===----------------------------------------------------------------------===//
#include "compiler/Recognise/Formula.h"
#include "compiler/Recognise/Recognise.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::recognise {
namespace {

/// Ops between the scores' product and the softmax; models have a few. A value that is added to itself again and again
/// would take forever without.
constexpr int kMaxScoreDepth = 6;

RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

/// Whether a reshape moves nothing in the last two dimensions, hence joins or splits leading ones.
bool keepsMatrices(ReshapeOp op) {
  SmallVector<Dim> from = getDims(op.getInput().getType()), to = getDims(op.getType());
  return from.size() >= 3 && to.size() >= 3 && ArrayRef(from).take_back(2) == ArrayRef(to).take_back(2);
}

//===----------------------------------------------------------------------===//
// Operands of products
//===----------------------------------------------------------------------===//

/// An operand of a product as a stack of matrices: its dimension i is dimension `order[i]` of `value`, times `factor`.
struct Matrices {
  Value value;
  SmallVector<int64_t> order;
  double factor = 1;
};

/// One product of matrices for each index of leading dimensions, of which there is at least one.
bool isStack(DotGeneralOp op) {
  int64_t leading = op.getLhsBatch().size();
  RankedTensorType lhs = op.getLhs().getType(), rhs = op.getRhs().getType();
  return leading > 0 && op.getLhsContracting().size() == 1 && lhs.getRank() == leading + 2 &&
         rhs.getRank() == leading + 2 && op.getType().getElementType() == lhs.getElementType();
}

/// The operand with the contracted dimension last, or before it the free one.
Matrices getOperand(DotGeneralOp op, bool isLhs, bool contractsLast) {
  Value value = isLhs ? op.getLhs() : op.getRhs();
  SmallVector<int64_t> order(isLhs ? op.getLhsBatch() : op.getRhsBatch());
  int64_t contracting = (isLhs ? op.getLhsContracting() : op.getRhsContracting())[0], free = 0;
  while (free == contracting || llvm::is_contained(order, free))
    ++free;
  order.push_back(contractsLast ? free : contracting);
  order.push_back(contractsLast ? contracting : free);
  return {value, order};
}

/// What is transposed, or whose leading dimensions are joined or split, where nothing else needs the result. Leading
/// dimensions in another form have the same matrices in the same order.
std::optional<Matrices> lookThrough(const Matrices &matrices) {
  Matrices before = matrices;
  if (!matrices.value.hasOneUse())
    return std::nullopt;
  if (auto op = matrices.value.getDefiningOp<TransposeOp>()) {
    before.order = llvm::map_to_vector(matrices.order, [&](int64_t dim) { return op.getPermutation()[dim]; });
    before.value = op.getInput();
    return before;
  }
  auto op = matrices.value.getDefiningOp<ReshapeOp>();
  const int64_t leading = matrices.order.size() - 2;
  if (!op || !keepsMatrices(op) ||
      !llvm::equal(ArrayRef(matrices.order).take_front(leading), llvm::seq<int64_t>(0, leading)))
    return std::nullopt;
  before.value = op.getInput();
  const int64_t now = typeOf(before.value).getRank() - 2;
  before.order = llvm::to_vector(llvm::seq<int64_t>(0, now));
  for (int64_t dim : ArrayRef(matrices.order).take_back(2))
    before.order.push_back(dim + now - leading);
  return before;
}

/// Takes a factor out, also from before such a view. Where something else needs the scaled value, it stays.
Matrices takeFactor(const Matrices &scaled) {
  Matrices found = scaled, walked = scaled;
  while (walked.value.hasOneUse()) {
    if (auto before = lookThrough(walked)) {
      walked = *before;
      continue;
    }
    Product product = getProduct(walked.value);
    if (product.values.size() != 1 || product.values[0] == walked.value)
      break;
    walked.value = product.values[0];
    walked.factor *= product.factor;
    found = walked;
  }
  return found;
}

/// Keys or values before their heads were repeated for those of the queries.
struct Shared {
  Matrices matrices;
  SmallVector<Dim> dims; ///< of `matrices.value`, once it is reshaped
  int64_t copies = 1;    ///< of each head
};

/// The dimensions that are not of size 1.
SmallVector<int64_t> getWide(ArrayRef<Dim> dims) {
  SmallVector<int64_t> wide;
  for (auto [i, dim] : llvm::enumerate(dims))
    if (!dim.isOne())
      wide.push_back(i);
  return wide;
}

/// The dimension of a broadcast that holds copies of each head, where it is joined to `dims`, whose dimension `heads`
/// has all of them; sets that to the number of heads before.
std::optional<int64_t> splitHeads(ArrayRef<Dim> split, SmallVectorImpl<Dim> &dims, int64_t heads) {
  SmallVector<int64_t> from = getWide(split), to = getWide(dims);
  size_t at = llvm::find(to, heads) - to.begin();
  if (at == to.size() || from.size() < to.size() || from.size() > to.size() + 1)
    return std::nullopt;
  const bool isSplit = from.size() > to.size(); // else there was one head
  dims[heads] = isSplit ? split[from[at]] : Dim{1, false};
  const int64_t copies = from[at + isSplit];
  from.erase(from.begin() + at + isSplit);
  if (!isSplit)
    to.erase(to.begin() + at);
  bool isSame = llvm::equal(from, to, [&](int64_t i, int64_t j) { return split[i] == dims[j]; });
  return isSame ? std::optional(copies) : std::nullopt;
}

/// What a broadcast repeats along `copies` and along no other dimension, whose other dimensions are `dims`.
std::optional<Shared> getRepeated(BroadcastOp op, int64_t copies, const Matrices &matrices, ArrayRef<Dim> dims) {
  Repeated source = getSource(op.getResult());
  Dim before = getNumElements(typeOf(source.value)), after = getNumElements(op.getType());
  Dim group = getDim(op.getType(), copies);
  before.scale *= group.scale;
  if (group.batched || group.scale < 2 || before != after || llvm::is_contained(source.dims, copies))
    return std::nullopt;
  return Shared{{source.value, matrices.order, matrices.factor}, SmallVector<Dim>(dims), group.scale};
}

/// Heads that are repeated next to each other: by a broadcast along the last of the leading dimensions, or along one
/// that is then joined to it.
std::optional<Shared> getShared(Matrices walked) {
  while (!walked.value.getDefiningOp<BroadcastOp>()) {
    if (auto joined = walked.value.getDefiningOp<ReshapeOp>())
      if (auto broadcast = joined.getInput().getDefiningOp<BroadcastOp>()) {
        SmallVector<Dim> dims = getDims(joined.getType());
        auto copies = splitHeads(getDims(broadcast.getType()), dims, *std::prev(walked.order.end(), 3));
        if (copies)
          return getRepeated(broadcast, *copies, walked, dims);
      }
    auto before = lookThrough(walked);
    if (!before)
      return std::nullopt;
    walked = *before;
  }
  auto broadcast = walked.value.getDefiningOp<BroadcastOp>();
  SmallVector<Dim> dims = getDims(broadcast.getType());
  const int64_t copies = *std::prev(walked.order.end(), 3);
  dims[copies] = {1, false};
  return getRepeated(broadcast, copies, walked, dims);
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

struct Scores {
  DotGeneralOp product;
  double scale = 1;
  SmallVector<std::pair<Value, bool>> biases; ///< with whether it is subtracted
  Value mask;
  bool isMaskedWhereTrue = false;
  double maskedScore = -INFINITY;

  bool isPlain() const { return biases.empty() && !mask; }
  /// The shape in which masks are laid over the scores.
  RankedTensorType getType() const {
    Value scores = DotGeneralOp(product).getResult(), laid = mask ? mask : biases.empty() ? scores : biases[0].first;
    return typeOf(laid).clone(getElementTypeOrSelf(scores));
  }
  /// Whether all masks are of one shape.
  bool isUniform() const {
    RankedTensorType type = getType();
    return llvm::all_of(biases, [&](auto bias) { return typeOf(bias.first) == type; });
  }
};

std::optional<Scores> getScores(Value value, int depth);

std::optional<Scores> getMasked(SelectOp op, int depth) {
  for (bool isMaskedWhereTrue : {false, true}) {
    std::optional<double> number = getSplat(isMaskedWhereTrue ? op.getOnTrue() : op.getOnFalse());
    auto scores = number ? getScores(isMaskedWhereTrue ? op.getOnFalse() : op.getOnTrue(), depth) : std::nullopt;
    if (!scores || scores->mask)
      continue;
    scores->mask = op.getCondition();
    scores->isMaskedWhereTrue = isMaskedWhereTrue;
    scores->maskedScore = *number;
    return scores;
  }
  return std::nullopt;
}

/// What is added after a mask leaves -inf as it is, but moves any other score.
std::optional<Scores> getBiased(Operation *op, int depth) {
  for (unsigned i : {0, 1}) {
    bool isSubtracted = isa<SubOp>(op);
    if (i == 1 && isSubtracted)
      break;
    auto scores = getScores(op->getOperand(i), depth);
    if (!scores || (scores->mask && scores->maskedScore != -INFINITY))
      continue;
    if (getSplat(op->getOperand(1 - i)) != 0.0)
      scores->biases.push_back({op->getOperand(1 - i), isSubtracted});
    return scores;
  }
  return std::nullopt;
}

std::optional<Scores> getScores(Value value, int depth) {
  Operation *op = value.getDefiningOp();
  if (auto product = dyn_cast_or_null<DotGeneralOp>(op)) {
    Scores scores;
    scores.product = product;
    return isStack(product) ? std::optional(scores) : std::nullopt;
  }
  if (!op || depth == 0)
    return std::nullopt;
  if (auto select = dyn_cast<SelectOp>(op))
    return getMasked(select, depth - 1);
  if (isa<AddOp, SubOp>(op))
    return getBiased(op, depth - 1);
  if (auto reshape = dyn_cast<ReshapeOp>(op))
    return keepsMatrices(reshape) ? getScores(reshape.getInput(), depth - 1) : std::nullopt;
  Product factors = getProduct(value);
  if (factors.values.size() != 1 || factors.values[0] == value)
    return std::nullopt;
  auto scores = getScores(factors.values[0], depth - 1);
  if (!scores || !scores->isPlain()) // masks would be scaled, too
    return std::nullopt;
  scores->scale *= factors.factor;
  return scores;
}

//===----------------------------------------------------------------------===//
// Probabilities
//===----------------------------------------------------------------------===//

struct Probabilities {
  SoftmaxOp softmax;
  double dropout = 0;
  bool zeroesMaskedRows = false;
  Value bias; ///< that these are found by
};

/// The bias, before it is repeated, whose maximum in each row of the softmax's input `row` is.
Value getBiasOf(Repeated row, SoftmaxOp softmax) {
  row = getSource(row);
  auto max = row.value.getDefiningOp<ReduceOp>();
  auto masked = softmax.getInput().getDefiningOp<AddOp>();
  if (!max || max.getKind() != ReductionKind::Max || max.getDims().size() != 1 || !masked)
    return {};
  for (Value bias : masked->getOperands()) {
    Repeated source = getSource(bias);
    const int64_t along = max.getDims()[0];
    if (source.value != max.getInput() || source.dims[along] != softmax.getDims().back())
      continue;
    source.dims.erase(source.dims.begin() + along);
    if (source.dims == row.dims)
      return source.value;
  }
  return {};
}

/// Whether `condition` holds for rows of probabilities that have none: they are NaN, or the bias of all scores is -inf,
/// as ONNX's Attention has it.
bool holdsForMaskedRows(Value condition, Value probabilities, Probabilities &found) {
  Repeated repeated = getSource(condition);
  auto compare = repeated.value.getDefiningOp<CompareOp>();
  if (!compare)
    return false;
  if (compare.getComparison() == Comparison::NE)
    return compare.getLhs() == probabilities && compare.getRhs() == probabilities;
  auto softmax = probabilities.getDefiningOp<SoftmaxOp>();
  if (softmax && compare.getComparison() == Comparison::EQ && getSplat(compare.getRhs()) == -INFINITY)
    found.bias = getBiasOf(repeated.with(compare.getLhs()), softmax);
  return bool(found.bias);
}

std::optional<Probabilities> getProbabilities(Value value) {
  Probabilities found;
  while (Operation *op = value.getDefiningOp()) {
    if ((found.softmax = dyn_cast<SoftmaxOp>(op)))
      return found;
    auto select = dyn_cast<SelectOp>(op);
    if (auto dropout = dyn_cast<DropoutOp>(op); dropout && found.dropout == 0) {
      found.dropout = dropout.getRatio().convertToDouble();
    } else if (select && getSplat(select.getOnTrue()) == 0.0 &&
               holdsForMaskedRows(select.getCondition(), select.getOnFalse(), found)) {
      found.zeroesMaskedRows = true;
      value = select.getOnFalse();
      continue;
    } else if (auto reshape = dyn_cast<ReshapeOp>(op); !reshape || !keepsMatrices(reshape)) {
      return std::nullopt;
    }
    value = op->getOperand(0);
  }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// The whole
//===----------------------------------------------------------------------===//

struct Attention {
  Shared query, key, value;
  Scores scores;
  Probabilities probabilities;
  RankedTensorType resultType;

  /// Finds out which heads key and value repeat alike.
  void share();
  SmallVector<Value> getInputs() const;
  Value build(OpBuilder &builder, Location loc) const;

private:
  /// Heads and samples may have been one dimension in the products, and two where masks are laid over the scores.
  Value buildStack(OpBuilder &builder, Location loc, const Shared &shared) const;
  Value buildBias(OpBuilder &builder, Location loc) const;
};

void Attention::share() {
  auto sharedKey = getShared(key.matrices), sharedValue = getShared(value.matrices);
  SmallVector<Dim> dims = getDims(scores.getType());
  if (!sharedKey || !sharedValue || sharedKey->copies != sharedValue->copies ||
      std::prev(dims.end(), 3)->scale % sharedKey->copies != 0)
    return;
  key = *sharedKey;
  value = *sharedValue;
}

SmallVector<Value> Attention::getInputs() const {
  SmallVector<Value> inputs{query.matrices.value, key.matrices.value, value.matrices.value};
  for (auto [bias, isSubtracted] : scores.biases)
    inputs.push_back(bias);
  for (Value mask : {scores.mask, probabilities.bias})
    if (mask)
      inputs.push_back(mask);
  return inputs;
}

Value Attention::buildStack(OpBuilder &builder, Location loc, const Shared &shared) const {
  Type element = getElementTypeOrSelf(shared.matrices.value);
  Value stack = reshapeTo(builder, loc, shared.matrices.value, getTensorType(shared.dims, element));
  stack = transpose(builder, loc, stack, shared.matrices.order);
  SmallVector<Dim> dims = getDims(scores.getType()), own = getDims(typeOf(stack));
  std::prev(dims.end(), 3)->scale /= shared.copies;
  std::copy(own.end() - 2, own.end(), dims.end() - 2);
  return reshapeTo(builder, loc, stack, getTensorType(dims, element));
}

Value Attention::buildBias(OpBuilder &builder, Location loc) const {
  Expr sum;
  for (auto [bias, isSubtracted] : scores.biases) {
    Expr addend(builder, loc, bias);
    sum = !Value(sum) ? (isSubtracted ? -addend : addend) : isSubtracted ? sum - addend : sum + addend;
  }
  return sum;
}

Value Attention::build(OpBuilder &builder, Location loc) const {
  Value mask = scores.mask;
  if (mask && scores.isMaskedWhereTrue)
    mask = NotOp::create(builder, loc, mask);
  auto number = [&](double value) { return builder.getF64FloatAttr(value); };
  auto op = AttentionOp::create(
      builder, loc, buildStack(builder, loc, query), buildStack(builder, loc, key), buildStack(builder, loc, value),
      buildBias(builder, loc), mask, Value(), number(scores.scale * query.matrices.factor * key.matrices.factor),
      number(scores.maskedScore), number(probabilities.dropout),
      probabilities.zeroesMaskedRows ? builder.getUnitAttr() : UnitAttr());
  return reshapeTo(builder, loc, op.getResult(), resultType);
}

std::optional<Found> matchAttention(Value root) {
  auto product = root.getDefiningOp<DotGeneralOp>();
  if (!product || !isStack(product))
    return std::nullopt;
  auto probabilities = getProbabilities(product.getLhs());
  const int64_t rank = typeOf(product.getLhs()).getRank();
  // The rows of the left operand are those of the result: its leading dimensions come in order, and the last is summed.
  if (!probabilities || product.getLhsContracting()[0] != rank - 1 ||
      !llvm::equal(product.getLhsBatch(), llvm::seq<int64_t>(0, rank - 2)))
    return std::nullopt;
  SoftmaxOp softmax = probabilities->softmax;
  if (softmax.getDims() != ArrayRef<int64_t>(typeOf(softmax.getInput()).getRank() - 1))
    return std::nullopt;
  auto scores = getScores(softmax.getInput(), kMaxScoreDepth);
  if (!scores || !scores->isUniform())
    return std::nullopt;
  auto whole = [](const Matrices &matrices) { return Shared{matrices, getDims(typeOf(matrices.value))}; };
  Attention found{whole(takeFactor(getOperand(scores->product, /*isLhs=*/true, /*contractsLast=*/true))),
                  whole(takeFactor(getOperand(scores->product, /*isLhs=*/false, /*contractsLast=*/true))),
                  whole(getOperand(product, /*isLhs=*/false, /*contractsLast=*/false)),
                  *scores, *probabilities, typeOf(root)};
  found.share();
  return Found{found.getInputs(),
               [found](OpBuilder &builder, Location loc) { return found.build(builder, loc); }};
}

constexpr Recogniser kAttentions[] = {
    {"attention", "softmax(scale * q k^T + bias, where not masked) v", matchAttention},
};

} // namespace

ArrayRef<Recogniser> getAttentions() { return kAttentions; }

} // namespace glyptic::recognise
