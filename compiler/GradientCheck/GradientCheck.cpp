//===- GradientCheck.cpp - Derivatives of a program against differences -------===//
#include "compiler/GradientCheck/GradientCheck.h"
#include "compiler/GradientCheck/NodeCheck.h"
#include "compiler/Program.h"
#include "compiler/Training/Apply.h"
#include "compiler/Training/Entry.h"
#include "support/Philox.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include <cmath>

using namespace mlir;
using glyptic::graph::HostTensor;

namespace glyptic {

StringRef toString(Agreement agreement) {
  switch (agreement) {
  case Agreement::Agrees:
    return "agrees";
  case Agreement::Kink:
    return "kink";
  case Agreement::Disagrees:
    return "disagrees";
  }
  llvm_unreachable("all cases are handled");
}

namespace {

/// What sums and products in FP64 may lose, relative to the loss (one epsilon was seen for a transformer).
constexpr double kRounding = 8 * 2.2e-16;

/// The first is best for a smooth loss: its error of rounding and its error of curvature are both about 1e-10. Smaller
/// ones step over fewer kinks, larger ones show derivatives that are small beside the loss.
constexpr double kSteps[] = {1e-5, 1e-6, 1e-7, 1e-4, 1e-3}, kLargestStep = 1e-3;

/// A parameter.
struct Source {
  BlockArgument argument; ///< of the objective
  std::string name;
  HostTensor gradient;
  double size; ///< root mean square of its elements; 1 where all are zero
};

double getSize(const HostTensor &tensor) {
  double sum = 0;
  for (double element : tensor.get<double>())
    sum += element * element;
  return sum > 0 ? std::sqrt(sum / tensor.getNumElements()) : 1;
}

bool isBetter(const DirectionResult &a, const DirectionResult &b) {
  return a.agreement != b.agreement ? a.agreement < b.agreement : a.error < b.error || std::isnan(b.error);
}

class Checker {
public:
  Checker(func::FuncOp grad, const GradientCheckSettings &settings) : grad(grad), settings(settings) {}

  FailureOr<GradientReport> run(std::vector<HostTensor> arguments, int64_t batch) {
    if (failed(prepare(std::move(arguments), batch)))
      return failure();
    for (int64_t i = 0; i < settings.directions; ++i)
      if (failed(checkAlong("", makeDirection(sources))))
        return failure();
    for (const Source &source : sources)
      if (failed(checkAlong(source.name, makeDirection(source))))
        return failure();
    if (!doubtful.empty() && failed(checkNodes()))
      return failure();
    for (const DirectionResult &direction : report.directions)
      report.agreement = std::max(report.agreement, direction.agreement);
    return std::move(report);
  }

private:
  LogicalResult prepare(std::vector<HostTensor> arguments, int64_t batch);
  HostValues makeDirection(ArrayRef<Source> along);
  double getDerivative(const HostValues &direction) const;
  FailureOr<double> getLoss(const HostValues &direction, double step) const;
  LogicalResult checkAlong(const std::string &name, HostValues direction);
  LogicalResult checkNodes();

  func::FuncOp grad;
  const GradientCheckSettings &settings;
  OwningOpRef<func::FuncOp> objective; ///< what the loss of `grad` needs, and nothing else
  std::optional<Tape> tape;
  Value loss;
  std::vector<Source> sources;
  uint64_t drawn = 0;
  std::vector<std::pair<size_t, HostValues>> doubtful; ///< index of the result, and its direction
  GradientReport report;
};

LogicalResult Checker::prepare(std::vector<HostTensor> arguments, int64_t batch) {
  FailureOr<std::vector<HostTensor>> results = interpret(grad, arguments, {batch, graph::HostPrecision::F64});
  if (failed(results))
    return failure();
  llvm::StringMap<HostTensor *> byName;
  for (unsigned i : llvm::seq(grad.getNumResults()))
    byName[getResultName(grad, i)] = &(*results)[i];
  report.loss = byName.lookup(getTotalName("loss"))->at(0);
  if (!std::isfinite(report.loss))
    return grad.emitError("the loss is not finite at these parameters and data, so it has no gradient to check");

  objective = grad.clone();
  Operation *end = objective->getBody().front().getTerminator();
  for (unsigned i : llvm::seq(grad.getNumResults()))
    if (getResultName(grad, i) == getTotalName("loss"))
      loss = end->getOperand(i);
  end->setOperands(loss);
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(objective->getBody().front())))
    if (isOpTriviallyDead(&op))
      op.erase();
  for (unsigned i : llvm::seq(grad.getNumArguments())) {
    StringRef name = getArgumentName(grad, i);
    HostTensor *gradient = byName.lookup(getGradientName(name));
    if (getArgumentRole(grad, i) == role::Parameter && gradient)
      sources.push_back({objective->getArgument(i), name.str(), std::move(*gradient), getSize(arguments[i])});
  }
  tape.emplace(objective->getBody().front(), std::move(arguments), batch);
  return tape->run();
}

/// Each element is drawn from [-1, 1), times the size of its parameter.
HostValues Checker::makeDirection(ArrayRef<Source> along) {
  HostValues direction;
  ++drawn;
  for (const Source &source : along) {
    HostTensor tensor = tape->get(source.argument);
    for (auto [i, element] : llvm::enumerate(tensor.get<double>())) {
      uint32_t bits = philox({uint32_t(i), uint32_t(i >> 32), source.argument.getArgNumber(), uint32_t(drawn)},
                             {uint32_t(settings.seed), uint32_t(settings.seed >> 32)})[0];
      element = (bits * 0x1p-31 - 1) * source.size;
    }
    direction[source.argument] = std::move(tensor);
  }
  return direction;
}

double Checker::getDerivative(const HostValues &direction) const {
  double sum = 0;
  for (const Source &source : sources)
    if (auto along = direction.find(source.argument); along != direction.end())
      for (auto [slope, by] : llvm::zip_equal(source.gradient.get<double>(), along->second.get<double>()))
        sum += slope * by;
  return sum;
}

FailureOr<double> Checker::getLoss(const HostValues &direction, double step) const {
  HostValues moved = moveAlong(*tape, direction, step);
  if (failed(tape->move(moved, loss.getDefiningOp())))
    return failure();
  auto found = moved.find(loss);
  return found == moved.end() ? tape->get(loss).at(0) : found->second.at(0);
}

LogicalResult Checker::checkAlong(const std::string &name, HostValues direction) {
  const double derivative = getDerivative(direction);
  std::optional<DirectionResult> best;
  for (double step : kSteps) {
    FailureOr<double> above = getLoss(direction, step), below = getLoss(direction, -step);
    if (failed(above) || failed(below))
      return failure();
    const double difference = (*above - *below) / (2 * step), deviation = std::abs(difference - derivative);
    const double size = std::max(std::abs(difference), std::abs(derivative)), allowed = settings.tolerance * size;
    const double rounding = kRounding * std::abs(report.loss) / step;
    DirectionResult result{name, derivative, difference, step, size > 0 ? deviation / size : 0, Agreement::Disagrees};
    // What rounding hides proves nothing, except where the derivative is too small for every step.
    bool isHidden = rounding > 1e-3 * size && step != kLargestStep;
    if (deviation <= allowed || (deviation <= allowed + rounding && !isHidden))
      result.agreement = Agreement::Agrees;
    if (!best || isBetter(result, *best))
      best = result;
    if (deviation <= allowed)
      break;
  }
  if (best->agreement != Agreement::Agrees)
    doubtful.emplace_back(report.directions.size(), std::move(direction));
  report.directions.push_back(*best);
  return success();
}

LogicalResult Checker::checkNodes() {
  SmallVector<Value> arguments;
  for (const Source &source : sources)
    arguments.push_back(source.argument);
  NodeCheck nodes(*tape, loss, arguments, settings.tolerance);
  if (failed(nodes.prepare()))
    return failure();
  for (auto &[index, direction] : doubtful) {
    DirectionResult &result = report.directions[index];
    FailureOr<Deviation> deviation = nodes.check(direction);
    if (failed(deviation))
      return failure();
    const double whole = deviation->difference - result.derivative;
    const double size = std::max(std::abs(deviation->difference), std::abs(result.derivative));
    // What no node accounts for comes from how the gradients of nodes were put together.
    const double allowed = settings.tolerance * size + kRounding * std::abs(report.loss) / NodeCheck::kStep;
    bool isExplained = std::abs(whole - deviation->nodes) <= 10 * allowed;
    // What every node alone has in order is an edge between them.
    if (isExplained)
      result.agreement = std::max(deviation->worst, std::abs(whole) > 10 * allowed ? Agreement::Kink : Agreement::Agrees);
  }
  report.nodes = nodes.takeResults();
  return success();
}

} // namespace

FailureOr<GradientReport> checkGradient(func::FuncOp grad, std::vector<HostTensor> arguments, int64_t batch,
                                        const GradientCheckSettings &settings) {
  return Checker(grad, settings).run(std::move(arguments), batch);
}

} // namespace glyptic
