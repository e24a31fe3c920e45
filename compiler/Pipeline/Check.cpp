//===- Check.cpp - The pre-flight of a model --------------------===//
//
// Builds the training step of the model, as a compilation would, and reports which weights it changes, where gradients
// end and why, and what it would cost at several batch sizes. No machine code is made.
//
//===----------------------------------------------------------------------===//
#include "compiler/Pipeline/Check.h"
#include "compiler/Globs.h"
#include "compiler/Import/ModelFile.h"
#include "compiler/Pipeline/Compilation.h"
#include "compiler/Pipeline/NodeJson.h"
#include "compiler/Pipeline/Registration.h"
#include "compiler/Pipeline/TrainedWeights.h"
#include "compiler/Training/Training.h"
#include "dialects/Graph/BatchDims.h"
#include "dialects/Graph/GraphDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace glyptic {
namespace {

using Json = nlohmann::ordered_json;

/// What there is to say of a node, or of the first node of a location.
template <typename Node> Json describe(const Node &node, const std::string &message) {
  Json json = toJson(node);
  json["message"] = message;
  return json;
}

Json describe(const Weight &weight, bool trained) {
  return {{"name", weight.name},
          {"shape", weight.type.getShape().vec()},
          {"count", weight.type.getNumElements()},
          {"role", weight.role.str()},
          {"reason", weight.reason},
          {"use", weight.use},
          {"op", weight.op},
          {"trained", trained}};
}

/// The batches to ask for; only its own where the model fixes it.
SmallVector<int64_t> getBatches(func::FuncOp infer) {
  int64_t fixed = 1;
  for (auto [i, type] : llvm::enumerate(infer.getArgumentTypes())) {
    if (infer.getArgAttrOfType<StringAttr>(i, kRoleAttr).getValue() != role::Input)
      continue;
    auto tensor = cast<RankedTensorType>(type);
    if (graph::getBatchedDim(tensor) >= 0)
      return {1, 8, 32, 128};
    if (fixed == 1 && tensor.getRank() > 0)
      fixed = tensor.getDimSize(0);
  }
  return {fixed};
}

constexpr const char *kInferenceAdvice = ", wherever it runs. A training step does so anyway; for all else, train, "
                                         "export and run take --inference-form";

class ModelCheck {
public:
  ModelCheck(const std::string &model, CompileOptions asked) : model(model), options(std::move(asked)) {
    // Whether a gradient reaches a parameter does not depend on the loss; this one takes any output.
    if (!options.training)
      options.training.emplace().loss = "mse";
    result = {{"model", model}, {"trains", false}, {"loss", options.training->loss}, {"machine", ""}};
    for (const char *list : {"unsupported", "blocked", "modes", "remarks"})
      result[list] = Json::array();
    result["composites"] = Json::object();
  }

  Outcome run() {
    DialectRegistry registry;
    registerDialects(registry);
    MLIRContext context(registry, MLIRContext::Threading::DISABLED);
    context.printOpOnDiagnostic(false);
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      const char *list = diagnostic.getSeverity() == DiagnosticSeverity::Error ? "blocked" : "remarks";
      result[list].push_back(describe(diagnostic.getLocation(), diagnostic.str()));
    });
    llvm::Expected<ImportedModel> imported = importOnnx(context, model, options);
    if (!imported)
      return fail(imported.takeError());
    const SmallVector<int64_t> batches = getBatches(imported->module->lookupSymbol<func::FuncOp>(entry::Infer));
    if (!imported->trainingForm.empty())
      result["remarks"].push_back(describe(graph::NodeOrigin(), "the file is in training form: " +
                                                                    imported->trainingForm + kInferenceAdvice));
    recognise(*imported->module);
    checkTraining(*imported);
    CompileOptions inference = options;
    inference.training.reset();
    result["inference"] = getCosts(inference, batches);
    result["training"] = result["trains"].get<bool>() ? getCosts(options, batches) : Json::array();
    return {};
  }

  std::string getJson() const { return result.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

private:
  Outcome fail(llvm::Error error) {
    return toOutcome(llvm::handleErrors(std::move(error), [&](std::unique_ptr<NodeFaults> faults) -> llvm::Error {
      for (const NodeFault &fault : faults->get())
        result["unsupported"].push_back(describe(fault.node, fault.message));
      return llvm::Error(std::move(faults));
    }));
  }

  /// Counts the ops that libraries and derivatives take as a whole.
  void recognise(ModuleOp module) {
    if (failed(prepareTraining(module)))
      return;
    std::map<std::string, int64_t> counts;
    module.walk([&](graph::DecomposableOpInterface op) { ++counts[op->getName().stripDialect().str()]; });
    result["composites"] = counts;
  }

  void checkTraining(ImportedModel &imported) {
    TrainingReport report;
    bool trains = succeeded(buildTraining(*imported.module, *options.training, &report));
    result["trains"] = trains;
    Json blocked = Json::array();
    for (const Obstacle &obstacle : report.obstacles) {
      blocked.push_back(describe(obstacle.node, obstacle.message));
      blocked.back()["parameters"] = obstacle.parameters;
    }
    for (const Json &error : result["blocked"]) // what follows from them
      blocked.push_back(error);
    result["blocked"] = std::move(blocked);
    for (const ModeChange &change : report.modes)
      result["modes"].push_back(describe(change.node, change.message));
    llvm::StringSet<> trained = trains ? getTrainedParameters(*imported.module) : llvm::StringSet<>();
    int64_t total = 0, changed = 0;
    Json weights = Json::array();
    for (const Weight &weight : imported.weights) {
      bool isTrained = trained.contains(weight.name);
      weights.push_back(describe(weight, isTrained));
      if (trains && !isTrained && weight.role == role::Parameter)
        weights.back()["reason"] = matchesAny(options.training->freeze, weight.name) ? "frozen on request"
                                                                                    : "no gradient reaches it";
      total += weight.role == role::Parameter ? weight.type.getNumElements() : 0;
      changed += isTrained ? weight.type.getNumElements() : 0;
    }
    if (trains)
      for (const std::string &doubt : findDoubtfulWeights(imported.weights, *imported.module))
        result["remarks"].push_back(describe(graph::NodeOrigin(), doubt));
    result["parameters"] = total;
    result["trained_parameters"] = changed;
    result["weights"] = std::move(weights);
  }

  /// Memory, work and time at each batch, or what stands in the way.
  Json getCosts(CompileOptions asked, ArrayRef<int64_t> batches) {
    asked.stopAfter = "kernels";
    CompileReport report;
    Compilation compilation(model, asked, "", report);
    Outcome compiled = compilation.run();
    if (!asked.training) // those of training stand above already
      for (StringRef remark : report.remarks) {
        remark.consume_front(model + ": ");
        result["remarks"].push_back(describe(graph::NodeOrigin(), remark.str()));
      }
    Json costs = Json::array();
    for (int64_t batch : batches) {
      Json cost = {{"batch", batch}};
      planning::Bill bill;
      Outcome outcome = compiled ? compilation.makeBillAt(batch, bill) : compiled;
      if (!outcome) {
        cost["error"] = outcome.message;
      } else {
        cost["memory"] = bill.total;
        result["machine"] = bill.machine ? bill.machine->name : "";
        StringRef name = asked.training ? entry::Step : entry::Infer;
        for (const planning::EntryBill &entry : bill.entries)
          if (entry.name == name) {
            cost["flops"] = entry.flops;
            if (entry.cost)
              cost["predicted_seconds"] = entry.cost->seconds();
          }
      }
      costs.push_back(std::move(cost));
    }
    return costs;
  }

  const std::string &model;
  CompileOptions options;
  Json result;
};

} // namespace

Outcome checkModel(const std::string &model, CompileOptions options, std::string &json) {
  ModelCheck check(model, std::move(options));
  Outcome outcome = check.run();
  json = check.getJson();
  return outcome;
}

} // namespace glyptic
