//===- NodeLocation.h - Where an op comes from, for people ------*- C++ -*-===//
//
// The location of an op is NameLoc(node, origin). The child `origin` is a FusedLoc around the line of Python that made
// the node (a FileLineColLoc), with a dictionary of its operator and its module as metadata:
//
//   loc("node_linear"(fused<{module = "hidden", op = "Gemm"}>["/home/me/model.py":22:0]))
//
// Passes hand locations on or fuse them, so all of it reaches kernels, instructions and errors. Everything that people
// read of a location is made here.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/Location.h"
#include "llvm/ADT/SmallVector.h"
#include <string>

namespace glyptic::graph {

/// A node of the model. What its exporter did not write is empty; control characters are escaped.
struct NodeOrigin {
  std::string node;       ///< its name
  std::string op;         ///< ONNX operator; empty for what the model has no node for: a loss, a parameter's update
  std::string modulePath; ///< PyTorch module, such as `layers.0.attention`
  std::string file;       ///< of the Python source
  unsigned line = 0;      ///< counted from 1

  /// `model.py:22`, or nothing.
  std::string getSource() const;
  /// `, module 'features.0', model.py:22`, as far as known.
  std::string describePlace() const;
  /// `node 'conv1' (Conv), module 'features.0', model.py:22`.
  std::string describe() const;
};

mlir::Location getLocation(mlir::MLIRContext *context, const NodeOrigin &origin);

/// The nodes of a location, each once, in the order in which they were fused.
llvm::SmallVector<NodeOrigin> getNodes(mlir::Location loc);

/// Of the first node, in full, as errors begin; nothing if there is none.
std::string describeNode(mlir::Location loc);

/// Of all nodes (at most four), for a row of a table: `conv1 + relu1 (features.0, model.py:22)`.
std::string getLabel(mlir::Location loc);

} // namespace glyptic::graph
