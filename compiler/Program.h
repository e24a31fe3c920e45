//===- Program.h - What the functions of a program mean ---------*- C++ -*-===//
//
// A program is a module of `func.func` over `graph` values. Each argument and result carries `graph.name` (a string)
// and `graph.role`. State goes in as an argument and comes out as a result of the same name; a result may be missing
// where the function leaves the state as it is.
//
//   @infer   (state, inputs)              -> outputs               the model as imported
//   @evaluate(state, inputs, label)       -> totals                sums over the samples of a batch: no division
//   @grad    (state, inputs, label, acc)  -> acc                   adds one microbatch's sums to the accumulators
//   @apply   (state, acc)                 -> state, metrics        the update, gated by one `finite` flag
//   @step    (state, inputs, label)       -> state, metrics, acc   apply after grad on zero accumulators, as one
//                                                            function, which leaves gradients in their accumulators
//
// State, inputs, the label and accumulators share one space of names. Training's own begin with `gradient.`,
// `optimizer.`, `total.` or `training.`; a model or a label with such a name is not trained. Outputs, totals and
// metrics are named apart from these.
//
// Totals and accumulators are sums: `loss` (of per-sample losses), `weight` (of sample weights), `accuracy` (of correct
// predictions) and so on, divided once by `weight` at the end. Running statistics are averages:
// `training.running.<state>` follows them from zero, `training.microbatches` counts how often what was there before has
// decayed, and `training.samples` those that random numbers have been drawn for (Training/TrainingForms.h). Metrics are
// the divided values of the step: `loss`, `learning_rate`, `gradient_norm`, `finite` (1 or 0), and those the user asked
// for.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "support/glyph/Names.h"
#include "llvm/ADT/StringRef.h"

namespace glyptic {

// Attribute names on arguments and results.
inline constexpr llvm::StringLiteral kNameAttr = "graph.name";
inline constexpr llvm::StringLiteral kRoleAttr = "graph.role";
/// On a state argument: the permutation from the ONNX shape to the stored one (stored dim i = ONNX dim perm[i]).
inline constexpr llvm::StringLiteral kPermutationAttr = "graph.permutation";

/// On an integer input or label: [low, high), the values it may have; and one that is allowed besides.
inline constexpr llvm::StringLiteral kRangeAttr = "graph.range";
inline constexpr llvm::StringLiteral kIgnoredAttr = "graph.ignored";

/// On an output: what it says of a sample may depend on the other samples of the execution.
inline constexpr llvm::StringLiteral kMixesSamplesAttr = "graph.mixes_samples";

namespace role {
// State.
inline constexpr llvm::StringLiteral Parameter = "parameter"; ///< trained
inline constexpr llvm::StringLiteral Buffer = "buffer";       ///< a weight that is not trained, running statistics
inline constexpr llvm::StringLiteral Slot = "slot";           ///< `optimizer.<slot>.<parameter>`, starts at zero
inline constexpr llvm::StringLiteral Counter = "counter";     ///< i64 scalars, see below
// Data of one execution.
inline constexpr llvm::StringLiteral Input = "input";
inline constexpr llvm::StringLiteral Label = names::kLabel;
inline constexpr llvm::StringLiteral Output = "output";
inline constexpr llvm::StringLiteral Total = "total";
inline constexpr llvm::StringLiteral Metric = "metric";
inline constexpr llvm::StringLiteral Accumulator = "accumulator"; ///< `gradient.<parameter>`, `total.<total>`

/// Whether it is memory that outlives an execution.
inline bool isPersistent(llvm::StringRef role) {
  return role == Accumulator || role == Parameter || role == Buffer || role == Slot || role == Counter;
}
} // namespace role

// Counters. The seed is one of them because random numbers are keyed by it; no entry changes it.
inline constexpr llvm::StringLiteral kIteration = "training.iteration"; ///< batches seen
inline constexpr llvm::StringLiteral kStep = "training.step";           ///< updates committed
inline constexpr llvm::StringLiteral kSeed = names::kSeed; ///< only where a program draws random numbers

namespace entry {
inline constexpr llvm::StringLiteral Infer = names::kInfer;
inline constexpr llvm::StringLiteral Evaluate = names::kEvaluate;
inline constexpr llvm::StringLiteral Grad = names::kGrad;
inline constexpr llvm::StringLiteral Apply = names::kApply;
inline constexpr llvm::StringLiteral Step = names::kStep;
} // namespace entry

} // namespace glyptic
