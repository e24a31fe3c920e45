//===- LibraryChoice.cpp - Whether a library does an op -------------------===//
#include "dialects/Graph/LibraryChoice.h"
#include "dialects/Graph/NodeLocation.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

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

void recordFallback(Operation *op, StringRef reason) {
  auto module = op->getParentOfType<ModuleOp>();
  Builder builder(op->getContext());
  auto known = module->getAttrOfType<ArrayAttr>(kFallbacksAttr);
  SmallVector<Attribute> fallbacks = known ? llvm::to_vector(known) : SmallVector<Attribute>();
  Attribute fallback = builder.getStrArrayAttr({reason, getLabel(op->getLoc())});
  if (llvm::is_contained(fallbacks, fallback)) // of another entry
    return;
  fallbacks.push_back(fallback);
  module->setAttr(kFallbacksAttr, builder.getArrayAttr(fallbacks));
}

} // namespace glyptic::graph
