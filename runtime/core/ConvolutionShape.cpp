//===- ConvolutionShape.cpp - What convolutions compute -------------------===//
#include "runtime/core/ConvolutionShape.h"
#include "support/glyph/Names.h"

#include <algorithm>

namespace glyptic::runtime {

static ConvolutionShape::Roles rolesOf(const CallSite &site) {
  if (site.routine() == names::kConvolutionInputGradient)
    return {2, 1, 0};
  if (site.routine() == names::kConvolutionWeightGradient)
    return {0, 2, 1};
  return {0, 1, 2};
}

ConvolutionShape::ConvolutionShape(const CallSite &site)
    : roles(rolesOf(site)), groups(site.scalar(names::kGroups)), site(site),
      inputDims(site.parameter(names::kInputDims)), weightDims(site.parameter(names::kWeightDims)),
      outputDims(site.parameter(names::kOutputDims)) {
  site.expectOperands(2, 1, DType::F32);
  auto space = static_cast<int64_t>(inputDims.size()) - 2;
  if (space < 1 || space > 3)
    site.fail("it has " + std::to_string(space) + " dimensions of space; 1 to 3 are supported");
  strides = site.parameter(names::kStrides, space);
  low = site.parameter(names::kPadsLow, space);
  high = site.parameter(names::kPadsHigh, space);
  dilations = site.parameter(names::kDilations, space);
  checkParameters();
  checkDims(roles.input, inputDims);
  checkDims(roles.weight, weightDims);
  checkDims(roles.output, outputDims);
  if (site.shape(roles.weight, 1) != site.shape(roles.weight, 2))
    site.fail("its weight depends on the batch");
  for (int64_t batch : {int64_t(1), int64_t(2)})
    checkShapes(batch);
}

void ConvolutionShape::checkParameters() const {
  auto positive = [](int64_t value) { return value >= 1; };
  if (groups < 1 || !std::all_of(strides.begin(), strides.end(), positive) ||
      !std::all_of(dilations.begin(), dilations.end(), positive))
    site.fail("groups, strides and dilations must be positive");
  if (*std::min_element(low.begin(), low.end()) < 0 || *std::min_element(high.begin(), high.end()) < 0)
    site.fail("negative padding is not supported");
}

void ConvolutionShape::checkDims(size_t operand, const std::vector<int64_t> &dims) const {
  std::vector<bool> used(site.rank(operand), false);
  if (dims.size() != used.size() || dims.size() != inputDims.size())
    site.fail("its dimension numbers do not fit the ranks");
  for (int64_t dim : dims) {
    if (dim < 0 || dim >= static_cast<int64_t>(used.size()) || used[static_cast<size_t>(dim)])
      site.fail("its dimension numbers are no permutation");
    used[static_cast<size_t>(dim)] = true;
  }
}

void ConvolutionShape::checkShapes(int64_t batch) const {
  std::vector<int64_t> in = input(batch).sizes, kernel = weight().sizes, out = output(batch).sizes;
  bool fits = in[0] == out[0] && in[1] == kernel[1] * groups && out[1] == kernel[0] && kernel[0] % groups == 0;
  for (size_t i = 0; i + 2 < in.size(); ++i) {
    int64_t range = dilations[i] * (kernel[i + 2] - 1) + 1;
    int64_t span = in[i + 2] + low[i] + high[i] - range;
    fits = fits && kernel[i + 2] > 0 && span >= 0 && span / strides[i] + 1 == out[i + 2];
  }
  if (!fits)
    site.fail("its shapes do not fit each other");
}

ConvolutionShape::Tensor ConvolutionShape::ordered(size_t operand, const std::vector<int64_t> &dims,
                                                   int64_t batch) const {
  std::vector<int64_t> shape = site.shape(operand, batch), strides = site.strides(operand, batch);
  Tensor tensor;
  for (int64_t dim : dims) {
    tensor.sizes.push_back(shape[static_cast<size_t>(dim)]);
    tensor.strides.push_back(strides[static_cast<size_t>(dim)]);
  }
  return tensor;
}

} // namespace glyptic::runtime
