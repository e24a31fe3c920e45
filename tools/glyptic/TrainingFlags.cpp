//===- TrainingFlags.cpp --------------------------------------------------===//
#include "tools/glyptic/TrainingFlags.h"
#include "compiler/OptionsJson.h"
#include "glyptic/runtime.hpp"
#include "glyptic/train.h"
#include "tools/glyptic/Model.h"
#include "tools/glyptic/Terminal.h"
#include "tools/glyptic/Tool.h"
#include "tools/glyptic/Validators.h"
#include <algorithm>

namespace glyptic::tool {
namespace {

/// Throws unless `name` is one of what the compiler knows for `option`.
void checkChoice(const std::string &option, const std::string &name) {
  if (std::string why = openCompiler().refuseChoice(option, name); !why.empty())
    throw UsageError("--" + option + " " + quoteName(name) + " " + why);
}

/// Flags of training that this version cannot honour are parsed, so that they can be refused by name, but not shown.
constexpr const char *kHidden = "";

} // namespace

TrainingFlags::TrainingFlags(CLI::App &app) {
  addStepFlags(app);
  addMachineFlags(app);
  addLoopFlags(app);
}

template <typename Value>
CLI::Option *TrainingFlags::addStepFlag(CLI::App &app, const std::string &name, Value &value, const char *help) {
  CLI::Option *option = app.add_option(name, value, help);
  if constexpr (std::is_arithmetic_v<Value> || std::is_same_v<Value, std::string>)
    if (value != Value())
      option->capture_default_str();
  return option;
}

/// Two numbers, which are options of their own.
CLI::Option *TrainingFlags::addStepFlag(CLI::App &app, const std::string &name, std::tuple<double &, double &>,
                                        const char *help) {
  return app.add_option(name, betas, help)->delimiter(',')->expected(2)->type_name("A,B");
}

void TrainingFlags::addStepFlags(CLI::App &app) {
  visitOptions(training, [&](const char *name, auto &&value, const char *help, Allowed allowed) {
    if (std::string_view(name) == "total-steps") // follows from --steps or --epochs and the data
      return;
    CLI::Option *option = addStepFlag(app, std::string("--") + name, value, help)->group("The step");
    if (allowed == Allowed::Positive)
      option->check(count());
    else if (allowed != Allowed::Any)
      option->check(allowed == Allowed::BelowOne ? finite(0, 1) : finite(0));
    if (std::string_view(name) == "batch")
      batchOption = option;
    else if (std::string_view(name) == "accumulate")
      accumulateOption = option;
    else
      stepOptions.push_back(option); // compared with a glyph's
  });
  for (CLI::Option *hidden :
       {app.add_option("--class-weights", classWeights, "one weight per class")->delimiter(','),
        app.add_option("--step-size", stepSize, "steps between two decays of schedule step")->check(count()),
        app.add_option("--gamma", gamma, "factor of one decay of schedule step")->check(finite(0))}) {
    hidden->group(kHidden);
    stepOptions.push_back(hidden);
  }
}

void TrainingFlags::addMachineFlags(CLI::App &app) {
  auto add = [&](const char *name, auto &value, const char *help) {
    return app.add_option(name, value, help)->group("Precision and machine");
  };
  add("--shape", shapes, "fixed shape of an input, N being the batch: x=N,3,224,224");
  add("--threads", threadCount, "threads (default: all cores)")->check(CLI::Range(1, GLYPTIC_MAX_THREADS));
  add("--memory", memory, "what the program may take, such as 800MB: activations are computed again to fit")
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/true))
      ->check(count());
  add("--device", deviceName, "auto, cpu, cuda[:N], or shim: the kernels for GPUs on this processor");
  app.add_flag("--debug-sync", waitsForKernels, kDebugSyncHelp)->group("Precision and machine");
  auto later = [&](const char *name, auto &value, const char *help) { return add(name, value, help)->group(kHidden); };
  later("--devices", devices, "number of devices")->check(count());
  later("--plan", plan, "how several devices share the work: auto, dp, zero1, ...");
  later("--microbatches", microbatches, "microbatches of a pipeline")->check(count());
  later("--pipeline", pipeline, "schedule of a pipeline: gpipe, 1f1b, interleaved");
  later("--batchnorm", batchnorm, "statistics over all devices or each its own")
      ->check(CLI::IsMember({"global", "local"}));
  later("--precision", precision, "fp32, tf32, fp16, bf16")->check(CLI::IsMember({"fp32", "tf32", "fp16", "bf16"}));
  later("--loss-scale", lossScale, "dynamic, off or a number");
  later("--loss-scale-init", lossScaleInit, "first value of a dynamic scale")->check(finite(0));
  later("--loss-scale-growth-interval", lossScaleGrowth, "good steps until a dynamic scale doubles")->check(count());
  later("--keep-fp32", keepFp32, "glob of nodes that stay in fp32");
  app.add_flag("--deterministic", deterministic, "the same bits on any device count that divides 8")
      ->group("Precision and machine");
}

void TrainingFlags::addLoopFlags(CLI::App &app) {
  auto add = [&](const char *name, auto &value, const char *help) {
    return app.add_option(name, value, help)->group("The loop");
  };
  add("--data", loop.data, "training data: .npz, .csv or .csv.gz, first axis samples");
  auto *valid = add("--valid", loop.valid, "data to evaluate on after each epoch");
  add("--valid-split", loop.validSplit, "fraction of the data to set aside for that")
      ->check(finite(0, 1))
      ->excludes(valid);
  auto *epochs = add("--epochs", loop.epochs, "passes over the data (default 10)")->check(count());
  add("--steps", loop.steps, "updates instead of epochs")->check(count())->excludes(epochs);
  add("--shuffle", loop.shuffle, "a new order in every epoch")
      ->check(CLI::IsMember({"on", "off"}))
      ->capture_default_str();
  add("--seed", loop.seed, "of order, split and random numbers")->check(seed())->capture_default_str();
  auto *checkpoint = add("--checkpoint", loop.checkpoint, "folder for checkpoints, written after each epoch");
  add("--checkpoint-every", loop.checkpointEvery, "write one every so many steps, too")
      ->check(count())
      ->needs(checkpoint);
  app.add_flag("--resume", loop.resume, "go on from the checkpoint, if there is one")
      ->needs(checkpoint)
      ->group("The loop");
  add("--log", loop.log, "one line of JSON per step and evaluation");
  add("--save-state", loop.saveState, "parameters, optimizer state and counters as safetensors");
}

void TrainingFlags::refuseUnsupported() const {
  auto refuse = [](const std::string &flag, const char *instead) {
    throw Error(ErrorCode::Unsupported, flag + " is not supported by this version: " + instead);
  };
  if (!classWeights.empty())
    refuse("--class-weights", "samples count alike, or not at all with --ignore-index");
  if (stepSize || gamma)
    refuse(stepSize ? "--step-size" : "--gamma", "choose another --schedule, constant, linear or cosine");
  if (precision != "fp32")
    refuse("--precision " + precision, "it trains in fp32");
  if (lossScale != "off" || lossScaleInit || lossScaleGrowth)
    refuse("loss scaling", "fp32 needs none");
  if (!keepFp32.empty())
    refuse("--keep-fp32", "everything stays in fp32");
  if (devices > 1)
    refuse("--devices " + std::to_string(devices), "it runs on one device");
  if ((plan != "auto" && plan != "dp") || microbatches > 1 || !pipeline.empty())
    refuse("splitting a model", "it runs on one device; --accumulate saves memory");
}

int64_t TrainingFlags::totalSteps() const {
  if (training.schedule == "constant" || loop.steps)
    return training.schedule == "constant" ? 0 : loop.steps;
  if (loop.data.empty())
    return 0; // the compiler says whether this schedule must know
  uint64_t samples = 0;
  glyptic::check(glyptic_dataset_count(loop.data.c_str(), training.label.c_str(), &samples));
  if (loop.validSplit > 0 && samples > 1)
    samples -= glyptic_split_size(samples, loop.validSplit);
  return epochs() * int64_t((samples + uint64_t(training.batch) - 1) / uint64_t(training.batch));
}

std::string TrainingFlags::describeChoices() try {
  std::string text;
  for (const char *option : {"loss", "optimizer", "schedule", "metric"}) {
    std::string line = "--" + std::string(option) + ": ";
    bool first = true;
    for (const ChoiceInfo &choice : openCompiler().getChoices(option)) {
      line += (std::exchange(first, false) ? "" : ", ") + choice.name;
      line += choice.defaults.empty() ? "" : " (" + choice.defaults + ")";
    }
    text += wrapped(line, pageWidth(), "  ") + "\n";
  }
  return text + "\n";
} catch (const Error &error) { // a machine that only runs glyphs needs no compiler, and may still ask for help
  std::string why = std::string("Losses, optimizers, schedules and metrics cannot be listed: ") + error.what();
  return wrapped(why, pageWidth(), "  ") + "\n\n";
}

CompileOptions TrainingFlags::compileOptions() const {
  refuseUnsupported();
  checkChoice("loss", training.loss);
  checkChoice("optimizer", training.optimizer);
  checkChoice("schedule", training.schedule);
  for (const std::string &metric : training.metrics)
    checkChoice("metric", metric);
  if (training.accumulate > training.batch)
    throw UsageError("--accumulate " + std::to_string(training.accumulate) + " cuts a --batch of " +
                     std::to_string(training.batch) + " samples into microbatches without samples");
  CompileOptions options;
  options.training = training;
  if (!betas.empty()) {
    options.training->beta1 = betas[0];
    options.training->beta2 = betas[1];
  }
  options.training->totalSteps = totalSteps();
  options.maxBatch = (training.batch - 1) / training.accumulate + 1;
  options.shapes = parseShapes(shapes);
  options.threads = threadCount;
  options.memory = memory;
  options.targets = targetsFor(deviceName);
  return options;
}

bool TrainingFlags::anyStepFlag() const {
  return std::any_of(stepOptions.begin(), stepOptions.end(),
                     [](const CLI::Option *option) { return option->count() > 0; });
}

void TrainingFlags::adopt(const std::string &options) {
  refuseUnsupported();
  if (memory)
    throw Error("--memory: what a glyph takes is settled; leave the flag out, or compile the model with it");
  auto compiled = nlohmann::ordered_json::parse(options, nullptr, /*allow_exceptions=*/false);
  nlohmann::ordered_json asked = toJson(training);
  if (!betas.empty())
    asked["betas"] = betas;
  auto text = [](const nlohmann::ordered_json &value) {
    return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  };
  for (const CLI::Option *option : stepOptions) {
    const std::string &key = option->get_single_name();
    if (option->count() == 0 || !asked.contains(key))
      continue;
    nlohmann::ordered_json have = compiled.is_object() && compiled.contains(key) ? compiled[key] : nullptr;
    if (have != asked[key])
      throw Error("--" + key + " " + text(asked[key]) + ": the glyph was compiled for " + text(have) +
                  "; leave the flag out, or compile the model with it");
  }
  auto adoptNumber = [&](const char *key, const CLI::Option *option, int64_t &value) {
    if (option->count() == 0)
      value = compiled.is_object() ? compiled.value(key, int64_t(0)) : 0;
  };
  adoptNumber("batch", batchOption, training.batch);
  adoptNumber("accumulate", accumulateOption, training.accumulate);
}

std::map<std::string, std::vector<int64_t>> parseShapes(const std::vector<std::string> &texts) {
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const std::string &text : texts) {
    size_t equals = text.rfind('=');
    auto refuse = [&] { throw UsageError("--shape " + text + ": write it as x=N,3,224,224, N being the batch"); };
    if (equals == std::string::npos || equals == 0)
      refuse();
    std::vector<int64_t> &shape = shapes[text.substr(0, equals)];
    for (const std::string &extent : CLI::detail::split(text.substr(equals + 1), ',')) {
      int64_t value = -1;
      if (extent != "N" && (!CLI::detail::lexical_cast(extent, value) || value < 0))
        refuse();
      shape.push_back(value);
    }
  }
  return shapes;
}

} // namespace glyptic::tool
