//===- Optimizers.cpp - Update rules by name --------------------------------===//
//
// To add an optimizer or a schedule, write its functions and its line in the table.
//
//===----------------------------------------------------------------------===//
#include "compiler/Training/Optimizers.h"
#include "compiler/Training/Names.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {
namespace {

//===----------------------------------------------------------------------===//
// Stochastic gradient descent
//===----------------------------------------------------------------------===//

SmallVector<Expr> prepareSgd(const TrainingOptions &, Expr learningRate, Expr, double) { return {learningRate}; }

/// Weight decay as a penalty in the loss.
Expr decayedGradient(const Update &u) {
  return u.weightDecay == 0.0 ? u.gradient : u.gradient + u.weightDecay * u.parameter;
}

void applySgd(Update &u) { u.parameter = u.parameter - u.scalars[0] * decayedGradient(u); }

void applyMomentum(Update &u) {
  u.slots[0] = u.options.momentum * u.slots[0] + decayedGradient(u);
  u.parameter = u.parameter - u.scalars[0] * u.slots[0];
}

void applyNesterov(Update &u) {
  Expr gradient = decayedGradient(u);
  u.slots[0] = u.options.momentum * u.slots[0] + gradient;
  u.parameter = u.parameter - u.scalars[0] * (gradient + u.options.momentum * u.slots[0]);
}

//===----------------------------------------------------------------------===//
// Adam
//===----------------------------------------------------------------------===//

/// Step size with the first moment's bias corrected; 1 / sqrt of the second's correction; decay of the parameter.
SmallVector<Expr> prepareAdam(const TrainingOptions &options, Expr learningRate, Expr step, double weightDecay) {
  return {learningRate / (1.0 - pow(options.beta1, step)), rsqrt(1.0 - pow(options.beta2, step)),
          1.0 - learningRate * weightDecay};
}

void applyMoments(Update &u, Expr gradient) {
  const TrainingOptions &o = u.options;
  u.slots[0] = o.beta1 * u.slots[0] + (1.0 - o.beta1) * gradient;
  u.slots[1] = o.beta2 * u.slots[1] + (1.0 - o.beta2) * (gradient * gradient);
  u.parameter = u.parameter - u.scalars[0] * u.slots[0] / (sqrt(u.slots[1]) * u.scalars[1] + o.epsilon);
}

void applyAdam(Update &u) { applyMoments(u, decayedGradient(u)); }

void applyAdamW(Update &u) {
  if (u.weightDecay != 0.0)
    u.parameter = u.parameter * u.scalars[2];
  applyMoments(u, u.gradient);
}

constexpr llvm::StringLiteral kMomentumSlots[] = {"momentum_buffer"};
constexpr llvm::StringLiteral kAdamSlots[] = {"exp_avg", "exp_avg_sq"};

constexpr OptimizerRule kOptimizers[] = {
    {"sgd", {}, 0.01, 0.0, prepareSgd, applySgd},
    {"momentum", kMomentumSlots, 0.01, 0.0, prepareSgd, applyMomentum},
    {"nesterov", kMomentumSlots, 0.01, 0.0, prepareSgd, applyNesterov},
    {"adam", kAdamSlots, 0.001, 0.0, prepareAdam, applyAdam},
    {"adamw", kAdamSlots, 0.001, 0.01, prepareAdam, applyAdamW},
};

//===----------------------------------------------------------------------===//
// Schedules
//===----------------------------------------------------------------------===//

Expr buildConstant(const TrainingOptions &, double learningRate, Expr) { return learningRate; }

/// From 0 where warm-up ends to 1 at the end, and 1 from there on.
Expr getProgress(const TrainingOptions &options, Expr step) {
  double length = std::max<double>(options.totalSteps - options.warmupSteps, 1.0);
  return max(min((step - double(options.warmupSteps)) / length, 1.0), 0.0);
}

Expr buildLinear(const TrainingOptions &options, double learningRate, Expr step) {
  return learningRate + (options.minLearningRate - learningRate) * getProgress(options, step);
}

Expr buildCosine(const TrainingOptions &options, double learningRate, Expr step) {
  double half = 0.5 * (learningRate - options.minLearningRate);
  return options.minLearningRate + half * (1.0 + cos(getProgress(options, step) * llvm::numbers::pi));
}

constexpr ScheduleRule kSchedules[] = {
    {"constant", false, buildConstant},
    {"linear", true, buildLinear},
    {"cosine", true, buildCosine},
};

} // namespace

ArrayRef<OptimizerRule> getOptimizers() { return kOptimizers; }
ArrayRef<ScheduleRule> getSchedules() { return kSchedules; }

const OptimizerRule *findOptimizer(StringRef name, Location loc) {
  return findRule(ArrayRef(kOptimizers), "optimizer", name, loc);
}

const ScheduleRule *findSchedule(StringRef name, Location loc) {
  return findRule(ArrayRef(kSchedules), "schedule", name, loc);
}

Value buildLearningRate(OpBuilder &builder, Location loc, const ScheduleRule &schedule, const TrainingOptions &options,
                        double learningRate, Value step) {
  Expr s(builder, loc, step);
  Expr scheduled = schedule.build(options, learningRate, s);
  if (double warmup = options.warmupSteps; warmup > 0)
    scheduled = select(s < warmup, learningRate * ((s + 1.0) / warmup), scheduled);
  Value rate = scheduled;
  return rate ? rate : scalarConstant(builder, loc, builder.getF64Type(), learningRate);
}

} // namespace glyptic
