//===- DataSetHandle.h - What stands behind glyptic_dataset -----*- C++ -*-===//
#pragma once

#include "glyptic/train.h"
#include "support/DataSet.h"
#include <memory>

/// Some samples of a file, in ascending order; splits share the arrays.
struct glyptic_dataset {
  std::shared_ptr<const glyptic::DataSet> arrays;
  std::vector<uint64_t> samples;
};
