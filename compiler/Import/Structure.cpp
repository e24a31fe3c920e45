//===- Structure.cpp - Is the model well formed? ------------------------------===//
#include "compiler/Import/Structure.h"
#include "compiler/Import/Diagnostics.h"
#include "compiler/Import/FlatGraph.h"
#include "onnx/checker.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringSet.h"
#include <set>

using namespace llvm;

namespace glyptic {

std::string normalizeDomain(StringRef domain) { return domain == "ai.onnx" ? "" : domain.str(); }

OpsetVersions getOpsetVersions(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports) {
  OpsetVersions versions;
  for (const onnx::OperatorSetIdProto &import : imports)
    versions[normalizeDomain(import.domain())] = import.version();
  return versions;
}

namespace {

constexpr int64_t kOldestOpset = 7; // the first with today's broadcasting

class StructureChecker {
public:
  explicit StructureChecker(const ModelFile &file)
      : file(file), graph(file.proto.graph()), functions(file.proto) {}

  llvm::Error run() {
    if (llvm::Error error = checkVersions())
      return error;
    if (llvm::Error error = checkDefinitions())
      return error;
    if (llvm::Error error = checkUses())
      return error;
    for (int64_t i = 0; i < graph.node_size(); ++i)
      if (llvm::Error error = checkCall(graph.node(i), i))
        return error;
    return checkSchemas();
  }

private:
  llvm::Error fail(const Twine &message) { return makeFileError(file.path, message); }

  llvm::Error checkVersions() {
    if (file.proto.ir_version() < 3 || file.proto.ir_version() > onnx::Version::IR_VERSION)
      return fail("has the IR version " + Twine(file.proto.ir_version()) + "; versions 3 to " +
                  Twine(int(onnx::Version::IR_VERSION)) + " are supported");
    StringMap<int64_t> imports;
    for (const onnx::OperatorSetIdProto &import : file.proto.opset_import())
      if (auto [known, isNew] = imports.try_emplace(normalizeDomain(import.domain()), import.version());
          known->second != import.version())
        return fail("imports opset " + Twine(known->second) + " and opset " + Twine(import.version()) +
                    " of one domain, " + quote(known->getKey()) + "; keep the one that its nodes were written for");
    auto isOfOnnx = [](const onnx::NodeProto &node) { return normalizeDomain(node.domain()).empty(); };
    if (!imports.contains("") && any_of(graph.node(), isOfOnnx))
      return fail("imports no opset of ONNX's operators, so their version is unknown; add it to opset_import");
    int64_t newest = onnx::OpSchemaRegistry::DomainToVersionRange::Instance().Map().at("").second;
    for (auto [domain, version] : getOpsetVersions(file.proto.opset_import()))
      if (domain.empty() && (version < kOldestOpset || version > newest))
        return fail("uses opset " + Twine(version) + "; opsets " + Twine(kOldestOpset) + " to " + Twine(newest) +
                    " are supported (onnx.version_converter changes it)");
    return llvm::Error::success();
  }

  llvm::Error define(StringRef name, const Twine &what) {
    if (name.empty() || defined.insert(name).second)
      return llvm::Error::success();
    return fail(what + " defines " + quote(name) + " a second time; rename it");
  }

  llvm::Error checkDefinitions() {
    std::set<std::tuple<StringRef, StringRef, StringRef>> known;
    for (const onnx::FunctionProto &function : file.proto.functions())
      if (!known.insert({function.domain(), function.name(), function.overload()}).second)
        return fail("defines the function " + quote(function.name()) + " of domain " + quote(function.domain()) +
                    " a second time; rename it");
    for (const onnx::ValueInfoProto &input : graph.input()) {
      if (input.name().empty())
        return fail("an input has no name");
      if (llvm::Error error = define(input.name(), "an input"))
        return error;
    }
    StringSet<> initializers;
    for (const onnx::TensorProto &tensor : graph.initializer()) {
      if (!initializers.insert(tensor.name()).second)
        return fail("an initializer defines " + quote(tensor.name()) + " a second time; rename it");
      defined.insert(tensor.name()); // may be an input, too: then it is the input's default
    }
    if (graph.sparse_initializer_size())
      return fail("has sparse initializers, which are not supported; make them dense");
    for (int64_t i = 0; i < graph.node_size(); ++i)
      for (const std::string &output : graph.node(i).output()) {
        if (llvm::Error error = define(output, describeNode(graph.node(i), i)))
          return error;
        if (!output.empty())
          producers[output] = i;
      }
    return llvm::Error::success();
  }

  llvm::Error checkUses() {
    for (int64_t i = 0; i < graph.node_size(); ++i)
      for (const std::string &input : graph.node(i).input()) {
        if (!input.empty() && !defined.contains(input))
          return fail(describeNode(graph.node(i), i) + ": reads " + quote(input) +
                      ", which no node, input or initializer defines");
        auto producer = producers.find(input);
        if (producer == producers.end() || producer->second < i)
          continue;
        if (reaches(producer->second, i))
          return fail(describeNode(graph.node(i), i) + ": reads " + quote(input) +
                      ", which depends on its own output: the graph has a cycle");
        return fail(describeNode(graph.node(i), i) + ": reads " + quote(input) + " before " +
                    describeNode(graph.node(producer->second), producer->second) +
                    " computes it; sort the nodes topologically");
      }
    for (const onnx::ValueInfoProto &output : graph.output())
      if (!defined.contains(output.name()))
        return fail("the output " + quote(output.name()) + " is not computed by any node");
    return llvm::Error::success();
  }

  /// Whether node `from` needs a result of node `to`, directly or not.
  bool reaches(int64_t from, int64_t to) {
    std::vector<int64_t> stack{from};
    std::vector<bool> seen(graph.node_size());
    while (!stack.empty()) {
      int64_t node = stack.back();
      stack.pop_back();
      if (node == to)
        return true;
      if (seen[node])
        continue;
      seen[node] = true;
      for (const std::string &input : graph.node(node).input())
        if (auto producer = producers.find(input); producer != producers.end())
          stack.push_back(producer->second);
    }
    return false;
  }

  llvm::Error checkCall(const onnx::NodeProto &node, int64_t number) {
    const onnx::FunctionProto *function = functions.lookup(node);
    if (!function || (node.input_size() <= function->input_size() && node.output_size() <= function->output_size()))
      return llvm::Error::success();
    return fail(describeNode(node, number) + ": has " + Twine(node.input_size()) + " inputs and " +
                Twine(node.output_size()) + " outputs, the function that it calls " + Twine(function->input_size()) +
                " and " + Twine(function->output_size()));
  }

  using Imports = std::unordered_map<std::string, int>;

  static Imports getImports(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports) {
    Imports versions;
    for (auto [domain, version] : getOpsetVersions(imports))
      versions[domain] = version;
    return versions;
  }

  /// Operators that ONNX does not know are reported later, all together. It takes those that it has deprecated for
  /// errors, such as GroupNormalization before opset 21; there are such files, and everybody runs them.
  static bool isChecked(const onnx::NodeProto &node, const Imports &imports) {
    auto version = imports.find(normalizeDomain(node.domain()));
    const onnx::OpSchema *schema =
        version == imports.end()
            ? nullptr
            : onnx::OpSchemaRegistry::Schema(node.op_type(), version->second, version->first);
    return schema && !schema->Deprecated();
  }

  onnx::checker::CheckerContext makeContext(const Imports &imports) {
    onnx::checker::CheckerContext context;
    context.set_ir_version(file.proto.ir_version());
    context.set_model_dir(file.getFolder().str());
    context.set_opset_imports(imports);
    return context;
  }

  /// Names inside of a function are its own, and so are the versions that it imports: ONNX's check of all functions
  /// at once holds both against the model's.
  void checkFunctions(std::string &where) {
    for (const onnx::FunctionProto &function : file.proto.functions()) {
      where = "function " + quote(function.name()) + ": ";
      const Imports imports = getImports(function.opset_import());
      onnx::checker::check_function(function, makeContext(imports), {});
    }
  }

  /// ONNX's checker throws; its text is passed on with the node that it is about.
  llvm::Error checkSchemas() {
    const Imports imports = getImports(file.proto.opset_import());
    onnx::checker::LexicalScopeContext scope;
    for (const auto &name : defined)
      scope.add(name.getKey().str());
    std::string where;
    try {
      checkFunctions(where);
      const onnx::checker::CheckerContext context = makeContext(imports);
      for (int64_t i = 0; i < graph.node_size(); ++i) {
        where = describeNode(graph.node(i), i) + ": ";
        if (isChecked(graph.node(i), imports))
          onnx::checker::check_node(graph.node(i), context, scope);
      }
    } catch (const std::exception &e) {
      return fail(where + "does not follow the ONNX standard: " + escape(e.what()));
    }
    return llvm::Error::success();
  }

  const ModelFile &file;
  const onnx::GraphProto &graph;
  FunctionTable functions;
  StringSet<> defined;
  StringMap<int64_t> producers;
};

} // namespace

llvm::Error checkStructure(const ModelFile &file) { return StructureChecker(file).run(); }

} // namespace glyptic
