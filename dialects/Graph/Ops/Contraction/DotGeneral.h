//===- DotGeneral.h - Dimension numbers of contractions ---------*- C++ -*-===//
#pragma once

#include "dialects/Graph/GraphDialect.h"

namespace glyptic::graph {

/// The dimensions of an operand that are neither batch nor contracting, increasing.
llvm::SmallVector<int64_t> getFreeDims(int64_t rank, llvm::ArrayRef<int64_t> batch,
                                       llvm::ArrayRef<int64_t> contracting);

} // namespace glyptic::graph
