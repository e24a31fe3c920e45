//===- NodeCheck.cpp - Which node a wrong gradient comes from -----------------===//
#include "compiler/GradientCheck/NodeCheck.h"
#include "compiler/Training/Autodiff.h"
#include "dialects/Graph/Builders.h"
#include <cmath>

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

HostValues moveAlong(const Tape &tape, const HostValues &direction, double step) {
  HostValues moved;
  for (auto &[source, along] : direction) {
    HostTensor tensor = tape.get(source);
    for (auto [element, by] : llvm::zip_equal(tensor.get<double>(), along.get<double>()))
      element += step * by;
    moved[source] = std::move(tensor);
  }
  return moved;
}

static bool isFloat(Value value) { return isa<FloatType>(getElementTypeOrSelf(value.getType())); }

LogicalResult NodeCheck::prepare() {
  llvm::SetVector<Value> varied;
  varied.insert_range(sources);
  Operation *end = loss.getParentBlock()->getTerminator();
  for (Operation &op : *loss.getParentBlock()) {
    if (&op == end || llvm::none_of(op.getOperands(), [&](Value operand) { return varied.contains(operand); }))
      continue;
    ops.push_back(&op);
    varied.insert_range(llvm::make_filter_range(op.getResults(), isFloat));
  }
  OpBuilder builder(end);
  Value seed = splat(builder, loss.getLoc(), cast<RankedTensorType>(loss.getType()), 1.0);
  FailureOr<SmallVector<Value>> built = buildGradients(builder, loss, seed, varied.getArrayRef());
  if (failed(built))
    return failure();
  for (auto [value, gradient] : llvm::zip_equal(varied, *built))
    if (gradient)
      gradients[value] = gradient;
  return tape.run();
}

/// What the op's own derivative makes of the gradients of its results, for each operand.
FailureOr<NodeCheck::Contributions> NodeCheck::getContributions(Operation *op) const {
  OpBuilder builder(op->getContext());
  OwningOpRef<func::FuncOp> function =
      func::FuncOp::create(builder, op->getLoc(), "derivative", builder.getFunctionType({}, {}));
  Block *block = function->addEntryBlock();
  std::vector<HostTensor> arguments;
  auto addArgument = [&](Value value, Value source) -> Value {
    arguments.push_back(tape.get(source));
    return block->addArgument(value.getType(), op->getLoc());
  };
  SmallVector<Value> operands, resultGradients;
  for (Value operand : op->getOperands())
    operands.push_back(addArgument(operand, operand));
  for (Value result : op->getResults()) {
    Value gradient = gradients.lookup(result);
    resultGradients.push_back(gradient ? addArgument(result, gradient) : Value());
  }
  builder.setInsertionPointToStart(block);
  Operation *copy = builder.clone(*op);
  copy->setOperands(operands);
  BitVector wanted(op->getNumOperands());
  for (auto [i, operand] : llvm::enumerate(op->getOperands()))
    wanted[i] = gradients.contains(operand);
  FailureOr<SmallVector<Value>> built =
      cast<DifferentiableOpInterface>(copy).buildGradients(builder, resultGradients, wanted);
  if (failed(built))
    return failure();
  SmallVector<Value> present =
      llvm::to_vector(llvm::make_filter_range(*built, [](Value value) { return bool(value); }));
  func::ReturnOp::create(builder, op->getLoc(), present);
  function->setFunctionType(builder.getFunctionType(block->getArgumentTypes(), ValueRange(present).getTypes()));
  FailureOr<std::vector<HostTensor>> values = interpret(*function, arguments, tape.getOptions());
  if (failed(values))
    return failure();
  Contributions contributions(op->getNumOperands());
  size_t next = 0;
  for (auto [i, value] : llvm::enumerate(*built))
    if (value)
      contributions[i] = std::move((*values)[next++]);
  return contributions;
}

/// Sums over the elements of an op's results and operands.
struct NodeCheck::Part {
  double difference = 0, derivative = 0;
  double size = 0;      ///< of the addends
  double rounding = 0;  ///< what FP64 may have lost
  double ambiguity = 0; ///< by how much left and right differ
  int64_t elements = 0, kinks = 0;

  void addResult(ArrayRef<double> gradient, ArrayRef<double> below, ArrayRef<double> at, ArrayRef<double> above,
                 double step = NodeCheck::kStep) {
    constexpr double kEpsilon = 16 * 2.2e-16;
    elements += at.size();
    for (size_t i = 0; i < at.size(); ++i) {
      const double left = (at[i] - below[i]) / step, right = (above[i] - at[i]) / step;
      const double addend = gradient[i] * (left + right) / 2, noise = kEpsilon * std::abs(at[i]) / step;
      if (!std::isfinite(addend))
        continue;
      difference += addend;
      size += std::abs(addend);
      rounding += std::abs(gradient[i]) * noise;
      // The two sides of a smooth function differ by about step * curvature.
      if (std::abs(right - left) <= 1e-3 * std::max(std::abs(left), std::abs(right)) + noise)
        continue;
      ++kinks;
      ambiguity += std::abs(gradient[i] * (right - left));
    }
  }

  void addOperand(ArrayRef<double> contribution, ArrayRef<double> below, ArrayRef<double> above,
                  double step = NodeCheck::kStep) {
    for (size_t i = 0; i < below.size(); ++i) {
      const double addend = contribution[i] * (above[i] - below[i]) / (2 * step);
      derivative += addend;
      size += std::abs(addend);
    }
  }

  Agreement judge(double tolerance) const {
    const double deviation = std::abs(difference - derivative), allowed = tolerance * size + rounding;
    return deviation <= allowed               ? Agreement::Agrees
           : deviation <= allowed + ambiguity ? Agreement::Kink
                                              : Agreement::Disagrees;
  }
};

NodeCheck::Part NodeCheck::measure(Operation *op, ArrayRef<std::optional<HostTensor>> contributions,
                                   const HostValues &above, const HostValues &below) const {
  auto get = [](const HostValues &values, Value value) { return values.find(value)->second.get<double>(); };
  Part part;
  for (Value result : op->getResults())
    if (Value gradient = gradients.lookup(result))
      part.addResult(tape.get(gradient).get<double>(), get(below, result), tape.get(result).get<double>(),
                     get(above, result));
  for (auto [operand, contribution] : llvm::zip_equal(op->getOperands(), contributions))
    if (contribution && above.contains(operand))
      part.addOperand(contribution->get<double>(), get(below, operand), get(above, operand));
  return part;
}

/// Moves the operands of floating-point type by half of the way between the two, to either side of where they were.
LogicalResult NodeCheck::moveSymmetrically(Operation *op, const HostValues &above, const HostValues &below,
                                           HostValues &high, HostValues &low) const {
  for (Value operand : op->getOperands())
    if (isFloat(operand) && above.contains(operand)) {
      HostTensor up = tape.get(operand), down = up;
      for (auto [plus, minus, to, from] :
           llvm::zip_equal(up.get<double>(), down.get<double>(), above.find(operand)->second.get<double>(),
                           below.find(operand)->second.get<double>())) {
        plus += (to - from) / 2;
        minus -= (to - from) / 2;
      }
      high[operand] = std::move(up);
      low[operand] = std::move(down);
    }
  for (HostValues *moved : {&high, &low}) {
    SmallVector<const HostTensor *> operands;
    for (Value operand : op->getOperands())
      operands.push_back(moved->contains(operand) ? &moved->find(operand)->second : &tape.get(operand));
    FailureOr<std::vector<HostTensor>> results = interpret(op, operands, tape.getOptions());
    if (failed(results))
      return failure();
    for (auto [result, tensor] : llvm::zip_equal(op->getResults(), *results))
      (*moved)[result] = std::move(tensor);
  }
  return success();
}

/// Whether an operand that is no number, such as a condition or an index, is another one beside the point. The second
/// look keeps these as they are, so that it finds a wrong derivative, but not that the point is an edge.
bool NodeCheck::isDecided(Operation *op, const HostValues &above, const HostValues &below) const {
  return llvm::any_of(op->getOperands(), [&](Value operand) {
    auto isMoved = [&](const HostValues &moved) {
      auto found = moved.find(operand);
      return found != moved.end() && found->second.getStorage() != tape.get(operand).getStorage();
    };
    return !isFloat(operand) && (isMoved(above) || isMoved(below));
  });
}

FailureOr<Deviation> NodeCheck::check(const HostValues &direction) {
  HostValues above = moveAlong(tape, direction, kStep), below = moveAlong(tape, direction, -kStep);
  if (failed(tape.move(above, loss.getDefiningOp())) || failed(tape.move(below, loss.getDefiningOp())))
    return failure();
  Deviation whole;
  if (auto found = above.find(loss); found != above.end())
    whole.difference = (found->second.at(0) - below.find(loss)->second.at(0)) / (2 * kStep);
  for (Operation *op : ops) {
    if (llvm::none_of(op->getResults(), [&](Value v) { return gradients.contains(v) && above.contains(v); }))
      continue;
    FailureOr<Contributions> contributions = getContributions(op);
    if (failed(contributions))
      return failure();
    Part part = measure(op, *contributions, above, below);
    whole.nodes += part.difference - part.derivative;
    if (part.judge(tolerance) == Agreement::Agrees)
      continue;
    HostValues high, low;
    if (failed(moveSymmetrically(op, above, below, high, low)))
      return failure();
    const Part smooth = measure(op, *contributions, high, low);
    Agreement agreement = smooth.judge(tolerance);
    if (agreement != Agreement::Agrees)
      part = smooth;
    else if (isDecided(op, above, below))
      agreement = Agreement::Kink;
    whole.worst = std::max(whole.worst, agreement);
    if (agreement != Agreement::Agrees)
      record(op, part, agreement);
  }
  return whole;
}

/// Keeps the direction on which the node deviates most.
void NodeCheck::record(Operation *op, const Part &part, Agreement agreement) {
  NodeResult result{op->getLoc(), part.derivative, part.difference, part.elements, part.kinks, agreement};
  NodeResult &known = results.insert({op, result}).first->second;
  auto getDeviation = [](const NodeResult &node) { return std::abs(node.difference - node.derivative); };
  if (agreement > known.agreement || (agreement == known.agreement && getDeviation(result) > getDeviation(known)))
    known = result;
}

std::vector<NodeResult> NodeCheck::takeResults() {
  std::vector<NodeResult> all;
  for (Agreement wanted : {Agreement::Disagrees, Agreement::Kink})
    for (auto &[op, result] : results)
      if (result.agreement == wanted)
        all.push_back(result);
  return all;
}

} // namespace glyptic
