//===- Patterns.cpp - Transposes move, cancel and vanish --------*- C++ -*-===//
#include "compiler/Layout/Patterns.h"
#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/Permutation.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::layout {

namespace {

/// The batch at which sizes are compared where only one side depends on it.
constexpr int64_t kTypicalBatch = 32;

/// Where an op can read its operand in another order, the transpose before it is not needed.
struct AbsorbIntoUser : OpInterfaceRewritePattern<PermutableOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(PermutableOpInterface op, PatternRewriter &rewriter) const override {
    for (OpOperand &operand : op->getOpOperands()) {
      auto producer = operand.get().getDefiningOp<TransposeOp>();
      if (!producer)
        continue;
      rewriter.startOpModification(op);
      if (op.absorbOperandPermutation(operand.getOperandNumber(), producer.getPermutation(), producer.getInput())) {
        rewriter.finalizeOpModification(op);
        return success();
      }
      rewriter.cancelOpModification(op);
    }
    return failure();
  }
};

/// Where an op can write its result in another order, the transpose after it is not needed.
struct AbsorbIntoProducer : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto producer = op.getInput().getDefiningOp<PermutableOpInterface>();
    if (!producer || !producer->hasOneUse())
      return failure();
    rewriter.setInsertionPoint(producer);
    FailureOr<Value> permuted = producer.absorbResultPermutation(rewriter, op.getPermutation());
    if (failed(permuted))
      return failure();
    rewriter.replaceOp(op, *permuted);
    return success();
  }
};

/// op(transpose(x, p), transpose(y, p), c) -> transpose(op(x, y, c'), p), if that leaves fewer elements to transpose.
/// Moving them one way only, towards results, is what makes this end.
struct SinkThroughUser : OpInterfaceRewritePattern<PermutableOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(PermutableOpInterface op, PatternRewriter &rewriter) const override {
    // Through repetitions transposes move the other way (TransposeOfRepeats): together they would never end.
    if (op->getNumResults() != 1 || op->hasTrait<trait::Repeats>())
      return failure();
    TransposeOp first;
    int64_t removed = 0, added = 0;
    for (Value operand : op->getOperands()) {
      if (costsNothingToTranspose(operand))
        continue;
      if (auto producer = operand.getDefiningOp<TransposeOp>()) {
        if (!first)
          first = producer;
        (producer.getPermutation() == first.getPermutation() ? removed : added) += getSize(operand);
      } else {
        added += getSize(operand);
      }
    }
    auto getRank = [](Value value) { return cast<RankedTensorType>(value.getType()).getRank(); };
    if (!first || removed <= added || getRank(op->getResult(0)) != getRank(first))
      return failure();
    FailureOr<Value> moved = op.buildPermuted(rewriter, invertPermutation(first.getPermutation()));
    if (failed(moved))
      return failure();
    rewriter.replaceOp(op, transpose(rewriter, op.getLoc(), *moved, first.getPermutation()));
    return success();
  }

  static int64_t getSize(Value value) {
    return getNumElements(cast<RankedTensorType>(value.getType())).at(kTypicalBatch);
  }

  /// Nor does the transpose of such a value count as one that is there: it will vanish (TransposeOfRepeats), and two of
  /// them would outvote the one operand that has just lost its own.
  static bool costsNothingToTranspose(Value value) {
    Operation *def = value.getDefiningOp();
    if (auto transposed = dyn_cast_or_null<TransposeOp>(def))
      def = transposed.getInput().getDefiningOp();
    SplatElementsAttr splat;
    return def && (def->hasTrait<trait::Repeats>() || matchPattern(def, m_Constant(&splat)));
  }
};

/// A transposed repetition repeats along other dimensions.
struct TransposeOfRepeats : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto producer = op.getInput().getDefiningOp<PermutableOpInterface>();
    if (!producer || !producer->hasTrait<trait::Repeats>())
      return failure();
    FailureOr<Value> permuted = producer.buildPermuted(rewriter, op.getPermutation());
    if (failed(permuted))
      return failure();
    rewriter.replaceOp(op, *permuted);
    return success();
  }
};

/// A transpose that moves only dimensions of size 1 moves nothing in memory.
struct TransposeOfUnitDims : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    SmallVector<Dim> dims = getDims(cast<RankedTensorType>(op.getInput().getType()));
    int64_t last = -1;
    for (int64_t dim : op.getPermutation()) {
      if (dims[dim].isOne())
        continue;
      if (dim < last)
        return failure();
      last = dim;
    }
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), op.getInput());
    return success();
  }
};

} // namespace

void populateAbsorbingPatterns(RewritePatternSet &patterns) {
  patterns.add<AbsorbIntoUser, AbsorbIntoProducer>(patterns.getContext());
}

void populateTransposePatterns(RewritePatternSet &patterns) {
  populateAbsorbingPatterns(patterns);
  patterns.add<SinkThroughUser, TransposeOfRepeats>(patterns.getContext());
}

void populateUnitDimPatterns(RewritePatternSet &patterns) { patterns.add<TransposeOfUnitDims>(patterns.getContext()); }

} // namespace glyptic::layout
