//===- Predicates.h - When two groups may become one ------------*- C++ -*-===//
#pragma once

#include "compiler/Fusion/Group.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace glyptic::fusion {

/// What can keep two kernels apart.
struct Rule {
  llvm::StringLiteral name;   ///< in a region's `apart`
  llvm::StringLiteral reason; ///< what `inspect` tells of a region that stopped here
};

/// A rule that is asked about a producer group, a consumer group, and what they would be together.
struct Predicate : Rule {
  bool (*holds)(const Group &producer, const Group &consumer, const Group &merged);
};

// Rules that no two groups can be asked about alone.
inline constexpr Rule kNoWayAround = {"no-way-around", "another instruction needs the one and feeds the other"};
inline constexpr Rule kOneShape = {"one-shape", "a reshape between them changes the loops"};
inline constexpr Rule kFlatState = {"flat-state", "one of them runs over the memory of many tensors"};
inline constexpr Rule kStoredCopy = {"stored-copy", "it stores a value that kernels compute where they need it"};
inline constexpr Rule kMemoryBudget = {"memory-budget", "it computes again what memory has no room for"};

/// The reason of the rule with this name.
llvm::StringRef getReason(llvm::StringRef rule);

/// All must hold.
llvm::ArrayRef<Predicate> getPredicates();

/// The group that both would form, or nullopt with the predicate that forbids it in `*stoppedBy` (if not null).
std::optional<Group> merge(const Group &producer, const Group &consumer, const Predicate **stoppedBy = nullptr);

} // namespace glyptic::fusion
