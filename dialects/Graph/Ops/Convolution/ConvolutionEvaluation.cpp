//===- ConvolutionEvaluation.cpp - Convolution in the interpreter -*- C++ -*-===//
#include "dialects/Graph/HostTensor.h"
#include "dialects/Graph/Ops/Convolution/ConvGeometry.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace glyptic::graph;

namespace {
/// The tensors of the trilinear form, and the order in which the interpreter visits its products.
class ConvWalk {
public:
  ConvWalk(const ConvGeometry &geometry, const HostTensor &input, const HostTensor &weight, const HostTensor &output)
      : geometry(geometry), inputShape(input.getShape()), weightShape(weight.getShape()),
        outputShape(output.getShape()), inputStrides(input.getStrides()), weightStrides(weight.getStrides()),
        outputStrides(output.getStrides()) {}

  /// Calls visit(x, w, y) with the positions of every product's factors.
  template <typename Visit> void forEachProduct(Visit visit) const {
    ArrayRef<int64_t> in = geometry.dims.getInput(), we = geometry.dims.getWeight(), out = geometry.dims.getOutput();
    SmallVector<int64_t> space = llvm::map_to_vector(out.drop_front(2), [&](int64_t dim) { return outputShape[dim]; });
    const int64_t filters = outputShape[out[1]], channels = weightShape[we[1]];
    for (int64_t linear = 0; linear < computeProduct(space); ++linear) {
      SmallVector<int64_t> o = delinearize(linear, computeStrides(space));
      SmallVector<std::pair<int64_t, int64_t>> taps = getTaps(o);
      int64_t yOffset = 0;
      for (auto [i, position] : llvm::enumerate(o))
        yOffset += position * outputStrides[out[i + 2]];
      for (int64_t n = 0; n < outputShape[out[0]]; ++n)
        for (int64_t f = 0; f < filters; ++f)
          for (int64_t c = 0; c < channels; ++c) {
            int64_t feature = f / (filters / geometry.groups) * channels + c;
            int64_t x = n * inputStrides[in[0]] + feature * inputStrides[in[1]];
            int64_t w = f * weightStrides[we[0]] + c * weightStrides[we[1]];
            int64_t y = n * outputStrides[out[0]] + f * outputStrides[out[1]] + yOffset;
            for (auto [xTap, wTap] : taps)
              visit(x + xTap, w + wTap, y);
          }
    }
  }

private:
  /// Offsets in input and weight of the taps of window `o` that do not lie in padding.
  SmallVector<std::pair<int64_t, int64_t>> getTaps(ArrayRef<int64_t> o) const {
    SmallVector<std::pair<int64_t, int64_t>> taps = {{0, 0}};
    for (int64_t i = 0; i < geometry.getSpatialRank(); ++i) {
      WindowDim window = geometry.getWindow(inputShape, weightShape, i);
      SmallVector<std::pair<int64_t, int64_t>> next;
      for (auto [x, w] : taps)
        for (int64_t k = 0; k < window.window; ++k)
          if (int64_t position = window.getPosition(o[i], k); window.isInside(position))
            next.push_back({x + position * inputStrides[geometry.dims.getInput()[i + 2]],
                            w + k * weightStrides[geometry.dims.getWeight()[i + 2]]});
      taps = std::move(next);
    }
    return taps;
  }

  const ConvGeometry &geometry;
  ArrayRef<int64_t> inputShape, weightShape, outputShape;
  SmallVector<int64_t> inputStrides, weightStrides, outputStrides;
};

/// Runs body(a, b, result) on the elements of the operands and the result, in the interpreter's precision.
template <typename Body>
LogicalResult onElements(ArrayRef<const HostTensor *> operands, HostTensor &result, Body body) {
  if (auto *elements = std::get_if<std::vector<double>>(&result.getStorage()))
    body(operands[0]->get<double>(), operands[1]->get<double>(), MutableArrayRef<double>(*elements));
  else
    body(operands[0]->get<float>(), operands[1]->get<float>(), result.get<float>());
  return success();
}
} // namespace

LogicalResult ConvOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  ConvGeometry geometry = ConvGeometry::get(*this);
  ConvWalk walk(geometry, *operands[0], *operands[1], results[0]);
  return onElements(operands, results[0], [&](auto input, auto weight, auto output) {
    walk.forEachProduct([&](int64_t x, int64_t w, int64_t y) { output[y] += input[x] * weight[w]; });
  });
}

LogicalResult ConvInputGradOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  ConvGeometry geometry = ConvGeometry::get(*this);
  ConvWalk walk(geometry, results[0], *operands[1], *operands[0]);
  return onElements(operands, results[0], [&](auto gradient, auto weight, auto input) {
    walk.forEachProduct([&](int64_t x, int64_t w, int64_t y) { input[x] += gradient[y] * weight[w]; });
  });
}

LogicalResult ConvWeightGradOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  ConvGeometry geometry = ConvGeometry::get(*this);
  ConvWalk walk(geometry, *operands[0], results[0], *operands[1]);
  return onElements(operands, results[0], [&](auto input, auto gradient, auto weight) {
    walk.forEachProduct([&](int64_t x, int64_t w, int64_t y) { weight[w] += input[x] * gradient[y]; });
  });
}
