//===- FlatGraph.h - The model's nodes with functions expanded --*- C++ -*-===//
//
// Model-local functions, and operators that ONNX defines by a body and that have no importer of their own, are replaced
// by their bodies node by node. ONNX's own inliner is not used because it drops the metadata and the names of nodes.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/Import/Structure.h"
#include "llvm/ADT/StringSet.h"
#include <deque>

namespace glyptic {

/// Model-local functions by domain, name and overload.
class FunctionTable {
public:
  explicit FunctionTable(const onnx::ModelProto &model);
  /// The function that `node` calls, or null.
  const onnx::FunctionProto *lookup(const onnx::NodeProto &node) const;

private:
  llvm::StringMap<const onnx::FunctionProto *> functions;
};

struct FlatNode {
  const onnx::NodeProto *proto;
  const onnx::NodeProto *caller;  ///< the node of the file that this one comes from; the same unless expanded
  const OpsetVersions *opsets;
  std::string description;        ///< for errors: the caller's
};

/// The nodes in topological order. Names are unique over all of them.
struct FlatGraph {
  std::vector<FlatNode> nodes;
  std::deque<onnx::NodeProto> instances; ///< nodes of expanded functions, with the names of their place
  std::deque<OpsetVersions> opsets;
  llvm::StringSet<> names; ///< of all values: of the file and of instances
};

/// Expands model-local functions. The limits have been checked.
FlatGraph flatten(const ModelFile &file);

/// The nodes of `function` in the place of `call`: its parameters replaced by the call's names. Other names begin with
/// that of the call's first output, and are none of those `taken`, to which they are added.
std::vector<onnx::NodeProto> instantiate(const onnx::FunctionProto &function, const onnx::NodeProto &call,
                                         llvm::StringSet<> &taken);

} // namespace glyptic
