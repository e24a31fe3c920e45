//===- Convolution.cpp - Convolutions by cuDNN ----------------------------===//
//
// Tensors are read and written where they lie, by their strides. cuDNN offers engines in the order in which it likes
// them for this GPU; the first that keeps to the rules below is taken. Trying them out would make bits depend on the
// clock.
//
//===----------------------------------------------------------------------===//
#include "runtime/cuda/Convolution.h"

#include <algorithm>

namespace glyptic::runtime::cuda {
namespace {

/// Names of the three tensors in a plan and its arguments.
constexpr int64_t kInputId = 1, kWeightId = 2, kOutputId = 3;

/// What of a kind of convolution is an attribute of which number.
struct Attributes {
  int kind, alpha, beta, convolution, input, weight, output;
};
constexpr Attributes kForwardAttributes = {dnn::kForward, 700, 701, 702, 704, 703, 705},
                     kInputGradientAttributes = {dnn::kInputGradient, 706, 707, 708, 710, 709, 711},
                     kWeightGradientAttributes = {dnn::kWeightGradient, 712, 713, 714, 716, 715, 717};

const Attributes &attributesOf(const ConvolutionShape::Roles &roles) {
  return roles.output == 2  ? kForwardAttributes
         : roles.input == 2 ? kInputGradientAttributes
                            : kWeightGradientAttributes;
}

/// Sums in FP32 as the program says: no TF32, which tensor cores would use; no transformations, which lose digits. And
/// the same bits for the same library and GPU. Engines that compile kernels at run time wait.
bool keepsTheRules(const Descriptor &engine) {
  for (int note : engine.getValues(dnn::kEngineNumericalNotes, dnn::kNumericalNote))
    if (note <= dnn::kWinograd)
      return false;
  std::vector<int> behavior = engine.getValues(dnn::kEngineBehaviorNotes, dnn::kBehaviorNote);
  return std::find(behavior.begin(), behavior.end(), dnn::kCompilesAtRunTime) == behavior.end();
}

/// cuDNN's tensors have two dimensions of space at least.
std::vector<int64_t> withPlane(std::vector<int64_t> values, size_t rank, int64_t lacking) {
  if (rank == 3)
    values.insert(values.end() - 1, lacking);
  return values;
}

} // namespace

ConvolutionPlanner::ConvolutionPlanner(const Cudnn &library, const ConvolutionShape &shape, Device device)
    : library(library), shape(shape), device(device) {}

Descriptor ConvolutionPlanner::describe(const ConvolutionShape::Tensor &tensor, int64_t id, int64_t alignment) const {
  const size_t rank = tensor.sizes.size();
  Descriptor made(library, dnn::kTensor);
  made.set(dnn::kTensorType, dnn::kDataType, dnn::kReal32);
  made.set(dnn::kTensorSizes, dnn::kInt64, withPlane(tensor.sizes, rank, 1));
  made.set(dnn::kTensorStrides, dnn::kInt64,
           withPlane(tensor.strides, rank, tensor.sizes.back() * tensor.strides.back()));
  made.set(dnn::kTensorId, dnn::kInt64, id);
  made.set(dnn::kTensorAlignment, dnn::kInt64, alignment);
  made.finish();
  return made;
}

Descriptor ConvolutionPlanner::describeWindow() const {
  const size_t rank = shape.strides.size() + 2;
  Descriptor made(library, dnn::kConvolution);
  made.set(dnn::kSpatialDims, dnn::kInt64, std::max<int64_t>(2, static_cast<int64_t>(shape.strides.size())));
  made.set(dnn::kConvolutionType, dnn::kDataType, dnn::kReal32);
  made.set(dnn::kConvolutionKind, dnn::kConvolutionMode, dnn::kCrossCorrelation);
  made.set(dnn::kPadsLow, dnn::kInt64, withPlane(shape.low, rank, 0));
  made.set(dnn::kPadsHigh, dnn::kInt64, withPlane(shape.high, rank, 0));
  made.set(dnn::kStrides, dnn::kInt64, withPlane(shape.strides, rank, 1));
  made.set(dnn::kDilations, dnn::kInt64, withPlane(shape.dilations, rank, 1));
  made.finish();
  return made;
}

std::optional<ConvolutionPlan> ConvolutionPlanner::plan(int64_t batch, std::array<int64_t, 3> alignments,
                                                        size_t workspace) const {
  const Attributes &attributes = attributesOf(shape.roles);
  Descriptor input = describe(shape.input(batch), kInputId, alignments[shape.roles.input]);
  Descriptor weight = describe(shape.weight(), kWeightId, alignments[shape.roles.weight]);
  Descriptor output = describe(shape.output(batch), kOutputId, alignments[shape.roles.output]);
  Descriptor window = describeWindow();
  Descriptor operation(library, attributes.kind);
  operation.set(attributes.convolution, window);
  operation.set(attributes.input, input);
  operation.set(attributes.weight, weight);
  operation.set(attributes.output, output);
  operation.set(attributes.alpha, dnn::kFloat, 1.0f);
  operation.set(attributes.beta, dnn::kFloat, 0.0f);
  operation.finish();
  Descriptor graph(library, dnn::kOperationGraph);
  graph.set(dnn::kGraphOperations, operation);
  if (device.handle)
    graph.set(dnn::kGraphHandle, dnn::kHandle, device.handle);
  graph.finish();
  for (int mode : {dnn::kModeA, dnn::kModeFallback})
    if (std::optional<ConvolutionPlan> found = search(graph, mode, workspace))
      return found;
  return std::nullopt;
}

std::optional<ConvolutionPlan> ConvolutionPlanner::search(const Descriptor &graph, int mode, size_t workspace) const {
  constexpr size_t kMost = 64;
  Descriptor heuristics(library, dnn::kHeuristics);
  heuristics.set(dnn::kHeuristicsGraph, graph);
  heuristics.set(dnn::kHeuristicsMode, dnn::kHeuristicMode, mode);
  if (device.properties)
    heuristics.set(dnn::kHeuristicsDevice, *device.properties);
  if (!heuristics.tryFinish())
    return std::nullopt;
  std::vector<Descriptor> configs;
  for (size_t i = 0; i < kMost; ++i)
    configs.emplace_back(library, dnn::kEngineConfig);
  const size_t count = heuristics.fill(dnn::kHeuristicsResults, configs);
  for (size_t i = 0; i < count; ++i) {
    std::vector<Descriptor> engine;
    engine.emplace_back(library, dnn::kEngine);
    configs[i].fill(dnn::kConfigEngine, engine);
    if (!keepsTheRules(engine.front()))
      continue;
    Descriptor plan(library, dnn::kPlan);
    if (device.handle)
      plan.set(dnn::kPlanHandle, dnn::kHandle, device.handle);
    else
      plan.set(dnn::kPlanDevice, *device.properties);
    plan.set(dnn::kPlanConfig, configs[i]);
    if (!plan.tryFinish())
      continue;
    auto need = static_cast<size_t>(plan.getNumber(dnn::kPlanWorkspace));
    if (need <= workspace)
      return ConvolutionPlan{std::move(plan), need};
  }
  return std::nullopt;
}

namespace {

/// A plan, and the memory that it ran on last: a session's calls lie where they lie, so that is described once.
struct Planned {
  ConvolutionPlan plan;
  size_t workspace;
  std::vector<void *> operands = {};
  std::byte *scratch = nullptr;
  std::optional<Descriptor> memory = std::nullopt;
};

class Convolution final : public PlannedRoutine<Planned> {
public:
  Convolution(const CallSite &site, const Queue &queue, const Dnn &dnn)
      : PlannedRoutine(site, queue), shape(site), dnn(dnn) {}

private:
  void execute(Planned &planned, void *const *operands, std::byte *scratch) const override {
    if (!planned.memory || planned.scratch != scratch ||
        !std::equal(planned.operands.begin(), planned.operands.end(), operands))
      describeMemory(planned, operands, scratch);
    dnn.library.check(dnn.library.execute(dnn.handle, planned.plan.descriptor.get(), planned.memory->get()),
                      "cannot convolve on the GPU");
  }

  void describeMemory(Planned &planned, void *const *operands, std::byte *scratch) const {
    planned.operands.assign(operands, operands + 3);
    planned.scratch = scratch;
    const auto &[input, weight, output] = shape.roles;
    Descriptor &pack = planned.memory.emplace(dnn.library, dnn::kVariantPack);
    pack.set(dnn::kPackIds, dnn::kInt64, std::vector<int64_t>{kInputId, kWeightId, kOutputId});
    pack.set(dnn::kPackPointers, dnn::kVoidPointer,
             std::vector<void *>{operands[input], operands[weight], operands[output]});
    pack.set(dnn::kPackWorkspace, dnn::kVoidPointer, static_cast<void *>(scratch));
    pack.finish();
  }

  Planned build(int64_t batch) const override {
    ConvolutionPlanner planner(dnn.library, shape, {dnn.handle, nullptr});
    auto plan = planner.plan(batch, {site.alignment(0), site.alignment(1), site.alignment(2)}, site.workspace(batch));
    if (!plan)
      site.fail("cuDNN has no engine for " + std::to_string(batch) +
                " samples that sums in FP32, gives the same bits each time and needs at most " +
                std::to_string(site.workspace(batch)) + " bytes of workspace");
    const size_t workspace = plan->workspace;
    return {std::move(*plan), workspace};
  }

  ConvolutionShape shape;
  const Dnn &dnn;
};

} // namespace

std::unique_ptr<Routine> makeConvolution(const CallSite &site, const Queue &queue, const Dnn &dnn) {
  return std::make_unique<Convolution>(site, queue, dnn);
}

} // namespace glyptic::runtime::cuda
