//===- Import.cpp - An ONNX file as a program ---------------------------------===//
#include "compiler/Import/Import.h"
#include "compiler/Import/Diagnostics.h"
#include "compiler/Import/FileForm.h"
#include "compiler/Import/FoldedNorms.h"
#include "compiler/Import/Inputs.h"
#include "compiler/Import/Provenance.h"
#include "compiler/Import/Registry.h"
#include "compiler/Import/SchemaFunctions.h"
#include "compiler/Import/Tensors.h"
#include "compiler/Import/Weights.h"
#include "dialects/Graph/Builders.h"
#include "onnx/defs/schema.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

namespace {

/// Whether an input that is no weight has a first dimension of no size.
bool leavesBatchFree(const onnx::GraphProto &graph) {
  llvm::StringSet<> weights;
  for (const onnx::TensorProto &tensor : graph.initializer())
    weights.insert(tensor.name());
  return llvm::any_of(graph.input(), [&](const onnx::ValueInfoProto &input) {
    const auto &shape = input.type().tensor_type().shape();
    return !weights.contains(input.name()) && shape.dim_size() && shape.dim(0).dim_value() <= 0;
  });
}

/// Builds `@infer`: arguments first, then node by node, then the results.
class GraphImporter {
public:
  GraphImporter(MLIRContext &context, const ModelFile &file, const FlatGraph &graph, const CompileOptions &options)
      : file(file), graph(graph), module(ModuleOp::create(UnknownLoc::get(&context))),
        builder(module->getBodyRegion()), function(createFunction()),
        state{file, OpBuilder(&context), {}, graph.names, {}, options.training.has_value(), options.inferenceForm,
              leavesBatchFree(file.proto.graph()), {}, {}} {
    for (const FlatNode &node : graph.nodes)
      state.used.insert(node.proto->input().begin(), node.proto->input().end());
    for (const onnx::ValueInfoProto &output : file.proto.graph().output())
      state.used.insert(output.name());
    state.builder.setInsertionPointToStart(function.addEntryBlock());
  }

  void bind(ModelTensors &tensors, ArrayRef<ModelInput> inputs) {
    for (const Weight &weight : tensors.weights)
      addArgument(weight.name, weight.type, weight.role);
    for (const ModelInput &input : inputs)
      addArgument(input.name, input.type, role::Input);
    for (auto &[name, elements] : tensors.constants)
      bindConstant(state.bindings[name], name, elements);
    for (auto &[name, problem] : tensors.unreadable)
      state.bindings[name] = {Value(), {}, {}, true, "tensor " + quote(name) + " " + problem};
  }

  void importNodes() {
    ScopedDiagnosticHandler handler(builder.getContext(), [&](Diagnostic &diagnostic) {
      state.lastDiagnostic = diagnostic.str();
      return success();
    });
    for (const FlatNode &node : graph.nodes)
      if (!isBound(node))
        importNode(node, 0);
  }

  /// For a model whose inputs are not known yet: the nodes whose operator no input could make importable.
  llvm::Error findUnsupported() {
    for (const FlatNode &node : graph.nodes) {
      NodeImporter importer(state, node, getOpset(node));
      std::string domain = normalizeDomain(node.proto->domain());
      if (!lookupImporter(domain, node.proto->op_type(), importer.getOpset()) && !isSchemaFunction(importer))
        (void)reportUnsupported(importer);
    }
    return state.errors.empty() ? llvm::Error::success()
                                : llvm::make_error<NodeFaults>(file.path, std::move(state.errors));
  }

  /// Returns the outputs, and removes what none of them needs: shape arithmetic, unused weights.
  llvm::Error finish(std::vector<Weight> &weights) {
    if (!state.errors.empty())
      return llvm::make_error<NodeFaults>(file.path, std::move(state.errors));
    SmallVector<Value> results;
    SmallVector<DictionaryAttr> attributes;
    for (const onnx::ValueInfoProto &output : file.proto.graph().output()) {
      Binding &binding = state.bindings[output.name()];
      if (!binding.value && !binding.shape)
        return makeFileError(file.path, "the output " + quote(output.name()) + " is not a tensor that was computed");
      Value result = binding.value ? binding.value : materialize(binding, output);
      if (binding.unsignedType)
        result = convertTo(state.builder, getNameLoc(output.name()), result, binding.unsignedType);
      results.push_back(result);
      attributes.push_back(makeAttributes(output.name(), role::Output));
    }
    func::ReturnOp::create(state.builder, function.getLoc(), results);
    SmallVector<Type> resultTypes = llvm::map_to_vector(results, [](Value value) { return value.getType(); });
    function.setType(builder.getFunctionType(function.front().getArgumentTypes(), resultTypes));
    function.setAllResultAttrs(attributes);
    function.setAllArgAttrs(argumentAttributes);
    removeUnused(weights);
    if (failed(verify(*module)))
      return makeFileError(file.path, "was imported wrongly (a defect of the compiler, please report the model)",
                           ErrorCode::Internal);
    return llvm::Error::success();
  }

  OwningOpRef<ModuleOp> takeModule() { return std::move(module); }

private:
  func::FuncOp createFunction() {
    return func::FuncOp::create(builder, module->getLoc(), entry::Infer, builder.getFunctionType({}, {}));
  }

  Location getNameLoc(StringRef name) { return NameLoc::get(builder.getStringAttr(name)); }

  DictionaryAttr makeAttributes(StringRef name, StringRef role) {
    return builder.getDictionaryAttr({builder.getNamedAttr(kNameAttr, builder.getStringAttr(name)),
                                      builder.getNamedAttr(kRoleAttr, builder.getStringAttr(role))});
  }

  void addArgument(StringRef name, RankedTensorType type, StringRef role) {
    Binding &binding = state.bindings[name];
    Value argument = function.front().addArgument(type, getNameLoc(name));
    binding.value = convertTo(state.builder, getNameLoc(name), argument, getComputedType(type.getElementType()));
    if (binding.value != argument)
      binding.unsignedType = cast<IntegerType>(type.getElementType());
    argumentAttributes.push_back(makeAttributes(name, role));
  }

  void bindConstant(Binding &binding, StringRef name, DenseElementsAttr stored) {
    DenseElementsAttr elements = getComputedElements(stored);
    if (elements != stored)
      binding.unsignedType = cast<IntegerType>(stored.getElementType());
    binding.shape = ShapeValue::get(elements);
    if (!binding.shape)
      binding.value = ConstantOp::create(state.builder, getNameLoc(name), elements);
  }

  Value materialize(Binding &binding, const onnx::ValueInfoProto &output) {
    onnx::NodeProto proto;
    proto.set_op_type("Identity");
    proto.add_input(output.name());
    proto.set_name(output.name());
    FlatNode node{&proto, &proto, nullptr, ""};
    return NodeImporter(state, node, 0).getInput(0);
  }

  /// Constant nodes that are state or a constant already.
  bool isBound(const FlatNode &node) {
    return node.proto->op_type() == "Constant" && node.proto->output_size() &&
           state.bindings.contains(node.proto->output(0));
  }

  static int64_t getOpset(const FlatNode &node) {
    auto version = node.opsets->find(normalizeDomain(node.proto->domain()));
    return version == node.opsets->end() ? 1 : version->second;
  }

  static LogicalResult reportUnsupported(NodeImporter &importer) {
    return importer.emitError("the operator " + escape(importer.getOpType()) + " (opset " +
                              Twine(importer.getOpset()) + ") is not supported");
  }

  void importNode(const FlatNode &node, int depth) {
    std::string domain = normalizeDomain(node.proto->domain());
    NodeImporter importer(state, node, getOpset(node));
    LogicalResult result = success();
    const size_t known = state.errors.size();
    if (const OpImporter *found = lookupImporter(domain, node.proto->op_type(), importer.getOpset()))
      result = success(!hasFailedOperand(importer) && succeeded(importer.checkOperandTypes()) &&
                       succeeded(found->import(importer)) &&
                       succeeded(carryUnsigned(importer, domain)));
    else if (auto body = expandSchemaFunction(importer, state, depth))
      for (FlatNode &inner : body->nodes)
        importNode(inner, depth + 1);
    else
      result = reportUnsupported(importer);
    if (failed(result) && state.errors.size() == known && !hasFailedOperand(importer))
      (void)importer.emitError(state.lastDiagnostic.empty() ? "cannot be imported" : escape(state.lastDiagnostic));
    state.lastDiagnostic.clear();
    for (const std::string &output : node.proto->output())
      if (!output.empty() && (failed(result) || !state.bindings.contains(output)))
        state.bindings[output].failed = true;
  }

  /// A result that by the schema has the type of an unsigned operand is unsigned, too.
  LogicalResult carryUnsigned(NodeImporter &importer, const std::string &domain) {
    const onnx::NodeProto &node = *importer.getNode().proto;
    std::map<std::string, IntegerType> types;
    const onnx::OpSchema *schema = onnx::OpSchemaRegistry::Schema(node.op_type(), importer.getOpset(), domain);
    auto getFormal = [](const auto &formals, int i) {
      return formals[std::min<size_t>(i, formals.size() - 1)].GetTypeStr();
    };
    for (int i = 0; schema && i < node.input_size() && !schema->inputs().empty(); ++i)
      if (IntegerType type = importer.getUnsignedType(i))
        types[getFormal(schema->inputs(), i)] = type;
    for (int i = 0; !types.empty() && i < node.output_size() && !schema->outputs().empty(); ++i)
      if (auto found = types.find(getFormal(schema->outputs(), i)); found != types.end())
        importer.setElementType(found->second, i);
    return success();
  }

  /// A node whose operand failed is skipped in silence: the first message says it all, except for weights.
  bool hasFailedOperand(NodeImporter &importer) {
    bool hasFailed = false;
    for (const std::string &input : importer.getNode().proto->input()) {
      auto binding = state.bindings.find(input);
      if (binding == state.bindings.end() || !binding->second.failed)
        continue;
      hasFailed = true;
      if (!binding->second.problem.empty())
        (void)importer.emitError(binding->second.problem);
    }
    return hasFailed;
  }

  void removeUnused(std::vector<Weight> &weights) {
    Block &body = function.front();
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
      if (isOpTriviallyDead(&op))
        op.erase();
    llvm::BitVector unused(body.getNumArguments());
    for (size_t i = 0; i < weights.size(); ++i)
      unused[i] = body.getArgument(i).use_empty();
    size_t position = 0;
    llvm::erase_if(weights, [&](const Weight &) { return unused[position++]; });
    (void)function.eraseArguments(unused);
  }

  const ModelFile &file;
  const FlatGraph &graph;
  OwningOpRef<ModuleOp> module;
  OpBuilder builder; ///< of the module's functions
  func::FuncOp function;
  SmallVector<DictionaryAttr> argumentAttributes;
  ImportState state;
};

/// A model with its nodes and tensors, before any node is imported.
struct Parts {
  ImportedModel model;
  ModelTensors tensors;
};

} // namespace

char NodeFaults::ID;

void NodeFaults::log(raw_ostream &out) const {
  out << escape(path) << ": " << faults.front().message;
  if (faults.size() == 1)
    return;
  out << "\n" << faults.size() << " nodes are at fault:";
  constexpr size_t kMaxListed = 50;
  for (const NodeFault &fault : ArrayRef(faults).take_front(kMaxListed))
    out << "\n  " << fault.message;
  if (faults.size() > kMaxListed)
    out << "\n  and " << faults.size() - kMaxListed << " more";
}

/// The file, read and checked.
static llvm::Expected<std::unique_ptr<ModelFile>> loadModel(StringRef path) {
  auto file = readModelFile(path);
  if (!file)
    return file;
  if (llvm::Error error = checkLimits(**file))
    return std::move(error);
  if (llvm::Error error = mapExternalData(**file))
    return std::move(error);
  if (llvm::Error error = checkStructure(**file))
    return std::move(error);
  return file;
}

static llvm::Expected<Parts> loadParts(MLIRContext &context, StringRef path, const CompileOptions &options) {
  auto file = loadModel(path);
  if (!file)
    return file.takeError();
  Parts parts;
  parts.model.graph = std::make_shared<FlatGraph>(flatten(**file));
  parts.tensors = collectTensors(context, **file, *parts.model.graph, options);
  parts.model.trainingForm = describeTrainingForm(**file, *parts.model.graph);
  parts.model.file = std::move(*file);
  return parts;
}

llvm::Expected<ImportedModel> importOnnx(MLIRContext &context, StringRef path, const CompileOptions &options) {
  context.loadDialect<GraphDialect, func::FuncDialect>();
  auto parts = loadParts(context, path, options);
  if (!parts)
    return parts.takeError();
  auto &[model, tensors] = *parts;
  GraphImporter importer(context, *model.file, *model.graph, options);
  auto inputs = collectInputs(context, *model.file, options);
  if (!inputs)
    return llvm::joinErrors(inputs.takeError(), importer.findUnsupported());
  if (options.training)
    remarkFoldedNorms(context, *model.file, *model.graph);
  importer.bind(tensors, *inputs);
  importer.importNodes();
  model.weights = std::move(tensors.weights);
  if (llvm::Error error = importer.finish(model.weights))
    return std::move(error);
  model.module = importer.takeModule();
  return std::move(model);
}

llvm::Expected<ImportedModel> importWeights(MLIRContext &context, StringRef path, const CompileOptions &options) {
  auto parts = loadParts(context, path, options);
  if (!parts)
    return parts.takeError();
  parts->model.weights = std::move(parts->tensors.weights);
  return std::move(parts->model);
}

} // namespace glyptic
