//===- Provenance.h - What the exporter said of nodes and weights -*- C++ -*-===//
#pragma once

#include "compiler/Import/FlatGraph.h"
#include "dialects/Graph/NodeLocation.h"

namespace glyptic {

/// What is known of a node of the file. Nodes without a name are known by what they compute.
graph::NodeOrigin getOrigin(const onnx::NodeProto &node);

/// What PyTorch's exporter says of initializers: role::Parameter or role::Buffer by name. Files of other exporters say
/// nothing.
llvm::StringMap<llvm::StringRef> collectDeclaredRoles(const onnx::ModelProto &model);

} // namespace glyptic
