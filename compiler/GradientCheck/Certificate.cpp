//===- Certificate.cpp - The check of a model's gradient, on paper ------------===//
#include "compiler/GradientCheck/Certificate.h"
#include "compiler/GradientCheck/Arguments.h"
#include "compiler/GradientCheck/GradientCheck.h"
#include "compiler/Import/ModelFile.h"
#include "compiler/OptionsJson.h"
#include "compiler/Pipeline/NodeJson.h"
#include "compiler/Pipeline/Pipeline.h"
#include "compiler/Pipeline/Registration.h"
#include "compiler/Training/Training.h"
#include "support/Error.h"
#include "support/File.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/SHA256.h"

using namespace mlir;

namespace glyptic {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;

std::string hash(StringRef bytes) {
  return llvm::toHex(llvm::SHA256::hash(llvm::arrayRefFromStringRef(bytes)), /*LowerCase=*/true);
}

/// The model's bytes and those of its external data, by name.
std::string hashModel(const ModelFile &file) {
  llvm::SHA256 sha;
  sha.update(file.bytes->getBuffer());
  SmallVector<StringRef> names(file.external.keys());
  llvm::sort(names);
  for (StringRef name : names)
    sha.update(file.external.find(name)->second->getBuffer());
  return llvm::toHex(sha.final(), /*LowerCase=*/true);
}

Json describe(const DirectionResult &direction) {
  return {{"parameter", direction.parameter.empty() ? Json() : Json(direction.parameter)},
          {"derivative", direction.derivative},
          {"difference", direction.difference},
          {"step", direction.step},
          {"error", direction.error},
          {"verdict", toString(direction.agreement).str()}};
}

Json describe(const NodeResult &result) {
  Json json = toJson(result.location);
  json.update({{"derivative", result.derivative},
               {"difference", result.difference},
               {"elements", result.elements},
               {"kinks", result.kinks},
               {"verdict", toString(result.agreement).str()}});
  return json;
}

Json describe(const GradientReport &report) {
  Json json = {{"verdict", toString(report.agreement).str()}, {"loss_value", report.loss}};
  json["directions"] = Json::array();
  for (const DirectionResult &direction : report.directions)
    json["directions"].push_back(describe(direction));
  json["nodes"] = Json::array();
  for (const NodeResult &node : report.nodes)
    json["nodes"].push_back(describe(node));
  return json;
}

class Certification {
public:
  Certification(const std::string &model, CompileOptions asked, const GradientCheckOptions &check)
      : model(model), options(std::move(asked)), check(check) {
    if (!options.training)
      options.training.emplace().loss = "mse";
  }

  Outcome run(std::string &json) {
    DialectRegistry registry;
    registerDialects(registry);
    MLIRContext context(registry, MLIRContext::Threading::DISABLED);
    context.printOpOnDiagnostic(false);
    std::string diagnostics;
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
        return;
      std::string node = graph::describeNode(diagnostic.getLocation());
      diagnostics +=
          (diagnostics.empty() ? "" : "\n") + model + ": " + (node.empty() ? "" : node + ": ") + diagnostic.str();
    });
    llvm::Expected<ImportedModel> imported = importOnnx(context, model, options);
    if (!imported)
      return toOutcome(imported.takeError());
    if (failed(prepareTraining(*imported->module)) || failed(buildTraining(*imported->module, *options.training)))
      return {false, ErrorCode::Unsupported, diagnostics};
    auto grad = imported->module->lookupSymbol<func::FuncOp>(entry::Grad);
    GradientArguments arguments = makeArguments(grad, imported->weights, check.data, check.samples, check.seed);
    FailureOr<GradientReport> report = checkGradient(grad, std::move(arguments.tensors), arguments.batch,
                                                     {check.directions, check.seed, check.tolerance});
    if (failed(report))
      return {false, ErrorCode::Unsupported, diagnostics};
    Json certificate = describeRequest(*imported->file, arguments.samples);
    certificate.update(describe(*report));
    certificate["versions"] = {{"llvm", LLVM_VERSION_STRING}};
    json = certificate.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    return judge(*report);
  }

private:
  Json describeRequest(const ModelFile &file, int64_t samples) {
    Json json = {{"certificate", "gradient"}, {"format", kFormat}};
    json["model"] = {{"file", model}, {"sha256", hashModel(file)}};
    json["data"] = nullptr;
    if (!check.data.empty()) {
      MappedFile mapped(check.data);
      StringRef bytes(reinterpret_cast<const char *>(mapped.bytes().data()), mapped.bytes().size());
      json["data"] = {{"file", check.data}, {"sha256", hash(bytes)}};
    }
    json["samples"] = samples;
    json["seed"] = check.seed;
    json["tolerance"] = check.tolerance;
    json["arithmetic"] = "fp64, reference interpreter";
    json["training"] = toJson(*options.training);
    return json;
  }

  /// A wrong derivative is a defect of ours.
  Outcome judge(const GradientReport &report) {
    if (report.agreement != Agreement::Disagrees)
      return {};
    std::string text;
    for (const NodeResult &node : report.nodes)
      if (node.agreement == Agreement::Disagrees)
        text += (text.empty() ? "" : "\n") + model + ": " + graph::describeNode(node.location) +
                ": its derivative is wrong: it gives " + std::to_string(node.derivative) + ", differences give " +
                std::to_string(node.difference) + " (a defect of the compiler, please report the node)";
    if (text.empty())
      text = model + ": the gradient differs from differences of the loss, although the derivative of each node "
                     "agrees (a defect of the compiler, please report the model)";
    return {false, ErrorCode::Internal, text};
  }

  const std::string &model;
  CompileOptions options;
  const GradientCheckOptions &check;
};

} // namespace

Outcome certifyGradient(const std::string &model, CompileOptions options, const GradientCheckOptions &asked,
                        std::string &json) {
  return Certification(model, std::move(options), asked).run(json);
}

} // namespace glyptic
