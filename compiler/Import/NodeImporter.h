//===- NodeImporter.h - One ONNX node becomes graph ops ---------*- C++ -*-===//
//
// What the importer of an operator works with: the node's operands, attributes and results. Nothing here throws or
// aborts on a bad node: whatever fails gives null or failure, with the reason recorded once.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/Import/FlatGraph.h"
#include "compiler/Import/ShapeValue.h"
#include "dialects/Graph/GraphDialect.h"
#include "llvm/ADT/StringSet.h"

namespace onnx {
class OpSchema;
} // namespace onnx

namespace glyptic {

/// What is known of a named ONNX value.
struct Binding {
  mlir::Value value;               ///< null until a node needs it as a tensor
  std::optional<ShapeValue> shape; ///< its elements, where they are known at import
  /// A sequence of tensors; its length is always known.
  std::optional<llvm::SmallVector<mlir::Value>> sequence;
  bool failed = false; ///< its node could not be imported
  std::string problem; ///< why it cannot be used, where no other message says so
  /// Of its elements in ONNX, if it is one; the value's type is a wider signed one.
  mlir::IntegerType unsignedType = {};
};

/// State of one import, shared by its nodes.
struct ImportState {
  const ModelFile &file;
  mlir::OpBuilder builder;
  llvm::StringMap<Binding> bindings;
  llvm::StringSet<> names; ///< of all values of the flat graph
  llvm::StringSet<> used; ///< names that a node of the file or its list of outputs reads
  bool isForTraining;     ///< the program will hold a training step
  bool inferenceForm;     ///< no node computes as in training, whatever the file says
  bool isBatchFree;       ///< the file leaves the first dimension of an input open
  std::vector<NodeFault> errors;
  std::string lastDiagnostic; ///< of an op that would not verify
  int64_t created = 0;        ///< ops
  int64_t randomSites = 0; ///< uses of random numbers so far
};

/// Nodes that stand for one op for each of their parts would make any number of them from a small file.
inline constexpr int64_t kMaxOps = 1 << 19;

class NodeImporter {
public:
  NodeImporter(ImportState &state, const FlatNode &node, int64_t opset);

  llvm::StringRef getOpType() const { return node.proto->op_type(); }
  int64_t getOpset() const { return opset; } ///< version of the node's domain
  const FlatNode &getNode() const { return node; }
  const ModelFile &getFile() const { return state.file; }
  /// Records what is wrong with this node and what to do about it.
  mlir::LogicalResult emitError(const llvm::Twine &message);
  /// What to do where the graph cannot follow a batch of any size: `fix the batch with --shape`, or not to free one
  /// that the file states.
  std::string getBatchAdvice() const;

  // Operands.
  int getNumInputs() const { return node.proto->input_size(); }
  bool hasInput(int index) const;
  int getNumOutputs() const { return node.proto->output_size(); }
  bool hasOutput(int index) const { return index < getNumOutputs() && !node.proto->output(index).empty(); }
  /// Whether anything reads the output.
  bool isUsed(int index) const { return hasOutput(index) && state.used.contains(node.proto->output(index)); }
  bool isForTraining() const { return state.isForTraining; }
  /// A number that no other use of random numbers has.
  int64_t takeRandomSite() { return state.randomSites++; }
  /// Whether a node that the file holds in training form is to compute like that. A training step does it by itself.
  bool keepsTrainingForm() const { return !state.isForTraining && !state.inferenceForm; }
  /// The operand as a tensor; null (and an error) if it is missing.
  mlir::Value getInput(int index);
  mlir::FailureOr<llvm::SmallVector<mlir::Value>> getInputs();
  mlir::FailureOr<llvm::SmallVector<mlir::Value>> getSequence(int index);
  mlir::RankedTensorType getType(int index);
  /// The operand's unsigned element type in ONNX, or null; its tensor has a wider signed one.
  mlir::IntegerType getUnsignedType(int index) const;
  /// The operand's dimensions; does not make a tensor of a shape.
  mlir::FailureOr<llvm::SmallVector<graph::Dim>> getOperandDims(int index);
  /// The operand's elements, if they are integers known at import.
  const ShapeValue *getShapeValue(int index) const;
  /// The operand's only element, if it is an integer known at import.
  std::optional<graph::Dim> getScalar(int index) const;
  /// Sizes given by operand `index`; an error that names the operand if they are not known at import.
  mlir::FailureOr<llvm::SmallVector<graph::Dim>> getSizes(int index);

  // Attributes.
  bool has(llvm::StringRef attribute) const { return find(attribute) != nullptr; }
  int64_t getInt(llvm::StringRef attribute, int64_t initial) const;
  double getFloat(llvm::StringRef attribute, double initial) const;
  std::string getString(llvm::StringRef attribute, llvm::StringRef initial) const;
  std::optional<llvm::SmallVector<int64_t>> getInts(llvm::StringRef attribute) const;
  std::optional<llvm::SmallVector<double>> getFloats(llvm::StringRef attribute) const;
  const onnx::TensorProto *getTensor(llvm::StringRef attribute) const;
  /// Integers given by an attribute in older versions of an operator and by an operand in newer ones; nullopt if
  /// neither is there. Fails where an operand depends on data or on the batch.
  mlir::FailureOr<std::optional<llvm::SmallVector<int64_t>>> getIntegers(llvm::StringRef attribute, int index);
  /// The elements of operand `index`, if they are known at compile time.
  std::optional<llvm::SmallVector<double>> getNumbers(int index);
  /// Its only element.
  std::optional<double> getNumber(int index);
  /// A dimension counted from the end if negative, checked against `rank`.
  mlir::FailureOr<int64_t> normalizeAxis(int64_t axis, int64_t rank);
  mlir::FailureOr<llvm::SmallVector<int64_t>> normalizeAxes(llvm::ArrayRef<int64_t> axes, int64_t rank);

  /// An error that names an operand of an element type that the standard does not have for it.
  mlir::LogicalResult checkOperandTypes();

  // Results. A null value is a failure whose reason has been recorded.
  mlir::LogicalResult setResult(mlir::Value value, int index = 0);
  mlir::LogicalResult setResult(ShapeValue value, int index = 0);
  /// The element type in ONNX is `stored`; what leaves its range is wrapped. Said where no operand has that type.
  void setElementType(mlir::Type stored, int index = 0);
  mlir::LogicalResult setSequence(llvm::ArrayRef<mlir::Value> values);

  // Building.
  mlir::Location getLoc() const { return loc; }
  mlir::OpBuilder &getBuilder() { return state.builder; }
  /// Creates an op whose result type follows from its operands.
  template <typename OpT, typename... Args> mlir::Value create(Args &&...args);
  /// Creates an op with a given result type.
  template <typename OpT, typename... Args> mlir::Value createAs(mlir::Type type, Args &&...args);
  mlir::Value createConstant(mlir::DenseElementsAttr elements);
  /// A scalar of the element type, repeated to `dims`.
  mlir::Value createSplat(double value, llvm::ArrayRef<graph::Dim> dims, mlir::Type elementType);
  mlir::Value createReshape(mlir::Value input, llvm::ArrayRef<graph::Dim> dims);
  mlir::Value createConvert(mlir::Value input, mlir::Type elementType);
  /// Values as an unsigned type has them: modulo 2^bits.
  mlir::Value createWrapped(mlir::Value input, mlir::IntegerType unsignedType);
  mlir::Value createTranspose(mlir::Value input, llvm::ArrayRef<int64_t> permutation);
  /// Elements start, start + stride, ... (`sizes` of them) of each dimension.
  mlir::Value createSlice(mlir::Value input, llvm::ArrayRef<int64_t> starts, llvm::ArrayRef<int64_t> strides,
                          llvm::ArrayRef<graph::Dim> sizes);
  mlir::Value materialize(const ShapeValue &value);

  /// Repeats `input` to `dims` by ONNX's rules: dimensions are matched from the last on.
  mlir::Value broadcastTo(mlir::Value input, llvm::ArrayRef<graph::Dim> dims);
  /// The common shape; an error names the sizes that do not agree.
  mlir::FailureOr<llvm::SmallVector<graph::Dim>> getBroadcastDims(llvm::ArrayRef<llvm::SmallVector<graph::Dim>> shapes);
  mlir::LogicalResult broadcastTogether(llvm::MutableArrayRef<mlir::Value> values);
  /// An error unless a tensor of these sizes, which come from the file, can exist. Results of ops are checked anyway.
  mlir::LogicalResult checkSizes(llvm::ArrayRef<graph::Dim> dims);
  /// An error unless at most one of a tensor's dimensions depends on the batch.
  mlir::LogicalResult checkBatch(llvm::ArrayRef<graph::Dim> dims);

private:
  const onnx::AttributeProto *find(llvm::StringRef attribute) const;
  mlir::Value finish(mlir::OperationState &operation);
  mlir::Value fail();
  /// The standard's description of the operator at the file's opset; null for operators of other domains.
  const onnx::OpSchema *getSchema() const;
  std::optional<int32_t> getOperandType(int index) const;
  /// Two operands of different element types for which the schema wants one; empty if there are none.
  std::string describeMixedTypes();
  Binding *getBinding(int index) const;

  static bool isNull(mlir::Value value) { return !value; }
  static bool isNull(mlir::ValueRange values) { return llvm::is_contained(values, mlir::Value()); }
  template <typename T> static bool isNull(const T &value) {
    if constexpr (std::is_convertible_v<const T &, mlir::ValueRange>)
      return isNull(mlir::ValueRange(value));
    return false;
  }

  ImportState &state;
  const FlatNode &node;
  int64_t opset;
  mlir::Location loc;
  bool reported = false;
};

template <typename OpT, typename... Args> mlir::Value NodeImporter::create(Args &&...args) {
  if ((isNull(args) || ...))
    return fail();
  mlir::OperationState operation(loc, OpT::getOperationName());
  OpT::build(state.builder, operation, mlir::Type(), args...);
  // `OpT::create` would abort where types cannot be inferred; here that is the user's error.
  operation.types.clear();
  mlir::MLIRContext *context = state.builder.getContext();
  if (mlir::failed(OpT::inferReturnTypes(context, loc, operation.operands,
                                         operation.attributes.getDictionary(context), operation.getRawProperties(), {},
                                         operation.types)))
    return fail();
  return finish(operation);
}

template <typename OpT, typename... Args> mlir::Value NodeImporter::createAs(mlir::Type type, Args &&...args) {
  if (!type || (isNull(args) || ...))
    return fail();
  mlir::OperationState operation(loc, OpT::getOperationName());
  OpT::build(state.builder, operation, type, args...);
  return finish(operation);
}

} // namespace glyptic
