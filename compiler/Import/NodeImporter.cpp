//===- NodeImporter.cpp - One ONNX node becomes graph ops ---------------------===//
#include "compiler/Import/NodeImporter.h"
#include "compiler/Import/Affine.h"
#include "compiler/Import/Diagnostics.h"
#include "compiler/Import/Provenance.h"
#include "compiler/Import/Tensors.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

NodeImporter::NodeImporter(ImportState &state, const FlatNode &node, int64_t opset)
    : state(state), node(node), opset(opset), loc(getLocation(state.builder.getContext(), getOrigin(*node.caller))) {}

LogicalResult NodeImporter::emitError(const Twine &message) {
  std::string inside = node.proto == node.caller ? "" : ", in its body at " + escape(node.proto->op_type());
  if (!reported) {
    NodeOrigin origin = getOrigin(*node.caller);
    std::string text = node.description + origin.describePlace() + inside + ": " + message.str();
    state.errors.push_back({std::move(origin), std::move(text)});
  }
  reported = true;
  return failure();
}

std::string NodeImporter::getBatchAdvice() const {
  return state.isBatchFree
             ? "fix the batch with --shape"
             : "leave --shape out: the model runs at the batch that it states, and a larger one is several runs";
}

Value NodeImporter::fail() {
  if (reported)
    return {};
  // What the standard forbids is said in its words, not in those of our ops.
  std::string mixed = describeMixedTypes();
  (void)emitError(!mixed.empty()                 ? mixed
                  : state.lastDiagnostic.empty() ? "cannot be imported"
                                                 : escape(state.lastDiagnostic));
  return {};
}

Value NodeImporter::finish(OperationState &operation) {
  for (Type type : operation.types)
    if (failed(checkSizes(getDims(cast<RankedTensorType>(type)))))
      return {};
  if (++state.created > kMaxOps) {
    (void)emitError("here the model has grown to more than " + Twine(kMaxOps) + " operations");
    return {};
  }
  Operation *op = state.builder.create(operation);
  if (failed(op->getName().verifyInvariants(op))) {
    op->erase();
    return fail();
  }
  // What depends on constants alone may be a size or a bound further on.
  SmallVector<Value> folded;
  if (failed(state.builder.tryFold(op, folded)) || folded.empty())
    return op->getResult(0);
  op->erase();
  return folded.front();
}

//===-- Operands --------------------------------------------------------------------------------------------------===//

bool NodeImporter::hasInput(int index) const { return index < getNumInputs() && !node.proto->input(index).empty(); }

Binding *NodeImporter::getBinding(int index) const {
  if (!hasInput(index))
    return nullptr;
  auto found = state.bindings.find(node.proto->input(index));
  return found == state.bindings.end() ? nullptr : &found->second;
}

Value NodeImporter::getInput(int index) {
  Binding *binding = getBinding(index);
  if (!binding) {
    (void)emitError("operand " + Twine(index) + " is missing");
    return {};
  }
  if (!binding->value && !binding->shape) {
    (void)emitError("operand " + quote(node.proto->input(index)) + " is not a tensor");
    return {};
  }
  if (!binding->value)
    binding->value = materialize(*binding->shape);
  return binding->value;
}

FailureOr<SmallVector<Value>> NodeImporter::getSequence(int index) {
  Binding *binding = getBinding(index);
  if (!binding || !binding->sequence)
    return emitError("operand " + Twine(index) + " is not a sequence of tensors");
  return *binding->sequence;
}

FailureOr<SmallVector<Value>> NodeImporter::getInputs() {
  SmallVector<Value> values;
  for (int i = 0; i < getNumInputs(); ++i) {
    values.push_back(getInput(i));
    if (!values.back())
      return failure();
  }
  return values;
}

RankedTensorType NodeImporter::getType(int index) {
  Value value = getInput(index);
  return value ? cast<RankedTensorType>(value.getType()) : RankedTensorType();
}

IntegerType NodeImporter::getUnsignedType(int index) const {
  Binding *binding = getBinding(index);
  return binding ? binding->unsignedType : IntegerType();
}

FailureOr<SmallVector<Dim>> NodeImporter::getOperandDims(int index) {
  if (const ShapeValue *value = getShapeValue(index))
    return llvm::map_to_vector(value->shape, [](int64_t size) { return Dim{size, false}; });
  RankedTensorType type = getType(index);
  if (!type)
    return failure();
  return getDims(type);
}

const ShapeValue *NodeImporter::getShapeValue(int index) const {
  Binding *binding = getBinding(index);
  return binding && binding->shape ? &*binding->shape : nullptr;
}

std::optional<Dim> NodeImporter::getScalar(int index) const {
  const ShapeValue *value = getShapeValue(index);
  return value && value->elements.size() == 1 ? std::optional(value->elements.front()) : std::nullopt;
}

FailureOr<SmallVector<Dim>> NodeImporter::getSizes(int index) {
  if (const ShapeValue *value = getShapeValue(index))
    return value->elements;
  if (!hasInput(index))
    return emitError("operand " + Twine(index) + " is missing");
  return emitError("operand " + quote(node.proto->input(index)) +
                   " is a size that depends on data, or on the batch other than as a multiple of it; fix the inputs' "
                   "shapes with --shape");
}

//===-- Attributes ------------------------------------------------------------------------------------------------===//

const onnx::AttributeProto *NodeImporter::find(StringRef attribute) const {
  for (const onnx::AttributeProto &candidate : node.proto->attribute())
    if (candidate.name() == attribute)
      return &candidate;
  return nullptr;
}

int64_t NodeImporter::getInt(StringRef attribute, int64_t initial) const {
  const onnx::AttributeProto *found = find(attribute);
  return found ? found->i() : initial;
}

double NodeImporter::getFloat(StringRef attribute, double initial) const {
  const onnx::AttributeProto *found = find(attribute);
  return found ? found->f() : initial;
}

std::string NodeImporter::getString(StringRef attribute, StringRef initial) const {
  const onnx::AttributeProto *found = find(attribute);
  return found ? found->s() : initial.str();
}

std::optional<SmallVector<int64_t>> NodeImporter::getInts(StringRef attribute) const {
  const onnx::AttributeProto *found = find(attribute);
  if (!found)
    return std::nullopt;
  return SmallVector<int64_t>(found->ints().begin(), found->ints().end());
}

std::optional<SmallVector<double>> NodeImporter::getFloats(StringRef attribute) const {
  const onnx::AttributeProto *found = find(attribute);
  if (!found)
    return std::nullopt;
  return SmallVector<double>(found->floats().begin(), found->floats().end());
}

const onnx::TensorProto *NodeImporter::getTensor(StringRef attribute) const {
  const onnx::AttributeProto *found = find(attribute);
  return found ? &found->t() : nullptr;
}

FailureOr<std::optional<SmallVector<int64_t>>> NodeImporter::getIntegers(StringRef attribute, int index) {
  if (auto integers = getInts(attribute))
    return integers;
  if (!hasInput(index))
    return std::optional<SmallVector<int64_t>>();
  const ShapeValue *value = getShapeValue(index);
  std::optional<SmallVector<int64_t>> integers = value ? value->getStatic() : std::nullopt;
  if (!integers)
    return emitError("its " + attribute + " (operand " + quote(node.proto->input(index)) +
                     ") must be known at compile time");
  return integers;
}

std::optional<SmallVector<double>> NodeImporter::getNumbers(int index) {
  if (const ShapeValue *value = getShapeValue(index)) {
    std::optional<SmallVector<int64_t>> integers = value->getStatic();
    return integers ? std::optional(SmallVector<double>(integers->begin(), integers->end())) : std::nullopt;
  }
  Value operand = hasInput(index) ? getInput(index) : Value();
  if (!operand)
    return std::nullopt;
  SmallVector<double> numbers;
  if (DenseFPElementsAttr elements; matchPattern(operand, m_Constant(&elements))) {
    for (const APFloat &value : elements.getValues<APFloat>())
      numbers.push_back(value.convertToDouble());
    return numbers;
  }
  std::optional<SmallVector<Affine>> elements = evaluateAffine(operand);
  if (!elements || llvm::any_of(*elements, [](Affine element) { return element.slope != 0; }))
    return std::nullopt;
  for (Affine element : *elements)
    numbers.push_back(element.constant);
  return numbers;
}

std::optional<double> NodeImporter::getNumber(int index) {
  std::optional<SmallVector<double>> numbers = getNumbers(index);
  return numbers && numbers->size() == 1 ? std::optional<double>(numbers->front()) : std::nullopt;
}

FailureOr<int64_t> NodeImporter::normalizeAxis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank)
    return emitError("axis " + Twine(axis) + " does not exist in a tensor of " + Twine(rank) + " dimensions");
  return axis < 0 ? axis + rank : axis;
}

FailureOr<SmallVector<int64_t>> NodeImporter::normalizeAxes(ArrayRef<int64_t> axes, int64_t rank) {
  if (int64_t(axes.size()) > rank)
    return emitError("names " + Twine(axes.size()) + " of " + Twine(rank) + " dimensions");
  SmallVector<int64_t> normalized;
  for (int64_t axis : axes) {
    FailureOr<int64_t> known = normalizeAxis(axis, rank);
    if (failed(known))
      return failure();
    if (llvm::is_contained(normalized, *known))
      return emitError("axis " + Twine(axis) + " is given twice");
    normalized.push_back(*known);
  }
  return normalized;
}

//===-- Results ---------------------------------------------------------------------------------------------------===//

LogicalResult NodeImporter::setResult(Value value, int index) {
  if (!value)
    return failure();
  if (!hasOutput(index))
    return success();
  Binding &binding = state.bindings[node.proto->output(index)];
  binding.value = value;
  DenseElementsAttr elements;
  if (matchPattern(value, m_Constant(&elements)))
    binding.shape = ShapeValue::get(elements);
  return success();
}

void NodeImporter::setElementType(Type stored, int index) {
  auto unsignedType = dyn_cast<IntegerType>(stored);
  if (!unsignedType || !unsignedType.isUnsigned() || !hasOutput(index))
    return;
  Binding &binding = state.bindings[node.proto->output(index)];
  binding.unsignedType = unsignedType;
  if (binding.shape)
    for (Dim &element : binding.shape->elements)
      element.scale &= int64_t(llvm::maxUIntN(unsignedType.getWidth()));
  if (binding.value)
    (void)setResult(createWrapped(binding.value, unsignedType), index);
}

LogicalResult NodeImporter::setSequence(ArrayRef<Value> values) {
  if (hasOutput(0))
    state.bindings[node.proto->output(0)].sequence = SmallVector<Value>(values);
  return success();
}

LogicalResult NodeImporter::setResult(ShapeValue value, int index) {
  if (hasOutput(index))
    state.bindings[node.proto->output(index)].shape = std::move(value);
  return success();
}

//===-- Building --------------------------------------------------------------------------------------------------===//

Value NodeImporter::createConstant(DenseElementsAttr elements) {
  return createAs<ConstantOp>(elements.getType(), elements);
}

Value NodeImporter::createSplat(double value, ArrayRef<Dim> dims, Type elementType) {
  auto scalar = RankedTensorType::get({}, elementType);
  Attribute element;
  if (auto type = dyn_cast<FloatType>(elementType))
    element = FloatAttr::get(type, value);
  else
    element = IntegerAttr::get(elementType, int64_t(value));
  return broadcastTo(createConstant(DenseElementsAttr::get(scalar, element)), dims);
}

Value NodeImporter::createReshape(Value input, ArrayRef<Dim> dims) {
  if (!input)
    return fail();
  auto type = cast<RankedTensorType>(input.getType());
  RankedTensorType result = getTensorType(dims, type.getElementType());
  return result == type ? input : createAs<ReshapeOp>(result, input);
}

Value NodeImporter::createConvert(Value input, Type elementType) {
  if (!input)
    return fail();
  auto type = cast<RankedTensorType>(input.getType());
  return elementType == type.getElementType() ? input
                                              : createAs<ConvertOp>(type.clone(elementType), input);
}

Value NodeImporter::createWrapped(Value input, IntegerType unsignedType) {
  auto type = cast<RankedTensorType>(input.getType());
  Value mask = createSplat(llvm::maxUIntN(unsignedType.getWidth()), getDims(type), type.getElementType());
  return create<AndOp>(input, mask);
}

Value NodeImporter::createTranspose(Value input, ArrayRef<int64_t> permutation) {
  bool isIdentity = llvm::all_of(llvm::enumerate(permutation), [](auto p) { return int64_t(p.index()) == p.value(); });
  return isIdentity ? input : create<TransposeOp>(input, permutation);
}

Value NodeImporter::createSlice(Value input, ArrayRef<int64_t> starts, ArrayRef<int64_t> strides,
                                ArrayRef<Dim> sizes) {
  if (!input)
    return fail();
  auto type = cast<RankedTensorType>(input.getType());
  RankedTensorType result = getTensorType(sizes, type.getElementType());
  return result == type ? input : createAs<SliceOp>(result, input, starts, strides);
}

/// A multiple of the batch is computed from its size; everything else is a constant.
Value NodeImporter::materialize(const ShapeValue &value) {
  auto type = RankedTensorType::get(value.shape, value.elementType);
  auto getConstant = [&](function_ref<int64_t(Dim)> element) {
    unsigned width = value.elementType.getIntOrFloatBitWidth();
    auto elements = llvm::map_to_vector(value.elements, [&](Dim dim) {
      return APInt(width, uint64_t(element(dim)), /*isSigned=*/false, /*implicitTrunc=*/true);
    });
    return createConstant(DenseElementsAttr::get(type, elements));
  };
  Value factors = getConstant([](Dim dim) { return dim.scale; });
  if (value.isStatic())
    return factors;
  Value batch = createAs<BatchSizeOp>(RankedTensorType::get({}, value.elementType));
  batch = broadcastTo(batch, getDims(type));
  // factor * (batched ? batch : 1) = factor * (1 + batched * (batch - 1))
  Value batched = getConstant([](Dim dim) { return int64_t(dim.batched); });
  Value ones = getConstant([](Dim) { return int64_t(1); });
  Value extent = create<AddOp>(ones, create<MulOp>(batched, create<SubOp>(batch, ones)));
  return create<MulOp>(factors, extent);
}

//===-- Broadcasting ----------------------------------------------------------------------------------------------===//

Value NodeImporter::broadcastTo(Value input, ArrayRef<Dim> dims) {
  if (!input)
    return fail();
  auto type = cast<RankedTensorType>(input.getType());
  RankedTensorType result = getTensorType(dims, type.getElementType());
  if (result == type)
    return input;
  int64_t offset = int64_t(dims.size()) - type.getRank();
  SmallVector<int64_t> mapped = llvm::to_vector(llvm::seq<int64_t>(offset, dims.size()));
  return createAs<BroadcastOp>(result, input, mapped);
}

static std::string toString(Dim dim) {
  return !dim.batched ? std::to_string(dim.scale) : dim.scale == 1 ? "batch" : std::to_string(dim.scale) + " * batch";
}

/// Exporters that trace a model may write down the batch that they saw. One of two sizes depends on it.
static std::string describeFixed(Dim a, Dim b) {
  auto [fixed, batched] = a.batched ? std::pair(b.scale, a.scale) : std::pair(a.scale, b.scale);
  return batched == 0 || fixed % batched != 0
             ? ""
             : "the exporter may have fixed the batch at " + std::to_string(fixed / batched) + " here: ";
}

FailureOr<SmallVector<Dim>> NodeImporter::getBroadcastDims(ArrayRef<SmallVector<Dim>> shapes) {
  size_t rank = 0;
  for (ArrayRef<Dim> dims : shapes)
    rank = std::max(rank, dims.size());
  SmallVector<Dim> result(rank, Dim{1, false});
  for (ArrayRef<Dim> dims : shapes)
    for (size_t i = 0; i < dims.size(); ++i) {
      Dim &common = result[rank - dims.size() + i];
      if (common != dims[i] && !common.isOne() && !dims[i].isOne())
        return emitError("sizes " + toString(common) + " and " + toString(dims[i]) + " of dimension " +
                         Twine(rank - dims.size() + i) + " do not agree" +
                         (common.batched == dims[i].batched
                              ? ""
                              : "; " + describeFixed(common, dims[i]) + getBatchAdvice()));
      common = common.isOne() ? dims[i] : common;
    }
  if (failed(checkBatch(result)))
    return failure();
  return result;
}

LogicalResult NodeImporter::checkBatch(ArrayRef<Dim> dims) {
  if (llvm::count_if(dims, [](Dim dim) { return dim.batched; }) > 1)
    return emitError("its result depends on the batch in two dimensions; " + getBatchAdvice());
  return success();
}

LogicalResult NodeImporter::checkSizes(ArrayRef<Dim> dims) {
  // A fused kernel stores none of it, so no limit of memory would stop it: this many take minutes of one core.
  constexpr int64_t kMaxComputed = int64_t(1) << 36;
  if (isCountable(dims)) {
    int64_t count = 1;
    for (Dim dim : dims)
      count *= dim.scale;
    return count <= kMaxComputed
               ? success()
               : emitError("its result has " + Twine(count) + " elements for one sample, and more than " +
                           Twine(kMaxComputed) + " are not computed; check the sizes it is given");
  }
  for (Dim dim : dims)
    if (dim.scale < 0)
      return emitError("size " + toString(dim) + " is negative");
  return emitError("its result has more elements than any machine holds");
}

LogicalResult NodeImporter::broadcastTogether(MutableArrayRef<Value> values) {
  if (llvm::is_contained(values, Value()))
    return failure();
  FailureOr<SmallVector<Dim>> dims = getBroadcastDims(
      llvm::map_to_vector<4>(values, [](Value value) { return getDims(cast<RankedTensorType>(value.getType())); }));
  if (failed(dims))
    return failure();
  for (Value &value : values)
    if (value = broadcastTo(value, *dims); !value)
      return failure();
  return success();
}

} // namespace glyptic
