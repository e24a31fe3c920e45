//===- Check.cpp - The pre-flight of a model --------------------===//
//
// Builds the training step of the model, as a compilation would, and reports which weights it changes and what it would
// cost at several batch sizes. Nothing is generated: phases end with the memory plan.
//
//===----------------------------------------------------------------------===//
#include "compiler/Pipeline/Check.h"
#include "compiler/Import/Import.h"
#include "compiler/Pipeline/Compilation.h"
#include "compiler/Pipeline/Registration.h"
#include "compiler/Training/Training.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringSet.h"
#include <nlohmann/json.hpp>

using namespace mlir;

namespace glyptic {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kBatches[] = {1, 8, 32, 128};

/// Names of the parameters that the step changes; empty where there is no step.
llvm::StringSet<> trainedParameters(ModuleOp module) {
  llvm::StringSet<> names;
  auto step = module.lookupSymbol<func::FuncOp>(entry::Step);
  for (unsigned i = 0, count = step ? step.getNumArguments() : 0; i < count; ++i) {
    auto role = step.getArgAttrOfType<StringAttr>(i, kRoleAttr);
    if (role && role.getValue() == role::Parameter)
      names.insert(step.getArgAttrOfType<StringAttr>(i, kNameAttr).getValue());
  }
  return names;
}

Json describe(const Weight &weight, bool trained) {
  return {{"name", weight.name},
          {"shape", weight.type.getShape().vec()},
          {"count", weight.type.getNumElements()},
          {"role", weight.role.str()},
          {"reason", weight.reason},
          {"trained", trained}};
}

/// Where a diagnostic points to: the ONNX node's name, or nothing.
std::string nodeOf(Location location) {
  std::string name;
  location->walk([&](Location part) {
    if (auto named = dyn_cast<NameLoc>(part)) {
      name = named.getName().str();
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return name;
}

/// Memory and work at one batch size, or what stands in the way.
Json costAt(const std::string &model, CompileOptions options, int64_t batch) {
  options.maxBatch = batch;
  options.stopAfter = "planning";
  CompileReport report;
  Json cost = {{"batch", batch}};
  Outcome outcome = Compilation(model, options, "", report).run();
  if (!outcome) {
    cost["error"] = outcome.message;
    return cost;
  }
  Json bill = Json::parse(report.billJson);
  cost["memory"] = bill["memory"]["total"];
  const char *entry = options.training ? "step" : "infer";
  for (const char *key : {"flops", "predicted_seconds"})
    if (bill["entries"].contains(entry) && bill["entries"][entry].contains(key))
      cost[key] = bill["entries"][entry][key];
  return cost;
}

} // namespace

Outcome checkModel(const std::string &model, CompileOptions options, std::string &json) {
  DialectRegistry registry;
  registerDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false);
  Json blocked = Json::array(), remarks = Json::array();
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    Json &list = diagnostic.getSeverity() == DiagnosticSeverity::Error ? blocked : remarks;
    list.push_back({{"node", nodeOf(diagnostic.getLocation())}, {"message", diagnostic.str()}});
  });
  // Whether a gradient reaches a parameter does not depend on the loss; this one takes any output.
  if (!options.training)
    options.training.emplace().loss = "mse";
  llvm::Expected<ImportedModel> imported = importOnnx(context, model, options);
  if (!imported)
    return {false, ErrorCode::Format, llvm::toString(imported.takeError())};
  bool trains = succeeded(buildTraining(*imported->module, *options.training));
  llvm::StringSet<> trained = trains ? trainedParameters(*imported->module) : llvm::StringSet<>();

  Json result = {{"model", model}, {"trains", trains}, {"loss", options.training->loss}};
  int64_t total = 0, changed = 0;
  Json weights = Json::array();
  for (const Weight &weight : imported->weights) {
    bool isTrained = trained.contains(weight.name);
    weights.push_back(describe(weight, isTrained));
    total += weight.role == role::Parameter ? weight.type.getNumElements() : 0;
    changed += isTrained ? weight.type.getNumElements() : 0;
  }
  result["parameters"] = total;
  result["trained_parameters"] = changed;
  result["weights"] = std::move(weights);
  result["blocked"] = std::move(blocked);
  result["remarks"] = std::move(remarks);
  CompileOptions inference = options;
  inference.training.reset();
  for (const auto &[key, asked] : {std::pair("inference", &inference), std::pair("training", &options)}) {
    result[key] = Json::array();
    if (trains || asked == &inference)
      for (int64_t batch : kBatches)
        result[key].push_back(costAt(model, *asked, batch));
  }
  json = result.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  return {};
}

} // namespace glyptic
