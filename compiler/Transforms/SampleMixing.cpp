//===- SampleMixing.cpp - Which outputs need all samples at once ---===//
//
// A long file of samples is run in parts, which is right only if an execution on a part computes what one on the whole
// does for the same samples. Values have at most one dimension that counts samples (BatchDims.h), so an op keeps
// samples apart if sample s of a result is made of sample s of its operands and of what no sample has a part in. The
// structured form shows it: one parallel loop runs over the samples, operands are read at its index, and the index goes
// nowhere else. Ops without loops are views, which keep samples apart if they keep what lies before a sample's
// elements.
//
// The answer errs on the safe side: a position that is computed may be the sample's own.
//
//===----------------------------------------------------------------------===//
#include "compiler/Passes.h"
#include "compiler/Program.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

#define GEN_PASS_DEF_SAMPLEMIXINGPASS
#include "compiler/Passes.h.inc"

namespace {

/// The position of the dimension that counts samples; nullopt where there is none.
std::optional<unsigned> getSampleDim(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  int64_t dim = tensor ? getBatchedDim(tensor) : -1;
  return dim < 0 ? std::nullopt : std::optional<unsigned>(dim);
}

bool isBatchSize(Value value) { return value.getDefiningOp<BatchSizeOp>() != nullptr; }

/// Whether a generic's results at a sample are made of its operands at that sample.
class GenericCheck {
public:
  explicit GenericCheck(linalg::GenericOp op) : op(op) {}

  bool keepsSamplesApart() {
    return findLoop() &&
           llvm::all_of(op.getDpsInputOperands(), [&](OpOperand *input) { return readsOwnSample(*input); }) &&
           !seesOutside() &&
           !op.getRegion()
                .walk(
                    [&](Operation *inner) { return isApart(inner) ? WalkResult::advance() : WalkResult::interrupt(); })
                .wasInterrupted();
  }

private:
  /// The loop over the samples of all results; none if no result has samples.
  bool findLoop() {
    for (OpOperand &result : op.getDpsInitsMutable())
      if (std::optional<unsigned> dim = getSampleDim(result.get().getType())) {
        auto expr = dyn_cast<AffineDimExpr>(op.getMatchingIndexingMap(&result).getResult(*dim));
        if (!expr || (loop && *loop != expr.getPosition()) ||
            op.getIteratorTypesArray()[expr.getPosition()] != utils::IteratorType::parallel)
          return false;
        loop = expr.getPosition();
      }
    return true;
  }

  bool readsOwnSample(OpOperand &input) {
    std::optional<unsigned> dim = getSampleDim(input.get().getType());
    if (!dim)
      return !isBatchSize(input.get());
    auto expr = dyn_cast<AffineDimExpr>(op.getMatchingIndexingMap(&input).getResult(*dim));
    return expr && loop == expr.getPosition();
  }

  /// Whether the body takes scalars from elsewhere, which may be made of anything.
  bool seesOutside() {
    llvm::SetVector<Value> outside;
    getUsedValuesDefinedAbove(op.getRegion(), outside);
    return llvm::any_of(outside, [](Value value) {
      return isBatchSize(value) || (!isa<TensorType>(value.getType()) && !matchPattern(value, m_Constant()));
    });
  }

  bool isOwnSample(Value index) {
    auto position = index.getDefiningOp<linalg::IndexOp>();
    return position && loop == position.getDim();
  }

  /// The index of the sample says where to read it, and nothing else.
  bool isApart(Operation *inner) {
    if (isa<BatchSizeOp>(inner))
      return false;
    if (auto read = dyn_cast<tensor::ExtractOp>(inner)) {
      std::optional<unsigned> dim = getSampleDim(read.getTensor().getType());
      return llvm::all_of(llvm::enumerate(read.getIndices()), [&](auto index) {
        return isOwnSample(index.value()) == (dim && *dim == index.index());
      });
    }
    return llvm::none_of(inner->getOperands(), [&](Value operand) { return isOwnSample(operand); });
  }

  linalg::GenericOp op;
  std::optional<unsigned> loop;
};

bool hasSamples(Operation *op) {
  auto isBatched = [](Type type) { return getSampleDim(type).has_value(); };
  return llvm::any_of(op->getOperandTypes(), isBatched) || llvm::any_of(op->getResultTypes(), isBatched);
}

/// How samples lie along the dimension that counts them: sample s of n has positions (i * n + s) * k + j, and this is
/// the number of i; transposes and reshapes of attention make it more than 1. kUniform where all positions hold the
/// same.
constexpr int64_t kUniform = 0;

/// The same after a view, which keeps how many elements lie before a sample's; nullopt where samples are torn apart.
std::optional<int64_t> viewOuter(RankedTensorType from, RankedTensorType to, int64_t outer) {
  std::optional<unsigned> source = getSampleDim(from), target = getSampleDim(to);
  if (!source || !target)
    return std::nullopt;
  auto before = [](RankedTensorType type, unsigned dim) { return llvm::product_of(type.getShape().take_front(dim)); };
  auto after = [](RankedTensorType type, unsigned dim) {
    return llvm::product_of(type.getShape().drop_front(dim + 1));
  };
  const int64_t left = before(from, *source), kept = before(to, *target);
  if (outer == kUniform && after(from, *source) == after(to, *target) && kept >= left)
    return kUniform;
  const int64_t all = left * std::max<int64_t>(outer, 1);
  if (all == 0 || kept == 0 || all % kept != 0 || getDim(to, *target).scale % (all / kept) != 0)
    return std::nullopt;
  return all / kept;
}

/// Whether the structured form of `op` does.
bool keepsSamplesApart(StructuredOpInterface op) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(op.getLoc());
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  auto function = func::FuncOp::create(builder, op.getLoc(), "form",
                                       builder.getFunctionType(op->getOperandTypes(), op->getResultTypes()));
  builder.setInsertionPointToStart(function.addEntryBlock());
  FailureOr<SmallVector<Value>> values = op.buildStructured(builder, function.getArguments());
  if (failed(values) || llvm::any_of(*values, isBatchSize))
    return false;
  auto generics = function.getOps<linalg::GenericOp>();
  return llvm::all_of(generics, [](linalg::GenericOp generic) { return GenericCheck(generic).keepsSamplesApart(); });
}

bool mixesSamples(Operation *op) {
  if (matchPattern(op, m_Constant()))
    return false;
  if (auto structured = dyn_cast<StructuredOpInterface>(op))
    return (hasSamples(op) || op->getNumOperands() == 0) && !keepsSamplesApart(structured);
  return hasSamples(op);
}

struct SampleMixingPass : impl::SampleMixingPassBase<SampleMixingPass> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (llvm::hasSingleElement(function.getBody()))
        mark(function);
  }

private:
  using Outers = llvm::DenseMap<Value, int64_t>;

  /// Of the results of `op`; nullopt where it mixes samples.
  static std::optional<int64_t> getOuter(Operation *op, const Outers &outers) {
    if (op->hasTrait<trait::View>() && hasSamples(op))
      return viewOuter(cast<RankedTensorType>(op->getOperand(0).getType()),
                       cast<RankedTensorType>(op->getResult(0).getType()), outers.lookup(op->getOperand(0)));
    if (mixesSamples(op))
      return std::nullopt;
    int64_t common = kUniform;
    for (Value operand : op->getOperands())
      if (int64_t outer = outers.lookup(operand); getSampleDim(operand.getType()) && outer != kUniform) {
        if (common != kUniform && common != outer)
          return std::nullopt;
        common = outer;
      }
    return common;
  }

  static bool isRole(func::FuncOp function, unsigned result, StringRef wanted) {
    auto role = result < function.getNumResults() ? function.getResultAttrOfType<StringAttr>(result, kRoleAttr)
                                                  : StringAttr();
    return role && role == wanted;
  }

  void mark(func::FuncOp function) {
    llvm::DenseMap<Value, Operation *> origins; // of what several samples have a part in: the op where that begins
    Outers outers;
    for (Value argument : function.getArguments())
      outers[argument] = 1;
    for (Operation &op : function.getBody().front().without_terminator()) {
      Operation *origin = nullptr;
      for (Value operand : op.getOperands())
        origin = origin ? origin : origins.lookup(operand);
      std::optional<int64_t> outer = origin ? std::nullopt : getOuter(&op, outers);
      for (Value result : op.getResults())
        if (outer)
          outers[result] = *outer;
        else
          origins[result] = origin ? origin : &op;
    }
    Operation *first = nullptr;
    for (auto [i, value] : llvm::enumerate(function.getBody().front().getTerminator()->getOperands())) {
      Operation *origin = origins.lookup(value);
      if (getSampleDim(value.getType()) && outers.lookup(value) > 1)
        origin = value.getDefiningOp(); // whose rows are not those of the first samples, then those of the next
      if (origin && isRole(function, i, role::Output)) {
        function.setResultAttr(i, kMixesSamplesAttr, UnitAttr::get(&getContext()));
        first = first ? first : origin;
      }
    }
    if (first)
      first->emitRemark("from here on, what an output says of a sample may depend on the other samples: run takes a "
                        "whole file at once, training and evaluation take each batch by itself");
  }
};

} // namespace
} // namespace glyptic
