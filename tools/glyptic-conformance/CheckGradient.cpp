//===- CheckGradient.cpp - Derivatives of a model against differences -----===//
#include "CheckGradient.h"
#include "compiler/Training/Autodiff.h"
#include "dialects/Graph/Builders.h"
#include "tools/glyptic-translate/InterpretModel.h"
#include "mlir/IR/Diagnostics.h"
#include <random>

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

namespace {

bool isFloat(Type type) { return isa<FloatType>(getElementTypeOrSelf(type)); }

llvm::Error fail(const Twine &message) { return llvm::createStringError(llvm::inconvertibleErrorCode(), message); }

/// Numbers between -1 and 1, the same everywhere.
HostTensor makeNoise(RankedTensorType type, std::mt19937 &random) {
  HostTensor noise(type.getElementType(), type.getShape(), HostPrecision::F64);
  for (double &element : noise.get<double>())
    element = double(random()) / double(std::mt19937::max()) * 2 - 1;
  return noise;
}

class GradientCheck {
public:
  GradientCheck(func::FuncOp function, std::vector<HostTensor> arguments)
      : function(function), arguments(std::move(arguments)) {
    options.precision = HostPrecision::F64;
  }

  llvm::Error run() {
    for (BlockArgument argument : function.getArguments())
      if (isFloat(argument.getType()))
        sources.push_back(argument);
    if (failed(build()))
      return fail("has no gradient: " + diagnostics);
    if (llvm::none_of(gradients, [](Value gradient) { return gradient; }))
      return fail("has no gradient: no output depends on an input continuously");
    return compare();
  }

private:
  /// Turns the function into one that returns the weighted sum and its gradients. Weights are arguments: a plain sum
  /// of a softmax, for one, has no gradient.
  LogicalResult build() {
    ScopedDiagnosticHandler handler(function.getContext(), [&](Diagnostic &diagnostic) {
      diagnostics += diagnostic.str();
      return success();
    });
    Operation *end = function.front().getTerminator();
    OpBuilder builder(end);
    Location loc = function.getLoc();
    Expr total(builder, loc, scalarConstant(builder, loc, builder.getF64Type(), 0));
    for (Value output : end->getOperands()) {
      auto type = cast<RankedTensorType>(output.getType());
      if (!isFloat(type))
        continue;
      Value weight = function.front().addArgument(type, loc);
      arguments.push_back(makeNoise(type, random));
      // Infinities cancel to what is no number; a derivative must leave them alone.
      Expr isFinite(builder, loc, IsFiniteOp::create(builder, loc, output));
      Expr product = select(isFinite, Expr(builder, loc, output), 0) * Expr(builder, loc, weight);
      Value sum = reduceSum(builder, loc, product, llvm::to_vector(llvm::seq<int64_t>(0, type.getRank())));
      total = total + Expr(builder, loc, convertTo(builder, loc, sum, builder.getF64Type()));
    }
    auto built = buildGradients(builder, total, scalarConstant(builder, loc, builder.getF64Type(), 1), sources);
    if (failed(built))
      return failure();
    gradients = *built;
    SmallVector<Value> results{total};
    llvm::copy_if(gradients, std::back_inserter(results), [](Value gradient) { return gradient; });
    end->setOperands(results);
    function.removeResAttrsAttr();
    function.removeArgAttrsAttr();
    function.setType(builder.getFunctionType(function.front().getArgumentTypes(), ValueRange(results).getTypes()));
    return success();
  }

  llvm::Error compare() {
    std::vector<HostTensor> directions;
    for (Value source : sources)
      directions.push_back(makeNoise(cast<RankedTensorType>(source.getType()), random));
    auto results = interpretFunction(function, arguments, options);
    if (!results)
      return results.takeError();
    double along = 0, scale = 0;
    for (size_t i = 0, next = 1; i < sources.size(); ++i)
      if (gradients[i])
        for (auto [gradient, by] : llvm::zip_equal((*results)[next++].get<double>(), directions[i].get<double>())) {
          along += gradient * by;
          scale += std::abs(gradient * by);
        }
    constexpr double step = 1e-5, tolerance = 1e-6;
    llvm::Expected<double> above = getTotal(directions, step), below = getTotal(directions, -step);
    if (!above || !below)
      return llvm::joinErrors(above.takeError(), below.takeError());
    double difference = (*above - *below) / (2 * step);
    if (std::abs(difference - along) <= tolerance * std::max(scale, 1.0))
      return llvm::Error::success();
    return fail("the derivative is " + std::to_string(along) + ", differences give " + std::to_string(difference));
  }

  llvm::Expected<double> getTotal(ArrayRef<HostTensor> directions, double step) {
    std::vector<HostTensor> moved = arguments;
    for (auto [source, direction] : llvm::zip_equal(sources, directions))
      for (auto [element, by] : llvm::zip_equal(moved[cast<BlockArgument>(source).getArgNumber()].get<double>(),
                                                direction.get<double>()))
        element += step * by;
    auto results = interpretFunction(function, moved, options);
    if (!results)
      return results.takeError();
    return results->front().at(0);
  }

  func::FuncOp function;
  std::vector<HostTensor> arguments;
  InterpreterOptions options;
  SmallVector<Value> sources, gradients;
  std::string diagnostics;
  std::mt19937 random{7};
};

} // namespace

llvm::Error checkGradient(ImportedModel &model, const std::string &inputPath) {
  InterpreterOptions options;
  options.precision = HostPrecision::F64;
  auto arguments = readArguments(model, inputPath, options);
  if (!arguments)
    return arguments.takeError();
  auto function = model.module->lookupSymbol<func::FuncOp>(entry::Infer);
  return GradientCheck(function, std::move(*arguments)).run();
}

} // namespace glyptic
