//===- NodeLocation.cpp - Where an op comes from, for people ----*- C++ -*-===//
#include "dialects/Graph/NodeLocation.h"
#include "support/Error.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace mlir;

namespace glyptic::graph {

static constexpr llvm::StringLiteral kOperator = "op", kModule = "module";

std::string NodeOrigin::getSource() const { return file.empty() ? "" : file + ":" + std::to_string(line); }

std::string NodeOrigin::describePlace() const {
  std::string text;
  if (!modulePath.empty())
    text += ", module " + quoteName(modulePath);
  if (!file.empty())
    text += ", " + getSource();
  return text;
}

std::string NodeOrigin::describe() const {
  return (op.empty() ? quoteName(node) : "node " + quoteName(node) + " (" + op + ")") + describePlace();
}

Location getLocation(MLIRContext *context, const NodeOrigin &origin) {
  SmallVector<NamedAttribute> known;
  for (auto [key, value] : {std::pair(kModule, &origin.modulePath), std::pair(kOperator, &origin.op)})
    if (!value->empty())
      known.emplace_back(StringAttr::get(context, key), StringAttr::get(context, *value));
  SmallVector<Location> source;
  if (!origin.file.empty())
    source.push_back(FileLineColLoc::get(context, origin.file, origin.line, 0));
  Attribute metadata = known.empty() ? Attribute() : DictionaryAttr::get(context, known);
  return NameLoc::get(StringAttr::get(context, origin.node), FusedLoc::get(source, metadata, context));
}

static NodeOrigin getOrigin(NameLoc loc) {
  NodeOrigin origin;
  origin.node = loc.getName().str();
  Location child = loc.getChildLoc();
  if (auto fused = dyn_cast<FusedLoc>(child)) {
    if (auto known = dyn_cast_or_null<DictionaryAttr>(fused.getMetadata()))
      for (auto [key, field] : {std::pair(kModule, &origin.modulePath), std::pair(kOperator, &origin.op)})
        if (auto text = known.getAs<StringAttr>(key))
          *field = text.str();
    child = fused.getLocations().front();
  }
  if (auto source = dyn_cast<FileLineColLoc>(child)) {
    origin.file = source.getFilename().str();
    origin.line = source.getLine();
  }
  return origin;
}

SmallVector<NodeOrigin> getNodes(Location loc) {
  SmallVector<NodeOrigin> nodes;
  loc->walk([&](Location part) {
    auto named = dyn_cast<NameLoc>(part);
    if (!named)
      return WalkResult::advance();
    if (llvm::none_of(nodes, [&](const NodeOrigin &known) { return known.node == named.getName(); }))
      nodes.push_back(getOrigin(named));
    return WalkResult::skip();
  });
  return nodes;
}

std::string describeNode(Location loc) {
  SmallVector<NodeOrigin> nodes = getNodes(loc);
  return nodes.empty() ? "" : nodes.front().describe();
}

/// ` (features.0, model.py:22)`: a row has no room for the folders of a file.
static std::string getPlace(const NodeOrigin &origin) {
  std::string source = origin.file.empty() ? "" : llvm::sys::path::filename(origin.getSource()).str();
  if (origin.modulePath.empty() && source.empty())
    return "";
  bool both = !origin.modulePath.empty() && !source.empty();
  return " (" + origin.modulePath + (both ? ", " : "") + source + ")";
}

std::string getLabel(Location loc) {
  constexpr size_t kMaxNames = 4;
  SmallVector<NodeOrigin> nodes = getNodes(loc);
  std::string label;
  ArrayRef<NodeOrigin> shown = ArrayRef(nodes).take_front(kMaxNames);
  for (auto [i, origin] : llvm::enumerate(shown)) {
    label += (i ? " + " : "") + origin.node;
    // What neighbours have in common is said once, after the last of them.
    if (i + 1 == shown.size() || getPlace(shown[i + 1]) != getPlace(origin))
      label += getPlace(origin);
  }
  if (nodes.size() > kMaxNames)
    label += " + " + std::to_string(nodes.size() - kMaxNames) + " more";
  return label;
}

} // namespace glyptic::graph
