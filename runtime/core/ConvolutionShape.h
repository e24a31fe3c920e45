//===- ConvolutionShape.h - What convolutions compute -----------*- C++ -*-===//
#pragma once

#include "runtime/core/Routine.h"

namespace glyptic::runtime {

/// The three tensors and the window of the library routines "convolution", "convolution_input_gradient" and
/// "convolution_weight_gradient", in the order in which libraries number dimensions: batch (or output feature), feature
/// (or input feature of a group), space. The constructor checks the call.
class ConvolutionShape {
public:
  explicit ConvolutionShape(const CallSite &site);

  /// Which operand of the call is which tensor: the last is what it computes.
  struct Roles {
    size_t input, weight, output;
  };

  struct Tensor {
    std::vector<int64_t> sizes, strides; ///< strides are those in memory
  };
  Tensor input(int64_t batch) const { return ordered(roles.input, inputDims, batch); }
  /// Its first dimension goes through all groups, its second is that of one group.
  Tensor weight() const { return ordered(roles.weight, weightDims, 1); }
  Tensor output(int64_t batch) const { return ordered(roles.output, outputDims, batch); }

  const Roles roles;
  int64_t groups;
  std::vector<int64_t> strides, low, high, dilations; ///< of each dimension of space

private:
  Tensor ordered(size_t operand, const std::vector<int64_t> &dims, int64_t batch) const;
  void checkParameters() const;
  void checkDims(size_t operand, const std::vector<int64_t> &dims) const;
  void checkShapes(int64_t batch) const;

  CallSite site;
  std::vector<int64_t> inputDims, weightDims, outputDims;
};

} // namespace glyptic::runtime
