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
    bool ok = true;
    for (Operation *op : findActive())
      ok &= succeeded(propagate(op));
    if (!ok)
      return failure();
    return llvm::map_to_vector(sources, [&](Value source) { return gradients.lookup(source); });
  }

  /// After run(): the barriers, in the order of the program.
  SmallVector<GradientBarrier> findBarriers() {
    llvm::MapVector<Operation *, GradientBarrier> found;
    for (Operation *op : llvm::reverse(blocking))
      found.insert({op, {GradientBarrier::NoDerivative, op, {}}});
    llvm::DenseSet<Operation *> upstream = findUpstream();
    for (auto [i, source] : llvm::enumerate(sources))
      if (!gradients.lookup(source) || !found.empty())
        followFrom(source, i, upstream, found);
    SmallVector<GradientBarrier> barriers;
    for (auto &[op, barrier] : found)
      barriers.push_back(std::move(barrier));
    llvm::sort(barriers, [](auto &a, auto &b) { return a.op->isBeforeInBlock(b.op); });
    return barriers;
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
    BitVector wanted(op->getNumOperands());
    for (auto [i, operand] : llvm::enumerate(op->getOperands()))
      wanted[i] = varied.contains(operand);
    auto differentiable = dyn_cast<DifferentiableOpInterface>(op);
    if (!differentiable) {
      blocking.push_back(op);
      pretend(op);
      return failure();
    }
    FailureOr<SmallVector<Value>> contributions = differentiable.buildGradients(builder, resultGradients, wanted);
    if (failed(contributions)) {
      pretend(op);
      return failure();
    }
    for (auto [operand, contribution] : llvm::zip_equal(op->getOperands(), *contributions)) {
      if (!contribution || !varied.contains(operand))
        continue;
      Value &sum = gradients[operand];
      sum = sum ? AddOp::create(builder, op->getLoc(), sum, contribution).getResult() : contribution;
    }
    return success();
  }

  /// Goes on with zeros where there is no derivative, so that ops further up are judged in the same run.
  void pretend(Operation *op) {
    for (Value operand : op->getOperands())
      if (varied.contains(operand) && isDifferentiable(operand) && !gradients.lookup(operand))
        gradients[operand] = splat(builder, op->getLoc(), cast<RankedTensorType>(operand.getType()), 0.0);
  }

  /// All ops that the target depends on, through values of any type.
  llvm::DenseSet<Operation *> findUpstream() {
    llvm::DenseSet<Operation *> upstream;
    SmallVector<Operation *> open{target.getDefiningOp()};
    while (!open.empty()) {
      Operation *op = open.pop_back_val();
      if (op && upstream.insert(op).second)
        for (Value operand : op->getOperands())
          open.push_back(operand.getDefiningOp());
    }
    return upstream;
  }

  /// Walks from a source towards the target as far as there is no gradient, and notes where one ends.
  void followFrom(Value source, unsigned index, const llvm::DenseSet<Operation *> &upstream,
                  llvm::MapVector<Operation *, GradientBarrier> &found) {
    const bool isCut = !gradients.lookup(source);
    llvm::SetVector<Value> open;
    open.insert(source);
    for (size_t i = 0; i < open.size(); ++i)
      for (Operation *user : open[i].getUsers()) {
        if (!upstream.contains(user) || user->getBlock() != block)
          continue;
        bool isBlocking = found.contains(user) && found[user].kind == GradientBarrier::NoDerivative;
        bool hasGradient = llvm::any_of(user->getResults(), [&](Value result) { return gradients.lookup(result); });
        bool isDiscrete = llvm::none_of(user->getResults(), isDifferentiable);
        if (isBlocking || (isCut && (hasGradient || isDiscrete))) {
          auto kind = isDiscrete ? GradientBarrier::Discrete : GradientBarrier::Constant;
          SmallVector<unsigned> &reached = found.insert({user, {kind, user, {}}}).first->second.sources;
          if (!llvm::is_contained(reached, index))
            reached.push_back(index);
        } else {
          open.insert_range(user->getResults());
        }
      }
  }

  OpBuilder &builder;
  Block *block;
  Value target;
  ValueRange sources;
  llvm::DenseSet<Value> varied;
  llvm::DenseMap<Value, Value> gradients;
  SmallVector<Operation *> blocking; ///< without a derivative, last first
};

/// `'a', 'b', 'c' and 5 more`
std::string listNames(ArrayRef<StringRef> names, StringRef before = "'", StringRef between = "', '") {
  constexpr size_t kShown = 3;
  std::string text = (before + llvm::join(names.take_front(kShown), between) + "'").str();
  return names.size() <= kShown ? text : text + " and " + std::to_string(names.size() - kShown) + " more";
}

/// Names of those sources that are named arguments of a function.
SmallVector<StringRef> getNames(ValueRange sources, ArrayRef<unsigned> indices) {
  SmallVector<StringRef> names;
  for (unsigned i : indices)
    if (auto argument = dyn_cast<BlockArgument>(sources[i]))
      if (auto function = dyn_cast<FunctionOpInterface>(argument.getOwner()->getParentOp()))
        if (auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), kNameAttr))
          names.push_back(name.getValue());
  return names;
}

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

std::string GradientBarrier::describe(ArrayRef<StringRef> names) const {
  if (kind == NoDerivative)
    return "has no derivative, but trained parameters reach the loss through it" +
           (names.empty() ? "" : "; leave those out of training: " + listNames(names, "--freeze '", "' --freeze '"));
  std::string why = kind == Discrete ? "its results are integers or truth values, which do not change smoothly"
                                     : "its derivative is zero wherever it exists, as that of rounding or of a sign";
  return "no gradient passes: " + why + "; " + listNames(names) +
         (names.size() == 1 ? " stays as it is" : " stay as they are") +
         ". To train " + (names.size() == 1 ? "it" : "them") +
         ", let the loss look at an output that is computed before this node (--output)";
}

FailureOr<SmallVector<Value>> buildGradients(OpBuilder &builder, Value target, Value seed, ValueRange sources,
                                             SmallVectorImpl<GradientBarrier> *barriers) {
  ReverseMode reverse(builder, target, sources);
  FailureOr<SmallVector<Value>> gradients = reverse.run(seed);
  if (barriers) {
    *barriers = reverse.findBarriers();
  } else if (failed(gradients)) {
    for (const GradientBarrier &barrier : reverse.findBarriers())
      if (barrier.kind == GradientBarrier::NoDerivative)
        barrier.op->emitError(barrier.describe(getNames(sources, barrier.sources)));
  }
  return gradients;
}

} // namespace glyptic
