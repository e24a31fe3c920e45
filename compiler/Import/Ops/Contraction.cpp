//===- Contraction.cpp - MatMul, Gemm -----------------------------------------===//
#include "compiler/Import/Diagnostics.h"
#include "compiler/Import/Registry.h"
#include "compiler/Import/TensorUse.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

namespace {

SmallVector<Dim> getDims(Value value) { return graph::getDims(cast<RankedTensorType>(value.getType())); }

Value createDot(NodeImporter &node, Value lhs, Value rhs, ArrayRef<int64_t> lhsBatch, ArrayRef<int64_t> rhsBatch,
                ArrayRef<int64_t> lhsContracted, ArrayRef<int64_t> rhsContracted) {
  if (!lhs || !rhs)
    return {};
  SmallVector<Dim> kept;
  for (auto [i, dim] : llvm::enumerate(getDims(lhs)))
    if (!llvm::is_contained(lhsContracted, i))
      kept.push_back(dim);
  for (auto [i, dim] : llvm::enumerate(getDims(rhs)))
    if (!llvm::is_contained(rhsContracted, i) && !llvm::is_contained(rhsBatch, i))
      kept.push_back(dim);
  if (failed(node.checkBatch(kept)))
    return {};
  return node.create<DotGeneralOp>(lhs, rhs, lhsBatch, rhsBatch, lhsContracted, rhsContracted, TypeAttr(), TypeAttr());
}

/// The first `batchRank` dimensions go along.
Value createDot(NodeImporter &node, Value lhs, Value rhs, int64_t batchRank, int64_t lhsDim, int64_t rhsDim) {
  auto batch = llvm::to_vector(llvm::seq<int64_t>(0, batchRank));
  return createDot(node, lhs, rhs, batch, batch, lhsDim, rhsDim);
}

/// alpha * A * B + beta * C, with A and B transposed on request.
LogicalResult importGemm(NodeImporter &node) {
  Value lhs = node.getInput(0), rhs = node.getInput(1);
  if (!lhs || !rhs)
    return failure();
  Type elementType = node.getType(0).getElementType();
  if (node.getType(0).getRank() != 2 || node.getType(1).getRank() != 2)
    return node.emitError("A and B must be matrices");
  int64_t lhsDim = node.getInt("transA", 0) ? 0 : 1, rhsDim = node.getInt("transB", 0) ? 1 : 0;
  if (getDims(lhs)[lhsDim] != getDims(rhs)[rhsDim])
    return node.emitError("the sizes that A and B share do not agree");
  auto scale = [&](Value value, double factor) {
    return !value || factor == 1.0 ? value
                                   : node.create<MulOp>(value, node.createSplat(factor, getDims(value), elementType));
  };
  Value product = scale(createDot(node, lhs, rhs, 0, lhsDim, rhsDim), node.getFloat("alpha", 1.0));
  double beta = node.getFloat("beta", 1.0);
  if (!product || !node.hasInput(2) || beta == 0.0)
    return node.setResult(product);
  Value addend = scale(node.getInput(2), beta);
  return node.setResult(node.create<AddOp>(product, node.broadcastTo(addend, getDims(product))));
}

/// A stack of matrices with the leading dimensions `batch`; plain matrices stay as they are.
Value broadcastBatch(NodeImporter &node, Value operand, ArrayRef<Dim> batch) {
  SmallVector<Dim> dims(batch);
  llvm::append_range(dims, ArrayRef<Dim>(getDims(operand)).take_back(2));
  return node.broadcastTo(operand, dims);
}

/// NumPy's matmul: vectors are promoted to matrices, leading dimensions are broadcast.
LogicalResult importMatMul(NodeImporter &node) {
  Value lhs = node.getInput(0), rhs = node.getInput(1);
  if (!lhs || !rhs)
    return failure();
  SmallVector<Dim> lhsDims = getDims(lhs), rhsDims = getDims(rhs);
  if (lhsDims.empty() || rhsDims.empty())
    return node.emitError("a scalar cannot be multiplied as a matrix");
  bool lhsIsVector = lhsDims.size() == 1, rhsIsVector = rhsDims.size() == 1;
  if (lhsDims.back() != rhsDims[rhsIsVector ? 0 : rhsDims.size() - 2])
    return node.emitError("the sizes that the operands share do not agree");
  // A single right matrix serves all rows at once, and so does any vector.
  bool rhsIsSingle = llvm::all_of(ArrayRef<Dim>(rhsDims).drop_back(std::min<size_t>(2, rhsDims.size())),
                                  [](Dim dim) { return dim.isOne(); }) &&
                     rhsDims.size() <= std::max<size_t>(2, lhsDims.size());
  if (rhsIsVector || rhsIsSingle) {
    Value matrix = rhsIsVector ? rhs : node.createReshape(rhs, ArrayRef<Dim>(rhsDims).take_back(2));
    return node.setResult(createDot(node, lhs, matrix, 0, int64_t(lhsDims.size()) - 1, 0));
  }
  if (lhsIsVector)
    return node.setResult(createDot(node, lhs, rhs, 0, 0, int64_t(rhsDims.size()) - 2));
  FailureOr<SmallVector<Dim>> batch =
      node.getBroadcastDims({SmallVector<Dim>(ArrayRef<Dim>(lhsDims).drop_back(2)),
                             SmallVector<Dim>(ArrayRef<Dim>(rhsDims).drop_back(2))});
  if (failed(batch))
    return failure();
  lhs = broadcastBatch(node, lhs, *batch);
  rhs = broadcastBatch(node, rhs, *batch);
  int64_t rank = batch->size();
  return node.setResult(createDot(node, lhs, rhs, rank, rank + 1, rank));
}

//===-- Einsum ----------------------------------------------------------------------------------------------------===//

/// An operand of an einsum and the label of each of its dimensions. Letters are themselves; the dimensions that `...`
/// stands for are numbered from the last on.
struct Labelled {
  Value value;
  SmallVector<int> labels;
};

constexpr int kFirstEllipsis = 256;

class Einsum {
public:
  explicit Einsum(NodeImporter &node) : node(node) {}

  LogicalResult run() {
    std::string equation = node.getString("equation", "");
    llvm::erase(equation, ' ');
    auto [left, right] = StringRef(equation).split("->");
    SmallVector<StringRef> terms;
    left.split(terms, ',');
    if (int64_t(terms.size()) != node.getNumInputs())
      return node.emitError("its equation has " + Twine(terms.size()) + " terms for " + Twine(node.getNumInputs()) +
                            " operands");
    for (auto [i, term] : llvm::enumerate(terms))
      if (failed(addOperand(i, term)))
        return failure();
    bool isExplicit = StringRef(equation).contains("->");
    if (failed(isExplicit ? readLabels(right, ellipsisRank, result) : inferResult()))
      return failure();
    dropRepeatedOnes();
    Labelled product = sumOut(operands[0], [&](int label) { return isNeeded(label, 1); });
    for (size_t i = 1; i < operands.size(); ++i) {
      auto isKept = [&](int label) { return isNeeded(label, i + 1) || llvm::is_contained(product.labels, label); };
      product = multiply(product, sumOut(operands[i], isKept), i + 1);
    }
    return setResult(product);
  }

private:
  /// The labels of a term, whose `...` stands for `rank` dimensions.
  LogicalResult readLabels(StringRef term, int64_t rank, SmallVectorImpl<int> &labels) {
    auto [before, after] = term.split("...");
    bool hasEllipsis = term.contains("...");
    for (char c : before)
      labels.push_back(static_cast<unsigned char>(c));
    for (int64_t i = hasEllipsis ? rank : 0; i > 0; --i)
      labels.push_back(kFirstEllipsis + i);
    for (char c : after)
      labels.push_back(static_cast<unsigned char>(c));
    if (llvm::any_of(labels, [](int label) { return label < kFirstEllipsis && !llvm::isAlpha(label); }))
      return node.emitError("its equation may hold letters, commas, ... and -> only");
    return success();
  }

  LogicalResult addOperand(int index, StringRef term) {
    Labelled operand{node.getInput(index), {}};
    if (!operand.value)
      return failure();
    int64_t rank = getDims(operand.value).size(), letters = term.contains("...") ? term.size() - 3 : term.size();
    if (term.contains("...") ? rank < letters : rank != letters)
      return node.emitError("the term " + quote(term) + " is not for " + Twine(rank) + " dimensions");
    if (failed(readLabels(term, rank - letters, operand.labels)))
      return failure();
    ellipsisRank = std::max(ellipsisRank, rank - letters);
    while (takeDiagonal(operand))
      ;
    operands.push_back(operand);
    return success(bool(operand.value));
  }

  /// Two dimensions of one label become one: every (n + 1)th element of both as one dimension.
  bool takeDiagonal(Labelled &operand) {
    for (size_t i = 0; operand.value && i < operand.labels.size(); ++i)
      for (size_t j = i + 1; j < operand.labels.size(); ++j) {
        if (operand.labels[i] != operand.labels[j])
          continue;
        SmallVector<int64_t> order;
        for (size_t k = 0; k < operand.labels.size(); ++k)
          if (k != i && k != j)
            order.push_back(k);
        llvm::append_range(order, SmallVector<int64_t>{int64_t(i), int64_t(j)});
        Value moved = node.createTranspose(operand.value, order);
        SmallVector<Dim> dims = moved ? getDims(moved) : SmallVector<Dim>(2);
        Dim size = dims.pop_back_val();
        dims.back() = {size.scale * size.scale, false};
        moved = size.batched ? Value() : node.createReshape(moved, dims);
        SmallVector<int64_t> starts(dims.size(), 0), strides(dims.size(), 1);
        strides.back() = size.scale + 1;
        dims.back() = size;
        operand.value = node.createSlice(moved, starts, strides, dims);
        operand.labels = llvm::map_to_vector(order, [&](int64_t k) { return operand.labels[k]; });
        operand.labels.pop_back();
        return true;
      }
    return false;
  }

  /// Without an arrow: what `...` stands for, then the letters that occur once, in alphabetical order.
  LogicalResult inferResult() {
    std::map<int, int> counts;
    for (const Labelled &operand : operands)
      for (int label : operand.labels)
        ++counts[label];
    for (int64_t i = ellipsisRank; i > 0; --i)
      result.push_back(kFirstEllipsis + i);
    for (auto [label, count] : counts)
      if (label < kFirstEllipsis && count == 1)
        result.push_back(label);
    return success();
  }

  /// A dimension of size 1 that another operand has in full is repeated, so the product does not need it.
  void dropRepeatedOnes() {
    for (Labelled &operand : operands)
      for (size_t i = operand.labels.size(); i-- > 0;) {
        int label = operand.labels[i];
        SmallVector<Dim> dims = getDims(operand.value);
        auto isFull = [&](const Labelled &other) {
          auto *found = llvm::find(other.labels, label);
          return found != other.labels.end() && !getDims(other.value)[found - other.labels.begin()].isOne();
        };
        if (!dims[i].isOne() || llvm::none_of(operands, isFull))
          continue;
        dims.erase(dims.begin() + i);
        operand.value = node.createReshape(operand.value, dims);
        operand.labels.erase(operand.labels.begin() + i);
      }
  }

  /// Whether the result, or an operand from `next` on, has the label.
  bool isNeeded(int label, size_t next) const {
    auto has = [&](const Labelled &operand) { return llvm::is_contained(operand.labels, label); };
    return llvm::is_contained(result, label) || llvm::any_of(ArrayRef<Labelled>(operands).drop_front(next), has);
  }

  Labelled sumOut(const Labelled &operand, llvm::function_ref<bool(int label)> isKept) {
    SmallVector<int64_t> dims;
    Labelled sum{operand.value, {}};
    for (auto [i, label] : llvm::enumerate(operand.labels))
      isKept(label) ? sum.labels.push_back(label) : dims.push_back(i);
    if (!dims.empty())
      sum.value = node.create<ReduceOp>(ReductionKind::Sum, operand.value, ArrayRef<int64_t>(dims));
    return sum;
  }

  /// Labels that both have are contracted unless something needs them; every other one is needed.
  Labelled multiply(const Labelled &lhs, const Labelled &rhs, size_t next) {
    SmallVector<int64_t> lhsBatch, rhsBatch, lhsContracted, rhsContracted;
    Labelled product;
    for (auto [i, label] : llvm::enumerate(lhs.labels)) {
      auto *found = llvm::find(rhs.labels, label);
      if (found == rhs.labels.end())
        continue;
      bool isKept = isNeeded(label, next);
      (isKept ? lhsBatch : lhsContracted).push_back(i);
      (isKept ? rhsBatch : rhsContracted).push_back(found - rhs.labels.begin());
      if (isKept)
        product.labels.push_back(label);
    }
    for (int label : lhs.labels)
      if (!llvm::is_contained(rhs.labels, label))
        product.labels.push_back(label);
    for (int label : rhs.labels)
      if (!llvm::is_contained(lhs.labels, label))
        product.labels.push_back(label);
    product.value = createDot(node, lhs.value, rhs.value, lhsBatch, rhsBatch, lhsContracted, rhsContracted);
    return product;
  }

  LogicalResult setResult(const Labelled &product) {
    SmallVector<int64_t> order;
    for (int label : result) {
      auto *found = llvm::find(product.labels, label);
      if (found == product.labels.end())
        return node.emitError("its result has a label that no operand has");
      order.push_back(found - product.labels.begin());
    }
    if (!product.value)
      return failure();
    return node.setResult(node.createTranspose(product.value, order));
  }

  NodeImporter &node;
  std::vector<Labelled> operands;
  int64_t ellipsisRank = 0;
  SmallVector<int> result;
};

const OpImporter kImporters[] = {
    {"Einsum", 12, [](NodeImporter &node) { return Einsum(node).run(); }},
    {"Gemm", 7, importGemm},
    {"MatMul", 1, importMatMul},
};

/// Any stored factor is a weight, except for the frequencies of waves: a vector times integers, whose product is an
/// angle; and for spectral normalisation, where a product with stored vectors estimates the norm by which a weight is
/// divided.
TensorUse useFactor(const Reading &reading) {
  const SmallVector<int64_t> *second = reading.graph.getStored(reading.getOther());
  bool isEstimate = second && (reading.shape.size() == 1 || second->size() == 1) &&
                    reading.graph.isReadBy(reading.node.proto->output(0), {"Div"}, {"MatMul"});
  if (isEstimate)
    return {TensorUse::Kept, "estimate of a norm"};
  const FlatNode *other = reading.graph.getComputation(reading.getOther());
  bool isWave = reading.isVector() && other && other->proto->op_type() == "Cast";
  if (isWave && reading.graph.isReadBy(reading.node.proto->output(0), {"Cos", "Sin"}))
    return {};
  return {TensorUse::Learnt, "weight", SmallVector<int64_t, 2>(reading.shape)};
}

TensorUse useGemm(const Reading &reading) {
  return reading.slot == 2 ? TensorUse{TensorUse::Learnt, "bias"} : useFactor(reading);
}

const ReaderRule kReaders[] = {
    {"Einsum", useFactor},
    {"Gemm", useGemm},
    {"MatMul", useFactor},
};

} // namespace

ArrayRef<OpImporter> getContractionImporters() { return kImporters; }

ArrayRef<ReaderRule> getContractionReaders() { return kReaders; }

} // namespace glyptic
