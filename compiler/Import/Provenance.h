//===- Provenance.h - What the exporter said of nodes and weights -*- C++ -*-===//
#pragma once

#include "compiler/Import/FlatGraph.h"

namespace glyptic {

/// Where each node came from, by the names of its outputs.
llvm::StringMap<NodeProvenance> collectProvenance(const FlatGraph &graph);

/// What PyTorch's exporter says of initializers: role::Parameter or role::Buffer by name. Files of other exporters say
/// nothing.
llvm::StringMap<llvm::StringRef> collectDeclaredRoles(const onnx::ModelProto &model);

} // namespace glyptic
