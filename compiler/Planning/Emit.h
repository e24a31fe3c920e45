//===- Emit.h - Decisions of planning as a plan.program ---------*- C++ -*-===//
#pragma once

#include "compiler/Planning/EntryPlan.h"
#include "dialects/Plan/PlanBuilder.h"

namespace glyptic::planning {

// State and accumulators come first, then ranges, then every entry. All offsets are known by now.
void emitPersistent(plan::PlanBuilder &builder, mlir::Location loc, const ProgramMemory &memory);
void emitRanges(plan::PlanBuilder &builder, mlir::Location loc, const ProgramMemory &memory);
void emitEntry(plan::PlanBuilder &builder, const EntryPlan &entry);

} // namespace glyptic::planning
