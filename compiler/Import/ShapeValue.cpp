//===- ShapeValue.cpp - Integer tensors known at import -----------------------===//
#include "compiler/Import/ShapeValue.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using glyptic::graph::Dim;

namespace glyptic {

std::optional<ShapeValue> ShapeValue::get(DenseElementsAttr elements) {
  auto integers = dyn_cast<DenseIntElementsAttr>(elements);
  if (!integers || elements.getNumElements() > kMaxShapeElements)
    return std::nullopt;
  ShapeValue value{SmallVector<int64_t>(elements.getType().getShape()), {}, elements.getElementType()};
  bool isBool = value.elementType.isInteger(1);
  for (const APInt &element : integers.getValues<APInt>())
    value.elements.push_back({isBool ? int64_t(element.getZExtValue()) : element.getSExtValue(), false});
  return value;
}

bool ShapeValue::isStatic() const {
  return llvm::none_of(elements, [](Dim dim) { return dim.batched; });
}

std::optional<SmallVector<int64_t>> ShapeValue::getStatic() const {
  if (!isStatic())
    return std::nullopt;
  return llvm::map_to_vector(elements, [](Dim dim) { return dim.scale; });
}

/// A multiple of the batch by zero is the number zero.
static Dim normalize(Dim dim) { return {dim.scale, dim.batched && dim.scale != 0}; }

std::optional<Dim> addDims(Dim a, Dim b) {
  Dim sum{0, a.batched || b.batched};
  if (a.scale && b.scale && a.batched != b.batched)
    return std::nullopt;
  if (llvm::AddOverflow(a.scale, b.scale, sum.scale))
    return std::nullopt;
  return normalize(sum);
}

std::optional<Dim> subDims(Dim a, Dim b) {
  if (b.scale == INT64_MIN)
    return std::nullopt;
  return addDims(a, {-b.scale, b.batched});
}

std::optional<Dim> mulDims(Dim a, Dim b) {
  Dim product{0, a.batched || b.batched};
  if ((a.batched && b.batched) || llvm::MulOverflow(a.scale, b.scale, product.scale))
    return std::nullopt;
  return normalize(product);
}

std::optional<Dim> divDims(Dim a, Dim b) {
  if (b.scale == 0 || (a.scale == INT64_MIN && b.scale == -1))
    return std::nullopt;
  if (!a.batched && !b.batched)
    return Dim{a.scale / b.scale, false};
  if (a.scale == 0)
    return Dim{0, false};
  if (!a.batched || a.scale % b.scale != 0)
    return std::nullopt;
  return Dim{a.scale / b.scale, !b.batched};
}

std::optional<Dim> modDims(Dim a, Dim b) {
  if (b.batched || b.scale == 0 || b.scale == -1 || (a.batched && a.scale % b.scale != 0))
    return std::nullopt;
  if (a.batched)
    return Dim{0, false};
  int64_t rest = a.scale % b.scale;
  return Dim{rest != 0 && (rest < 0) != (b.scale < 0) ? rest + b.scale : rest, false};
}

/// -1, 0 or 1 as a is below, equal to or above b for every batch of at least one.
static std::optional<int> order(Dim a, Dim b) {
  auto sign = [](int64_t low, int64_t high) { return low < high ? -1 : low > high; };
  if (a.batched == b.batched)
    return sign(a.scale, b.scale);
  if (b.batched) {
    std::optional<int> reversed = order(b, a);
    return reversed ? std::optional<int>(-*reversed) : std::nullopt;
  }
  // The least value of a multiple of the batch with a positive factor is the factor.
  if (a.scale > 0 && a.scale > b.scale)
    return 1;
  if (a.scale < 0 && a.scale < b.scale)
    return -1;
  return std::nullopt;
}

std::optional<Dim> maxDims(Dim a, Dim b) {
  std::optional<int> sign = order(a, b);
  return sign ? std::optional<Dim>(*sign >= 0 ? a : b) : std::nullopt;
}

std::optional<Dim> minDims(Dim a, Dim b) {
  std::optional<int> sign = order(a, b);
  return sign ? std::optional<Dim>(*sign <= 0 ? a : b) : std::nullopt;
}

std::optional<Dim> equalDims(Dim a, Dim b) {
  std::optional<int> sign = order(a, b);
  return sign ? std::optional<Dim>(Dim{*sign == 0, false}) : std::nullopt;
}

std::optional<Dim> lessDims(Dim a, Dim b) {
  std::optional<int> sign = order(a, b);
  return sign ? std::optional<Dim>(Dim{*sign < 0, false}) : std::nullopt;
}

namespace {

/// The shape that `values` broadcast to, if they do and the result is small.
std::optional<SmallVector<int64_t>> broadcastShapes(ArrayRef<const ShapeValue *> values) {
  size_t rank = 0;
  for (const ShapeValue *value : values)
    rank = std::max(rank, value->shape.size());
  SmallVector<int64_t> shape(rank, 1);
  for (const ShapeValue *value : values)
    for (size_t i = 0; i < value->shape.size(); ++i) {
      int64_t &size = shape[rank - value->shape.size() + i];
      if (size != value->shape[i] && size != 1 && value->shape[i] != 1)
        return std::nullopt;
      size = size == 1 ? value->shape[i] : size;
    }
  int64_t count = 1;
  for (int64_t size : shape)
    if (llvm::MulOverflow(count, size, count) || count > kMaxShapeElements)
      return std::nullopt;
  return shape;
}

/// The element of `value` that stands at row-major position `linear` of the broadcast `shape`.
Dim getBroadcast(const ShapeValue &value, ArrayRef<int64_t> shape, int64_t linear) {
  int64_t index = 0, stride = 1;
  for (int64_t i = shape.size() - 1, j = int64_t(value.shape.size()) - 1; j >= 0; --i, --j) {
    index += value.shape[j] == 1 ? 0 : linear % shape[i] * stride;
    stride *= value.shape[j];
    linear /= shape[i];
  }
  return value.elements[index];
}

} // namespace

std::optional<ShapeValue> combine(const ShapeValue &a, const ShapeValue &b, Type elementType, DimFunction function) {
  auto shape = broadcastShapes({&a, &b});
  if (!shape)
    return std::nullopt;
  ShapeValue result{*shape, {}, elementType};
  for (int64_t i = 0, n = llvm::product_of(*shape); i < n; ++i) {
    std::optional<Dim> element = function(getBroadcast(a, *shape, i), getBroadcast(b, *shape, i));
    if (!element)
      return std::nullopt;
    result.elements.push_back(*element);
  }
  return result;
}

std::optional<ShapeValue> select(const ShapeValue &condition, const ShapeValue &onTrue, const ShapeValue &onFalse) {
  auto shape = broadcastShapes({&condition, &onTrue, &onFalse});
  if (!shape)
    return std::nullopt;
  ShapeValue result{*shape, {}, onTrue.elementType};
  for (int64_t i = 0, n = llvm::product_of(*shape); i < n; ++i)
    result.elements.push_back(
        getBroadcast(getBroadcast(condition, *shape, i).scale ? onTrue : onFalse, *shape, i));
  return result;
}

} // namespace glyptic
