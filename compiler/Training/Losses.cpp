//===- Losses.cpp - Losses and metrics by name ------------------------------===//
#include "compiler/Training/Losses.h"
#include "compiler/Program.h"
#include "compiler/Training/LossRules.h"
#include "compiler/Training/Names.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {
namespace {

/// A shape as users write it: [batch, 10].
std::string describe(ArrayRef<Dim> dims) {
  return "[" + llvm::join(llvm::map_range(dims, [](Dim dim) {
           std::string size = std::to_string(dim.scale);
           return !dim.batched ? size : dim.scale == 1 ? "batch" : size + "*batch";
         }), ", ") + "]";
}

/// The activation behind an output, if it is one of `known`.
struct FoundActivation {
  Operation *op;
  StringRef name;
  Value logits;
  int64_t dim = 0; ///< that a softmax normalises
};

std::optional<FoundActivation> findActivation(Value output, ArrayRef<Activation> known) {
  auto knows = [&](Activation activation) { return llvm::is_contained(known, activation); };
  if (auto softmax = output.getDefiningOp<SoftmaxOp>())
    if (knows(Activation::Softmax) && softmax.getDims().size() == 1)
      return {{softmax, "softmax", softmax.getInput(), softmax.getDims()[0]}};
  if (auto softmax = output.getDefiningOp<LogSoftmaxOp>())
    if (knows(Activation::LogSoftmax) && softmax.getDims().size() == 1)
      return {{softmax, "log-softmax", softmax.getInput(), softmax.getDims()[0]}};
  while (auto reshape = output.getDefiningOp<ReshapeOp>()) // a sigmoid is often squeezed afterwards
    output = reshape.getInput();
  if (auto sigmoid = output.getDefiningOp<LogisticOp>())
    if (knows(Activation::Sigmoid))
      return {{sigmoid, "sigmoid", sigmoid.getInput()}};
  return std::nullopt;
}

/// A loss in FP16 or BF16 would lose the sum over a batch.
Type getLossType(Type elementType) {
  return elementType.getIntOrFloatBitWidth() < 32 ? Float32Type::get(elementType.getContext()) : elementType;
}

/// Where labels of the shape `positions` lie in data, whose first dimension counts samples.
SmallVector<Dim> getLabelDims(SmallVector<Dim> positions, LabelKind kind) {
  if (positions[0].batched && positions[0].scale > 1) {
    positions.insert(positions.begin() + 1, Dim{positions[0].scale, false});
    positions[0].scale = 1;
  }
  if (kind != LabelKind::Class && positions.size() == 2 && positions[1].isOne())
    positions.pop_back(); // one number for each sample is a column of data
  return positions;
}

StringRef getName(func::FuncOp function, unsigned result) {
  auto name = function.getResultAttrOfType<StringAttr>(result, kNameAttr);
  return name ? name.getValue() : "";
}

/// Of a model without scores: says which nodes made them integers.
LogicalResult reportIntegers(func::FuncOp infer) {
  for (auto [i, output] : llvm::enumerate(infer.getBody().front().getTerminator()->getOperands()))
    emitError(output.getLoc())
        << "computes the output '" << getName(infer, i)
        << "', which is of an integer type, and no output is of a floating-point type for a loss to "
           "look at; export the model with the scores before this node as an output";
  return failure();
}

} // namespace

FailureOr<Objective> Objective::create(func::FuncOp infer, const TrainingOptions &options) {
  Objective objective(options);
  objective.loss = findRule(getLossRules(), "loss", options.loss, infer.getLoc());
  if (!objective.loss || failed(objective.findOutput(infer)) || failed(objective.findPositions(infer)) ||
      failed(objective.findLabelType(infer)) || failed(objective.findMetrics(infer)))
    return failure();
  return objective;
}

LogicalResult Objective::findOutput(func::FuncOp infer) {
  auto isFloat = [&](unsigned i) { return isa<FloatType>(getElementTypeOrSelf(infer.getResultTypes()[i])); };
  auto results = llvm::seq<unsigned>(0, infer.getNumResults());
  auto found = llvm::find_if(results, [&](unsigned i) {
    return options->output.empty() ? isFloat(i) : getName(infer, i) == options->output;
  });
  if (found == results.end()) {
    if (options->output.empty())
      return reportIntegers(infer);
    InFlightDiagnostic error = infer.emitError();
    error << "the model has no output '" << options->output << "'; its outputs are";
    for (unsigned i : results)
      error << (i ? ", '" : " '") << getName(infer, i) << "'";
    return failure();
  }
  outputIndex = *found;
  outputName = getName(infer, outputIndex).str();
  if (!isFloat(outputIndex))
    return infer.emitError("output '") << outputName << "' is of an integer type, on which no loss is defined";
  return success();
}

LogicalResult Objective::findPositions(func::FuncOp infer) {
  Value output = infer.getBody().front().getTerminator()->getOperand(outputIndex);
  auto type = cast<RankedTensorType>(output.getType());
  SmallVector<Dim> dims = getDims(type);
  std::optional<FoundActivation> activation = findActivation(output, loss->activations);
  if (activation)
    emitRemark(activation->op->getLoc())
        << "loss '" << loss->name << "' is computed from the input of this " << activation->name;
  if (loss->labels != LabelKind::Class) {
    if (dims.empty())
      return infer.emitError("loss '") << loss->name << "' needs an output with a value for each sample; output '"
                                       << outputName << "' has shape []";
    positionType = getTensorType(dims, getLossType(type.getElementType()));
    return success();
  }
  if (failed(findClassDim(infer, dims.size(), activation ? activation->dim : 0)))
    return failure();
  if (!activation && !options->classDim && dims.size() == 3)
    emitRemark(output.getLoc()) << "loss '" << loss->name << "' takes the last dimension of this output, "
                                << describe(dims) << ", for the classes; --class-dim 1 takes PyTorch's";
  if (dims.size() < 2 || dims[classDim].batched || dims[classDim].scale < 2)
    return infer.emitError("loss '")
           << loss->name
           << "' needs scores of two or more classes, such as an output [batch, 10] for labels [batch]; output '"
           << outputName << "' has shape " << describe(dims) << " (a single score decides between two with bce-logits)";
  dims.erase(dims.begin() + classDim);
  positionType = getTensorType(dims, IntegerType::get(infer.getContext(), 64));
  return success();
}

/// `normalised` is the dimension of a softmax behind the output; 0 if there is none. Without it images have their
/// classes in dimension 1, as PyTorch wants, and sequences in the last, as language models do.
LogicalResult Objective::findClassDim(func::FuncOp infer, int64_t rank, int64_t normalised) {
  const int64_t asked = options->classDim;
  if (asked >= rank && rank > 0)
    return infer.emitError("output '") << outputName << "' has no dimension " << asked << " for the classes; it has "
                                       << rank << " dimensions, counted from 0";
  if (asked && normalised && asked != normalised)
    return infer.emitError("output '") << outputName << "' is normalised along dimension " << normalised
                                       << ", so its classes do not lie along dimension " << asked;
  classDim = asked ? asked : normalised ? normalised : rank >= 4 ? 1 : rank - 1;
  return success();
}

LogicalResult Objective::findLabelType(func::FuncOp infer) {
  if (getBatchedDim(positionType) > 0)
    return infer.emitError("output '") << outputName << "' has its batch in dimension " << getBatchedDim(positionType)
                                       << "; labels for it are supported with the batch in dimension 0";
  labelType = getTensorType(getLabelDims(getDims(positionType), loss->labels), positionType.getElementType());
  for (unsigned i : llvm::seq(infer.getNumArguments()))
    if (auto name = infer.getArgAttrOfType<StringAttr>(i, kNameAttr); name && name.getValue() == options->label)
      return infer.emitError("the label is named '") << options->label << "', as "
                                                     << infer.getArgAttrOfType<StringAttr>(i, kRoleAttr).getValue()
                                                     << " of the model is; name another array with --label";
  return success();
}

LogicalResult Objective::findMetrics(func::FuncOp infer) {
  for (const std::string &name : options->metrics) {
    const MetricRule *metric = findRule(getMetricRules(), "metric", name, infer.getLoc());
    if (!metric)
      return failure();
    if (!llvm::is_contained(metric->labels, loss->labels))
      return infer.emitError("metric '") << name << "' does not fit loss '" << loss->name << "'";
    if (!llvm::is_contained(metrics, metric))
      metrics.push_back(metric);
  }
  return success();
}

SmallVector<std::pair<std::string, Value>> Objective::build(OpBuilder &builder, Value output, Value label) const {
  Location loc = NameLoc::get(builder.getStringAttr(loss->name));
  std::optional<FoundActivation> activation = findActivation(output, loss->activations);
  Value scores = activation ? activation->logits : output;
  scores = reshapeTo(builder, loc, scores, cast<RankedTensorType>(output.getType()));
  scores = convertTo(builder, loc, scores, getLossType(getElementTypeOrSelf(scores.getType())));
  Prediction prediction{builder, loc, *options, loss->labels, scores, loss->takesLogits || activation,
                        reshapeTo(builder, loc, label, positionType), classDim};
  Sums sums = loss->build(prediction);
  SmallVector<std::pair<std::string, Value>> totals{{"loss", sums.value}, {"weight", sums.weight}};
  for (const MetricRule *metric : metrics)
    totals.emplace_back(metric->name.str(), metric->build(prediction));
  return totals;
}

} // namespace glyptic
