//===- TrainingTable.h - Every training option, once ------------*- C++ -*-===//
//
// The command line's flags, the options of the pass and the JSON in a glyph are made from this table, so that an option
// has one name and one default (compiler/Options.h) wherever it is met. Header only: the tool must not link the
// compiler.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/Options.h"

#include <tuple>

namespace glyptic {

/// What a number may be.
enum class Allowed { Any, NotNegative, Positive, BelowOne };

/// Calls visit(name, value, help, allowed) for each option of `options`. Values are strings, numbers, optional numbers,
/// lists of strings, or tuples of references.
template <typename Options, typename Visit> void visitOptions(Options &options, Visit visit) {
  visit("loss", options.loss, "what to minimise", Allowed::Any);
  visit("label", options.label, "name of the label in the data", Allowed::Any);
  visit("output", options.output, "the output that the loss looks at (default: the first of floating-point type)",
        Allowed::Any);
  visit("class-dim", options.classDim,
        "dimension of that output that counts classes (default: 1 of images, else the last)", Allowed::NotNegative);
  visit("ignore-index", options.ignoreIndex, "label of samples that do not count", Allowed::Any);
  visit("label-smoothing", options.labelSmoothing, "weight of the uniform distribution in the target",
        Allowed::BelowOne);
  visit("optimizer", options.optimizer, "rule of the update", Allowed::Any);
  visit("lr", options.learningRate, "learning rate (default: the optimizer's, listed below)", Allowed::NotNegative);
  visit("weight-decay", options.weightDecay, "weight decay (default: the optimizer's, listed below)",
        Allowed::NotNegative);
  visit("no-decay", options.noDecay, "glob of parameters that weight decay spares", Allowed::Any);
  visit("betas", std::tie(options.beta1, options.beta2), "Adam's decay rates", Allowed::BelowOne);
  visit("eps", options.epsilon, "Adam's epsilon", Allowed::NotNegative);
  visit("momentum", options.momentum, "momentum, where the optimizer has one", Allowed::NotNegative);
  visit("clip-norm", options.clipNorm, "largest norm of all gradients together", Allowed::NotNegative);
  visit("schedule", options.schedule, "of the learning rate", Allowed::Any);
  visit("warmup", options.warmupSteps, "steps of linear warm-up", Allowed::NotNegative);
  visit("total-steps", options.totalSteps, "where a schedule ends; 0 where there is no end", Allowed::NotNegative);
  visit("min-lr", options.minLearningRate, "where the schedule ends", Allowed::NotNegative);
  visit("freeze", options.freeze, "glob of parameters that stay as they are", Allowed::Any);
  visit("train", options.train, "glob of parameters that are trained in spite of --freeze", Allowed::Any);
  visit("metric", options.metrics, "measured beside the loss", Allowed::Any);
  visit("batch", options.batch, "samples of one update, over all devices", Allowed::Positive);
  visit("accumulate", options.accumulate, "microbatches that a batch is computed in, to save memory",
        Allowed::Positive);
}

} // namespace glyptic
