//===- Arguments.h - Where to check a gradient ------------------*- C++ -*-===//
#pragma once

#include "compiler/Import/Import.h"
#include "dialects/Graph/HostTensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace glyptic {

/// A batch of @grad.
struct GradientArguments {
  std::vector<graph::HostTensor> tensors;
  int64_t batch = 1;   ///< what `?` stands for
  int64_t samples = 1; ///< in the batch; more than `batch` where the model fixes its own
};

/// The model's weights, and the first samples of `data` or, where that is empty, random ones: floats of mean 0 and
/// deviation 1, labels of classes and positions in tables within their range, other integers 0 or 1. Accumulators and
/// counters are zero. Throws an Error about the data.
GradientArguments makeArguments(mlir::func::FuncOp grad, llvm::ArrayRef<Weight> weights, const std::string &data,
                                int64_t samples, uint64_t seed);

} // namespace glyptic
