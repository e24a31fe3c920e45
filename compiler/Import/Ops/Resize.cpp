//===- Resize.cpp - Resize and Upsample ---------------------------------------===//
//
// Interpolation is separable, so each dimension is resized by itself. Where its elements come from is known at import:
// a few input positions with weights, for each output position. Repetition and subsampling then need no table, and
// anything else gathers each position in turn.
//
//===----------------------------------------------------------------------===//
#include "compiler/Import/Registry.h"
#include "compiler/Import/TensorUse.h"
#include <cmath>
#include <map>

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

namespace {

/// What the attributes say, by the definitions of the newest version.
struct Rules {
  std::string mode, coordinates, nearest, policy;
  bool antialias, excludeOutside;
  double cubicCoefficient, extrapolated;
};

struct Axis {
  int64_t dim, inputs, outputs;
  float scale;
  float first = 0, last = 1; ///< the region of interest, as shares of the dimension
};

/// Where each output position comes from is a table in memory while importing, and in the program.
constexpr int64_t kMaxPositions = 1 << 20;

/// Each element that an output element is made of takes some ops. Antialias has many of them where it shrinks.
constexpr size_t kMaxTaps = 1 << 10;

/// Weights by position in the input.
using Sources = std::map<int64_t, double>;

//===-- Geometry --------------------------------------------------------------------------------------------------===//

/// Where output position `y` lies in the input. Lengths are the tensors', as in ONNX's text; its reference
/// implementation takes inputs * scale, a fraction, for the length of the output. What is rounded is computed in single
/// precision, as scales are given and as onnxruntime does: 3 / 0.6 is 5 there, and less in double precision.
template <typename T> T locate(const Rules &rules, const Axis &axis, int64_t position) {
  T y = position, inputs = axis.inputs, outputs = axis.outputs, scale = axis.scale, ratio = outputs / inputs;
  // Weights of neighbours deserve better than a scale of 3 / 7 in single precision.
  if (std::is_same_v<T, double> && std::abs(scale - ratio) < 1e-6 * ratio)
    scale = ratio;
  StringRef mode = rules.coordinates;
  if (mode == "align_corners")
    return outputs == 1 ? 0 : y * (inputs - 1) / (outputs - 1);
  if (mode == "asymmetric")
    return y / scale;
  if (mode == "tf_crop_and_resize")
    return axis.first * (inputs - 1) + (outputs == 1 ? (axis.last - axis.first) * (inputs - 1) / 2
                                                     : y * (axis.last - axis.first) * (inputs - 1) / (outputs - 1));
  if (mode == "tf_half_pixel_for_nn")
    return (y + T(0.5)) / scale;
  if (mode == "pytorch_half_pixel" && outputs == 1)
    return 0;
  T halfPixel = (y + T(0.5)) / scale - T(0.5);
  return mode == "half_pixel_symmetric" ? inputs / 2 * (1 - outputs / (scale * inputs)) + halfPixel : halfPixel;
}

int64_t roundBy(StringRef mode, float x) {
  if (mode == "floor")
    return std::floor(x);
  if (mode == "ceil")
    return std::ceil(x);
  return mode == "round_prefer_ceil" ? std::floor(x + 0.5f) : std::ceil(x - 0.5f);
}

/// The weight of an element at that distance.
double getWeight(const Rules &rules, double distance) {
  double x = std::abs(distance), a = rules.cubicCoefficient;
  if (rules.mode == "linear")
    return std::max(1 - x, 0.0);
  if (x <= 1)
    return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/// Positions outside of the input are its outermost elements, or do not count.
Sources getSources(const Rules &rules, const Axis &axis, int64_t y) {
  auto clamp = [&](int64_t position) { return std::clamp<int64_t>(position, 0, axis.inputs - 1); };
  if (rules.mode == "nearest")
    return {{clamp(roundBy(rules.nearest, locate<float>(rules, axis, y))), 1.0}};
  double x = locate<double>(rules, axis, y);
  // Shrinking with antialias widens the kernel to all that an output element covers.
  double shrink = rules.antialias ? std::min(axis.scale, 1.0f) : 1.0;
  double reach = (rules.mode == "linear" ? 1 : 2) / shrink, total = 0;
  // All that is farther outside than the kernel reaches is the outermost element alone.
  x = std::clamp(x, -reach - 1, axis.inputs + reach);
  Sources sources;
  for (int64_t i = std::floor(x - reach); i <= std::ceil(x + reach); ++i) {
    double weight = getWeight(rules, (i - x) * shrink);
    if (weight == 0 || (rules.excludeOutside && clamp(i) != i))
      continue;
    sources[clamp(i)] += weight;
    total += weight;
  }
  if (total == 0)
    return {{clamp(std::floor(x)), 1.0}};
  for (auto &[position, weight] : sources)
    weight /= total;
  return sources;
}

/// Whether that output element has the extrapolation's value.
bool isExtrapolated(const Rules &rules, const Axis &axis, int64_t y) {
  float x = locate<float>(rules, axis, y);
  return rules.coordinates == "tf_crop_and_resize" && (x < 0 || x > axis.inputs - 1);
}

//===-- Building --------------------------------------------------------------------------------------------------===//

/// Builds the resizing of one dimension.
class AxisBuilder {
public:
  AxisBuilder(NodeImporter &node, const Rules &rules, const Axis &axis)
      : node(node), rules(rules), axis(axis) {}

  Value build(Value input) {
    dims = getDims(cast<RankedTensorType>(input.getType()));
    std::vector<Sources> sources;
    size_t most = 0;
    for (int64_t y = 0; y < axis.outputs; ++y) {
      sources.push_back(getSources(rules, axis, y));
      most = std::max(most, sources.back().size());
    }
    if (most > kMaxTaps) {
      (void)node.emitError("makes one element of " + Twine(most) + " others, more than " + Twine(kMaxTaps));
      return {};
    }
    Value result;
    for (size_t k = 0; k < most && (k == 0 || result); ++k) {
      Value term = weigh(pick(input, sources, k), sources, k);
      result = k ? node.create<AddOp>(result, term) : term;
    }
    return extrapolate(result);
  }

private:
  /// The k-th source of an output element; where there are fewer, one that will count nothing.
  static std::pair<int64_t, double> get(const Sources &sources, size_t k) {
    if (k < sources.size())
      return *std::next(sources.begin(), k);
    return {sources.begin()->first, 0.0};
  }

  Value pick(Value input, ArrayRef<Sources> sources, size_t k) {
    auto positions = llvm::map_to_vector(sources, [&](const Sources &all) { return get(all, k).first; });
    int64_t size = positions.size(), factor = size / axis.inputs;
    auto isAt = [&](auto expected) {
      return llvm::all_of(llvm::seq<int64_t>(0, size), [&](int64_t y) { return positions[y] == expected(y); });
    };
    if (factor * axis.inputs == size && factor && isAt([&](int64_t y) { return y / factor; }))
      return repeat(input, factor);
    int64_t stride = size > 1 ? positions[1] - positions[0] : 1;
    if (stride > 0 && isAt([&](int64_t y) { return positions[0] + y * stride; }))
      return subsample(input, positions[0], stride);
    auto type = RankedTensorType::get({size}, node.getBuilder().getI64Type());
    Value table = node.createConstant(DenseElementsAttr::get(type, ArrayRef<int64_t>(positions)));
    return node.create<GatherOp>(input, table, axis.dim);
  }

  Value repeat(Value input, int64_t factor) {
    SmallVector<Dim> apart(dims), wide(dims), together(dims);
    apart.insert(apart.begin() + axis.dim + 1, {1, false});
    wide.insert(wide.begin() + axis.dim + 1, {factor, false});
    together[axis.dim] = {axis.outputs, false};
    return node.createReshape(node.broadcastTo(node.createReshape(input, apart), wide), together);
  }

  Value subsample(Value input, int64_t start, int64_t stride) {
    SmallVector<Dim> sizes(dims);
    SmallVector<int64_t> starts(dims.size(), 0), strides(dims.size(), 1);
    sizes[axis.dim] = {axis.outputs, false};
    starts[axis.dim] = start;
    strides[axis.dim] = stride;
    return node.createSlice(input, starts, strides, sizes);
  }

  /// A number for each output position, repeated over the other dimensions.
  Value spread(RankedTensorType type, ArrayRef<double> numbers) {
    auto floatType = cast<FloatType>(type.getElementType());
    auto elements = llvm::map_to_vector(
        numbers, [&](double number) -> Attribute { return FloatAttr::get(floatType, number); });
    auto vector = RankedTensorType::get({axis.outputs}, floatType);
    return node.createAs<BroadcastOp>(type, node.createConstant(DenseElementsAttr::get(vector, elements)),
                                      ArrayRef<int64_t>{axis.dim});
  }

  Value weigh(Value picked, ArrayRef<Sources> sources, size_t k) {
    auto weights = llvm::map_to_vector(sources, [&](const Sources &all) { return get(all, k).second; });
    if (!picked || llvm::all_of(weights, [](double weight) { return weight == 1; }))
      return picked;
    return node.create<MulOp>(picked, spread(cast<RankedTensorType>(picked.getType()), weights));
  }

  Value extrapolate(Value result) {
    SmallVector<double> kept, added;
    for (int64_t y = 0; y < axis.outputs; ++y) {
      bool isOutside = isExtrapolated(rules, axis, y);
      kept.push_back(isOutside ? 0 : 1);
      added.push_back(isOutside ? rules.extrapolated : 0);
    }
    if (!result || !llvm::is_contained(kept, 0))
      return result;
    auto type = cast<RankedTensorType>(result.getType());
    return node.create<AddOp>(node.create<MulOp>(result, spread(type, kept)), spread(type, added));
  }

  NodeImporter &node;
  const Rules &rules;
  const Axis &axis;
  SmallVector<Dim> dims;
};

//===-- Reading ---------------------------------------------------------------------------------------------------===//

FailureOr<Rules> readRules(NodeImporter &node) {
  // Before opset 11, positions are scaled and rounded down.
  bool isOld = node.getOpset() < 11;
  Rules rules{node.getString("mode", "nearest"),
              node.getString("coordinate_transformation_mode", isOld ? "asymmetric" : "half_pixel"),
              node.getString("nearest_mode", isOld ? "floor" : "round_prefer_floor"),
              node.getString("keep_aspect_ratio_policy", "stretch"),
              node.getInt("antialias", 0) != 0,
              node.getInt("exclude_outside", 0) != 0,
              node.getFloat("cubic_coeff_a", -0.75),
              node.getFloat("extrapolation_value", 0.0)};
  struct Choice {
    StringRef attribute, value;
    std::initializer_list<StringRef> known;
  };
  for (const Choice &choice : {Choice{"mode", rules.mode, {"nearest", "linear", "cubic"}},
                               Choice{"coordinate_transformation_mode",
                                      rules.coordinates,
                                      {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
                                       "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"}},
                               Choice{"nearest_mode", rules.nearest,
                                      {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"}},
                               Choice{"keep_aspect_ratio_policy", rules.policy,
                                      {"stretch", "not_larger", "not_smaller"}}})
    if (!llvm::is_contained(choice.known, choice.value))
      return node.emitError("the attribute " + choice.attribute + " has the unknown value " + choice.value);
  return rules;
}

/// Sets the size of the result, rounded down. What is computed may be infinite, or no number.
LogicalResult setOutputs(NodeImporter &node, Axis &axis, float outputs) {
  if (!(outputs < kMaxPositions + 1.0f))
    return node.emitError("resizes " + Twine(axis.inputs) + " elements to more than " + Twine(kMaxPositions) +
                          " in one dimension");
  axis.outputs = std::floor(outputs);
  return success();
}

/// Sizes are those of the result; the scales follow from them.
LogicalResult readSizes(NodeImporter &node, const Rules &rules, MutableArrayRef<Axis> axes, ArrayRef<Dim> dims) {
  FailureOr<SmallVector<Dim>> sizes = node.getSizes(3);
  if (failed(sizes))
    return failure();
  if (sizes->size() != axes.size())
    return node.emitError("needs a size for each dimension that it resizes");
  float scale = rules.policy == "not_larger" ? INFINITY : 0;
  for (auto [axis, size] : llvm::zip_equal(axes, *sizes)) {
    if (size.batched != dims[axis.dim].batched || (size.batched && size != dims[axis.dim]))
      return node.emitError("resizes the batch; fix the batch with --shape");
    axis.outputs = size.scale;
    axis.scale = float(axis.outputs) / float(axis.inputs);
    scale = rules.policy == "not_larger" ? std::min(scale, axis.scale) : std::max(scale, axis.scale);
  }
  if (rules.policy == "stretch")
    return success();
  for (Axis &axis : axes) {
    axis.scale = scale;
    if (failed(setOutputs(node, axis, scale * float(axis.inputs) + 0.5f)))
      return failure();
  }
  return success();
}

LogicalResult readScales(NodeImporter &node, MutableArrayRef<Axis> axes, int operand) {
  std::optional<SmallVector<double>> scales = node.getFloats("scales");
  if (!scales && node.hasInput(operand))
    scales = node.getNumbers(operand);
  if (!scales)
    return node.emitError("its scales must be known at compile time");
  if (scales->size() != axes.size() || llvm::any_of(*scales, [](double scale) { return !(scale > 0); }))
    return node.emitError("needs a positive scale for each dimension that it resizes");
  for (auto [axis, scale] : llvm::zip_equal(axes, *scales)) {
    axis.scale = scale;
    if (failed(setOutputs(node, axis, axis.scale * float(axis.inputs))))
      return failure();
  }
  return success();
}

LogicalResult readRegion(NodeImporter &node, MutableArrayRef<Axis> axes) {
  std::optional<SmallVector<double>> region = node.getNumbers(1);
  if (!region || region->size() != 2 * axes.size())
    return node.emitError("its region of interest must be known at compile time, with a start and an end for each "
                          "dimension that it resizes");
  if (!llvm::all_of(*region, [](double share) { return std::abs(share) <= kMaxPositions; }))
    return node.emitError("its region of interest lies more than " + Twine(kMaxPositions) +
                          " lengths outside of what it resizes");
  for (auto [i, axis] : llvm::enumerate(axes)) {
    axis.first = (*region)[i];
    axis.last = (*region)[axes.size() + i];
  }
  return success();
}

FailureOr<SmallVector<Axis>> readAxes(NodeImporter &node, const Rules &rules, ArrayRef<Dim> dims) {
  auto given = node.getInts("axes").value_or(llvm::to_vector(llvm::seq<int64_t>(0, dims.size())));
  FailureOr<SmallVector<int64_t>> chosen = node.normalizeAxes(given, dims.size());
  if (failed(chosen))
    return failure();
  SmallVector<Axis> axes;
  for (int64_t dim : *chosen)
    axes.push_back({dim, dims[dim].scale, 0, 1.0});
  // Resize has a region before its scales since opset 11; an operand without elements is as good as none.
  bool isOld = node.getOpset() < 11;
  if (!isOld && node.hasInput(3)) {
    if (failed(readSizes(node, rules, axes, dims)))
      return failure();
  } else if (failed(readScales(node, axes, isOld ? 1 : 2))) {
    return failure();
  }
  if (rules.coordinates == "tf_crop_and_resize" && failed(readRegion(node, axes)))
    return failure();
  return axes;
}

LogicalResult importResize(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  FailureOr<Rules> rules = readRules(node);
  if (!type || failed(rules))
    return failure();
  if (rules->mode != "nearest" && !isa<FloatType>(type.getElementType()))
    return node.emitError("interpolates integers, which is not supported");
  SmallVector<Dim> dims = getDims(type);
  FailureOr<SmallVector<Axis>> axes = readAxes(node, *rules, dims);
  if (failed(axes))
    return failure();
  Value result = node.getInput(0);
  for (const Axis &axis : *axes) {
    if (axis.scale == 1 && axis.outputs == axis.inputs && axis.first == 0 && axis.last == 1)
      continue;
    if (dims[axis.dim].batched)
      return node.emitError("resizes the batch; fix the batch with --shape");
    if (axis.inputs == 0 || axis.outputs == 0)
      return node.emitError("resizes dimension " + Twine(axis.dim) + " from " + Twine(axis.inputs) + " to " +
                            Twine(axis.outputs) + " elements");
    if (std::max(axis.inputs, axis.outputs) > kMaxPositions)
      return node.emitError("resizes " + Twine(axis.inputs) + " elements to " + Twine(axis.outputs) + ", more than " +
                            Twine(kMaxPositions) + " in one dimension");
    if (result = AxisBuilder(node, *rules, axis).build(result); !result)
      return failure();
  }
  return node.setResult(result);
}

const OpImporter kImporters[] = {
    {"Resize", 10, importResize},
    {"Upsample", 7, importResize},
};

/// Resize has a region before its scales since opset 11.
TensorUse useScales(const Reading &reading) {
  return reading.slot ? TensorUse{TensorUse::Shaping, "scales"} : TensorUse();
}

const ReaderRule kReaders[] = {
    {"Resize", useScales},
    {"Upsample", useScales},
};

} // namespace

ArrayRef<OpImporter> getResizeImporters() { return kImporters; }

ArrayRef<ReaderRule> getResizeReaders() { return kReaders; }

} // namespace glyptic
