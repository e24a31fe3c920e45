//===- Autodiff.cpp - Reverse-mode differentiation --------------------------===//
//
// One backward walk over the block. An op takes part if it is active: some wanted value reaches it, and it reaches the
// target, both through values of floating-point type (an integer in between cuts the derivative). Contributions to a
// value with several uses are added in the order of the walk, last use first, which the source order alone decides.
//
//===----------------------------------------------------------------------===//
#include "compiler/Training/Autodiff.h"
#include "compiler/Passes.h"
#include "compiler/Program.h"
#include "dialects/Graph/Builders.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

#define GEN_PASS_DEF_AUTODIFFPASS
#include "compiler/Passes.h.inc"

namespace {

bool isDifferentiable(Value value) { return isa<FloatType>(getElementTypeOrSelf(value.getType())); }

class ReverseMode {
public:
  ReverseMode(OpBuilder &builder, Value target, ValueRange sources)
      : builder(builder), block(target.getParentBlock()), target(target), sources(sources) {}

  FailureOr<SmallVector<Value>> run(Value seed) {
    markVaried();
    if (varied.contains(target))
      gradients[target] = seed;
    for (Operation *op : findActive())
      if (failed(propagate(op)))
        return failure();
    return llvm::map_to_vector(sources, [&](Value source) { return gradients.lookup(source); });
  }

private:
  /// Values that change when a source does.
  void markVaried() {
    varied.insert(sources.begin(), sources.end());
    for (Operation &op : *block)
      if (llvm::any_of(op.getOperands(), [&](Value operand) { return varied.contains(operand); }))
        varied.insert_range(llvm::make_filter_range(op.getResults(), isDifferentiable));
  }

  /// Ops with a varied result that the target needs, last first.
  SmallVector<Operation *> findActive() {
    llvm::DenseSet<Value> useful{target};
    SmallVector<Operation *> active;
    for (Operation &op : llvm::reverse(*block)) {
      auto counts = [&](Value result) { return varied.contains(result) && useful.contains(result); };
      if (llvm::none_of(op.getResults(), counts))
        continue;
      useful.insert_range(op.getOperands());
      if (llvm::any_of(op.getOperands(), [&](Value operand) { return varied.contains(operand); }))
        active.push_back(&op);
    }
    return active;
  }

  LogicalResult propagate(Operation *op) {
    SmallVector<Value> resultGradients =
        llvm::map_to_vector(op->getResults(), [&](Value result) { return gradients.lookup(result); });
    if (llvm::none_of(resultGradients, [](Value gradient) { return gradient; }))
      return success();
    auto differentiable = dyn_cast<DifferentiableOpInterface>(op);
    if (!differentiable)
      return reportBlocking(op);
    BitVector wanted(op->getNumOperands());
    for (auto [i, operand] : llvm::enumerate(op->getOperands()))
      wanted[i] = varied.contains(operand);
    FailureOr<SmallVector<Value>> contributions = differentiable.buildGradients(builder, resultGradients, wanted);
    if (failed(contributions))
      return failure();
    for (auto [operand, contribution] : llvm::zip_equal(op->getOperands(), *contributions)) {
      if (!contribution || !varied.contains(operand))
        continue;
      Value &sum = gradients[operand];
      sum = sum ? AddOp::create(builder, op->getLoc(), sum, contribution).getResult() : contribution;
    }
    return success();
  }

  /// Says which parameters cannot be trained because of `op`.
  LogicalResult reportBlocking(Operation *op) {
    llvm::SetVector<Value> upstream;
    upstream.insert_range(op->getOperands());
    for (size_t i = 0; i < upstream.size(); ++i)
      if (Operation *producer = upstream[i].getDefiningOp())
        upstream.insert_range(producer->getOperands());
    SmallVector<StringRef> names;
    for (Value source : sources)
      if (auto argument = dyn_cast<BlockArgument>(source); argument && upstream.contains(source))
        if (auto function = dyn_cast<FunctionOpInterface>(block->getParentOp()))
          if (auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), kNameAttr))
            names.push_back(name.getValue());
    InFlightDiagnostic error =
        op->emitOpError("has no derivative, but trained parameters reach the loss through it");
    if (!names.empty()) {
      error << "; leave those out of training: --freeze '" << llvm::join(ArrayRef(names).take_front(3), "' --freeze '")
            << "'";
      if (names.size() > 3)
        error << " and " << names.size() - 3 << " more";
    }
    return failure();
  }

  OpBuilder &builder;
  Block *block;
  Value target;
  ValueRange sources;
  llvm::DenseSet<Value> varied;
  llvm::DenseMap<Value, Value> gradients;
};

constexpr llvm::StringLiteral kDifferentiateAttr = "graph.differentiate";

struct AutodiffPass : impl::AutodiffPassBase<AutodiffPass> {
  void runOnOperation() override {
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (function->hasAttr(kDifferentiateAttr) && failed(addGradient(function)))
        return signalPassFailure();
  }

  static LogicalResult addGradient(func::FuncOp function) {
    auto numbers = function->getAttrOfType<DenseI64ArrayAttr>(kDifferentiateAttr);
    auto inRange = [&](int64_t i) {
      return i >= 0 && i < function.getNumArguments() && isDifferentiable(function.getArgument(i));
    };
    if (!numbers || !llvm::all_of(numbers.asArrayRef(), inRange) || function.getNumResults() != 1)
      return function.emitError("'graph.differentiate' lists floating-point arguments of a function with one result");
    func::FuncOp gradient = function.clone();
    gradient.setName((function.getName() + ".gradient").str());
    gradient->removeAttr(kDifferentiateAttr);
    function->getBlock()->getOperations().insertAfter(function->getIterator(), gradient);

    Operation *terminator = gradient.getBody().front().getTerminator();
    OpBuilder builder(terminator);
    Location loc = terminator->getLoc();
    Value target = terminator->getOperand(0);
    SmallVector<Value> sources =
        llvm::map_to_vector(numbers.asArrayRef(), [&](int64_t i) -> Value { return gradient.getArgument(i); });
    Value seed = splat(builder, loc, cast<RankedTensorType>(target.getType()), 1.0);
    FailureOr<SmallVector<Value>> results = buildGradients(builder, target, seed, sources);
    if (failed(results))
      return failure();
    for (auto [source, result] : llvm::zip_equal(sources, *results))
      if (!result)
        result = splat(builder, loc, cast<RankedTensorType>(source.getType()), 0.0);
    terminator->setOperands(*results);
    gradient.setFunctionType(builder.getFunctionType(gradient.getArgumentTypes(), ValueRange(*results).getTypes()));
    gradient.removeResAttrsAttr();
    return success();
  }
};

} // namespace

FailureOr<SmallVector<Value>> buildGradients(OpBuilder &builder, Value target, Value seed, ValueRange sources) {
  return ReverseMode(builder, target, sources).run(seed);
}

} // namespace glyptic
