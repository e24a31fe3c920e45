//===- GraphInterfaces.h - What an op says about itself ---------*- C++ -*-===//
#pragma once

#include "dialects/Graph/BatchDims.h"
#include "dialects/Graph/Permutation.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"
#include "llvm/ADT/BitVector.h"
#include <optional>

namespace glyptic::graph {

class HostTensor;

/// One call of a vendor library, in library-neutral terms.
struct LibraryCall {
  std::string routine;
  /// Integer parameters of the routine by name ("strides", "pads_low", ...).
  llvm::SmallVector<std::pair<std::string, llvm::SmallVector<int64_t>>> parameters;
};

/// Elements of `indices` must satisfy low <= element < high, or be `ignored`.
struct IndexUse {
  mlir::Value indices;
  int64_t low = 0, high = 0;
  std::optional<int64_t> ignored;
};

/// How the mixed-precision rewrite treats an op.
enum class PrecisionClass {
  Contraction, ///< Operands in the low type, accumulation in FP32.
  Statistics,  ///< Operands, accumulation and result in FP32 (norms, losses, exponentials of large range).
  Follow,      ///< Computes in the type that arrives.
  Exact,       ///< Not a floating-point computation: indices, masks, shapes.
};

/// What the elements of an op's results are computed from.
enum class ElementAccess {
  Same,   ///< Elements of the operands at the same position.
  Mapped, ///< Elements of the operands at other positions, a fixed number for each.
  Other,  ///< Anything else: reductions, look-ups in several steps.
};

/// What the random numbers of one use depend on: scalars of type i64, and a number that no other use has.
struct RandomSource {
  mlir::Value seed, iteration, firstSample;
  int64_t site;
};

/// What the training form of an op may ask of the program that it becomes part of.
class TrainingScope {
public:
  virtual ~TrainingScope() = default;

  /// Whether the user wants this entry of the state to stay as it is.
  virtual bool isFrozen(mlir::Value state) const = 0;
  /// When the step commits, `state` becomes momentum * state + (1 - momentum) * observation. Several observations of
  /// one entry count in the order of the calls, and those of several microbatches in theirs. Fails, and says why, where
  /// `state` is no entry, or one that the optimizer trains.
  virtual mlir::LogicalResult average(mlir::Value state, mlir::Value observation, double momentum) = 0;
  /// A new site; sites are numbered in the order of the calls, which is that of the model's nodes.
  virtual RandomSource getRandomSource() = 0;
};

/// Fails unless all operands and results are tensors of the same sizes.
mlir::LogicalResult verifySameDims(mlir::Operation *op);

namespace trait {
template <typename Op> struct Repeats : mlir::OpTrait::TraitBase<Op, Repeats> {};
template <typename Op> struct MovesElements : mlir::OpTrait::TraitBase<Op, MovesElements> {};
template <typename Op> struct Costly : mlir::OpTrait::TraitBase<Op, Costly> {};
template <typename Op> struct View : mlir::OpTrait::TraitBase<Op, View> {};
template <typename Op> struct SideBySide : mlir::OpTrait::TraitBase<Op, SideBySide> {};
template <typename Op> struct SameDims : mlir::OpTrait::TraitBase<Op, SameDims> {
  static mlir::LogicalResult verifyTrait(mlir::Operation *op) { return verifySameDims(op); }
};
} // namespace trait

} // namespace glyptic::graph

#include "dialects/Graph/GraphInterfaces.h.inc"
