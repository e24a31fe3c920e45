//===- Grouping.h - Which ops become one kernel -----------------*- C++ -*-===//
#pragma once

#include "compiler/Fusion/Group.h"
#include <vector>

namespace glyptic::fusion {

/// Partitions the fusible ops of a block, free ones excepted, into groups that can each run as a whole: contracting
/// every group to one node leaves the block's graph acyclic. Deterministic.
std::vector<Group> formGroups(mlir::Block &block);

} // namespace glyptic::fusion
