//===- TrainingForms.h - What a model computes while it trains --*- C++ -*-===//
#pragma once

#include "compiler/Training/Entry.h"
#include "compiler/Training/Training.h"

namespace glyptic {

/// An entry of the state that follows what batches show: running statistics. Each microbatch decays what was and adds
/// what it shows, so that after k of them  entry = retained^k * entry + accumulated.
struct RunningAverage {
  llvm::StringRef name;
  double retained; ///< of the entry's value, by one microbatch
  mlir::Value addend;
};

/// Name of the accumulator of a running average.
std::string getRunningName(llvm::StringRef state);
/// Accumulators that count what the iteration has seen so far.
inline constexpr llvm::StringLiteral kMicrobatches = "training.microbatches", kSamples = "training.samples";

/// Replaces the ops of @grad that have a training form (TrainingFormOpInterface), and adds the accumulators of running
/// averages. State whose name matches a glob of `frozen` stays as it is. Changes go to `changes`, or into remarks.
mlir::FailureOr<llvm::SmallVector<RunningAverage>>
buildTrainingForms(Entry &grad, llvm::ArrayRef<std::string> frozen, std::vector<ModeChange> *changes = nullptr);

} // namespace glyptic
