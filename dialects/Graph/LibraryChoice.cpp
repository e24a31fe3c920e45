//===- LibraryChoice.cpp - Whether a library does an op -------------------===//
#include "dialects/Graph/LibraryChoice.h"

using namespace mlir;

namespace glyptic::graph {

std::optional<LibraryCall> findLibraryCall(Operation *op) {
  auto call = dyn_cast<LibraryCallOpInterface>(op);
  return call && !op->hasAttr(kGeneratedAttr) ? call.getLibraryCall() : std::nullopt;
}

std::optional<Workspace> getWorkspace(Operation *op) {
  auto bytes = op->getAttrOfType<DenseI64ArrayAttr>(kWorkspaceAttr);
  if (!bytes || bytes.size() != 2)
    return std::nullopt;
  return Workspace{bytes[0], bytes[1]};
}

void setWorkspace(Operation *op, Workspace workspace) {
  op->setAttr(kWorkspaceAttr, DenseI64ArrayAttr::get(op->getContext(), {workspace.constant, workspace.perSample}));
}

} // namespace glyptic::graph
