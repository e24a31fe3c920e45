//===- Predicates.h - When two groups may become one ------------*- C++ -*-===//
#pragma once

#include "compiler/Fusion/Group.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace glyptic::fusion {

/// A named rule. `holds` is asked about a producer group, a consumer group, and what they would be together.
struct Predicate {
  llvm::StringLiteral name;
  llvm::StringLiteral reason; ///< what `inspect` tells of a region that stopped here
  bool (*holds)(const Group &producer, const Group &consumer, const Group &merged);
};

/// All must hold.
llvm::ArrayRef<Predicate> getPredicates();

/// The group that both would form, or nullopt with the predicate that forbids it in `*stoppedBy` (if not null).
std::optional<Group> merge(const Group &producer, const Group &consumer, const Predicate **stoppedBy = nullptr);

} // namespace glyptic::fusion
