//===- Choices.cpp - What training knows by name --------------------------===//
#include "compiler/Training/Choices.h"
#include "compiler/Training/LossRules.h"
#include "compiler/Training/Optimizers.h"
#include "llvm/Support/Format.h"

namespace glyptic {

template <typename Rule, typename Describe>
static std::vector<ChoiceInfo> list(llvm::ArrayRef<Rule> rules, Describe describe) {
  std::vector<ChoiceInfo> choices;
  for (const Rule &rule : rules)
    choices.push_back({rule.name.str(), describe(rule)});
  return choices;
}

std::vector<ChoiceInfo> getTrainingChoices(const std::string &option) {
  auto nothing = [](const auto &) { return std::string(); };
  if (option == "loss")
    return list(getLossRules(), nothing);
  if (option == "metric")
    return list(getMetricRules(), nothing);
  if (option == "schedule")
    return list(getSchedules(), nothing);
  if (option != "optimizer")
    return {};
  return list(getOptimizers(), [](const OptimizerRule &rule) {
    std::string text;
    llvm::raw_string_ostream out(text);
    out << llvm::format("learning rate %g", rule.learningRate);
    if (rule.weightDecay)
      out << llvm::format(", weight decay %g", rule.weightDecay);
    return text;
  });
}

std::string refuseTrainingChoice(const std::string &option, const std::string &name) {
  std::string known, nearest;
  size_t least = std::max<size_t>(2, name.size() / 3) + 1; // letters to change; beyond that it is another word
  for (const ChoiceInfo &choice : getTrainingChoices(option)) {
    if (choice.name == name)
      return "";
    known += (known.empty() ? "" : ", ") + choice.name;
    if (size_t distance = llvm::StringRef(name).edit_distance(choice.name); distance < least) {
      least = distance;
      nearest = choice.name;
    }
  }
  return "is not known; " + (nearest.empty() ? "" : "do you mean " + nearest + "? ") + "known are " + known;
}

} // namespace glyptic
