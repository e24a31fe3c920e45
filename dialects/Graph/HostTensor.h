//===- HostTensor.h - A tensor value in the interpreter ---------*- C++ -*-===//
#pragma once

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include <variant>
#include <vector>

namespace glyptic::graph {

/// Precision in which the interpreter stores and computes floating-point elements, whatever their declared type.
enum class HostPrecision { F32, F64 };

/// The nearest number that `type` has.
double roundTo(mlir::FloatType type, double value);

/// A dense row-major tensor. Elements of a float type are stored as float or double (the interpreter's precision);
/// integers of any width, and booleans as 0 and 1, as int64_t, already wrapped to their declared width.
class HostTensor {
public:
  using Storage = std::variant<std::vector<float>, std::vector<double>, std::vector<int64_t>>;

  HostTensor() = default;
  /// Zeros of `shape` (no dynamic sizes).
  HostTensor(mlir::Type elementType, llvm::ArrayRef<int64_t> shape, HostPrecision precision);

  /// The value of a constant; fails for elements that are kept outside the IR.
  static mlir::FailureOr<HostTensor> fromElements(mlir::ElementsAttr elements, HostPrecision precision);
  /// The value as a constant of `type`, which has this tensor's shape and element type.
  mlir::DenseElementsAttr toElements(mlir::RankedTensorType type) const;

  mlir::Type getElementType() const { return elementType; }
  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  int64_t getRank() const { return shape.size(); }
  int64_t getNumElements() const;
  /// Row-major strides in elements.
  llvm::SmallVector<int64_t> getStrides() const;

  Storage &getStorage() { return storage; }
  const Storage &getStorage() const { return storage; }
  template <typename T> llvm::MutableArrayRef<T> get() { return std::get<std::vector<T>>(storage); }
  template <typename T> llvm::ArrayRef<T> get() const { return std::get<std::vector<T>>(storage); }

  /// Any element as a double; exact for floats and for integers below 2^53. For tests and scalars, not for loops.
  double at(int64_t linearIndex) const;
  void set(int64_t linearIndex, double value);

  /// Calls `action` with a zero of the type in which the elements, which are floating-point, are stored.
  template <typename Action> auto withFloat(Action action) const {
    return std::holds_alternative<std::vector<double>>(storage) ? action(0.0) : action(0.0f);
  }

  /// Brings integers that arithmetic has carried out of their declared width back into it.
  void wrap();

private:
  mlir::Type elementType;
  llvm::SmallVector<int64_t> shape;
  Storage storage;
};

} // namespace glyptic::graph
