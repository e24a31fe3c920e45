//===- SchemaFunctions.h - Operators that ONNX defines by a body -*- C++ -*-===//
#pragma once

#include "compiler/Import/NodeImporter.h"

namespace glyptic {

/// The body of a node whose operator has no importer but is a function of simpler operators; nullopt if it is not.
std::optional<FlatGraph> expandSchemaFunction(NodeImporter &importer, ImportState &state, int depth);

/// Whether a node's operator is such a function, whatever its operands are.
bool isSchemaFunction(const NodeImporter &importer);

} // namespace glyptic
