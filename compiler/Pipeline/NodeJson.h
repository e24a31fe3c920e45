//===- NodeJson.h - Nodes as reports for programs name them -----*- C++ -*-===//
#pragma once

#include "dialects/Graph/NodeLocation.h"
#include <nlohmann/json.hpp>

namespace glyptic {

/// Keys whose values are empty where the exporter left nothing, so that a reader needs no test for them.
inline nlohmann::ordered_json toJson(const graph::NodeOrigin &node) {
  return {{"node", node.node},
          {"op", node.op},
          {"module", node.modulePath},
          {"source", node.getSource()},
          {"place", node.node.empty() ? "" : node.describe()}};
}

/// Of the first node of a location.
inline nlohmann::ordered_json toJson(mlir::Location location) {
  llvm::SmallVector<graph::NodeOrigin> nodes = graph::getNodes(location);
  return toJson(nodes.empty() ? graph::NodeOrigin() : nodes.front());
}

} // namespace glyptic
