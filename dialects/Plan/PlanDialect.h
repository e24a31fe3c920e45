//===- PlanDialect.h - The dialect of when and where ------------*- C++ -*-===//
#pragma once

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"

#include "dialects/Plan/PlanDialect.h.inc"
#include "dialects/Plan/PlanEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Plan/PlanAttrs.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/Plan/PlanTypes.h.inc"

#include "dialects/Plan/PlanInterfaces.h.inc"

#define GET_OP_CLASSES
#include "dialects/Plan/PlanOps.h.inc"

namespace glyptic::plan {

/// More than any machine has, and so little that sums of thousands of such sizes do not overflow.
inline constexpr int64_t kMaxSize = int64_t(1) << 50;

/// Arenas and all that is in them are aligned so: a cache line, and what oneDNN and vector stores like best.
inline constexpr int64_t kAlignment = 64;

/// Bytes of one element in memory: booleans take one.
int64_t getElementBytes(mlir::Type elementType);

/// Bytes of a tensor.
SizeAttr getTensorSize(mlir::RankedTensorType type);

} // namespace glyptic::plan
