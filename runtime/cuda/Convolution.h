//===- Convolution.h - How cuDNN does a convolution -------------*- C++ -*-===//
#pragma once

#include "runtime/core/ConvolutionShape.h"
#include "runtime/cuda/Cudnn.h"
#include "runtime/cuda/Routines.h"

#include <array>
#include <optional>

namespace glyptic::runtime::cuda {

/// An engine of cuDNN, set up for one convolution of one size.
struct ConvolutionPlan {
  Descriptor descriptor;
  size_t workspace;
};

/// Finds engines for a convolution.
class ConvolutionPlanner {
public:
  /// A GPU that is here, by cuDNN's handle, or one that is not, by its properties: then plans can be made, not run.
  struct Device {
    Cudnn::Handle handle;
    const Descriptor *properties;
  };

  ConvolutionPlanner(const Cudnn &library, const ConvolutionShape &shape, Device device);

  /// For operands of these alignments, in bytes, and at most so much workspace; nullopt where no engine will do.
  std::optional<ConvolutionPlan> plan(int64_t batch, std::array<int64_t, 3> alignments, size_t workspace) const;

private:
  Descriptor describe(const ConvolutionShape::Tensor &tensor, int64_t id, int64_t alignment) const;
  Descriptor describeWindow() const;
  std::optional<ConvolutionPlan> search(const Descriptor &graph, int mode, size_t workspace) const;

  const Cudnn &library;
  const ConvolutionShape &shape;
  const Device device;
};

} // namespace glyptic::runtime::cuda
