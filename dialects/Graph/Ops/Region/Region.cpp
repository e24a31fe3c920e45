//===- Region.cpp - Ops that become one kernel ------------------*- C++ -*-===//
#include "dialects/Graph/GraphDialect.h"

using namespace mlir;
using namespace glyptic::graph;

/// The launches refer to buffers that exist, and no kernel writes the region's inputs.
static LogicalResult verifyLaunches(RegionOp op) {
  if (ArrayAttr scratch = op.getScratchAttr())
    for (Attribute type : scratch)
      if (!isa<TypeAttr>(type) || !isa<RankedTensorType>(cast<TypeAttr>(type).getValue()))
        return op.emitOpError() << "scratch holds tensor types, not " << type;
  ArrayAttr launches = op.getLaunchesAttr();
  if (!launches)
    return success();
  const int64_t inputs = op.getInputs().size();
  const int64_t buffers = inputs + op.getNumResults() + (op.getScratchAttr() ? op.getScratchAttr().size() : 0);
  for (Attribute attr : launches) {
    auto launch = dyn_cast<LaunchAttr>(attr);
    if (!launch)
      return op.emitOpError() << "launches are #graph.launch, not " << attr;
    if (launch.getChunks() < 0 || launch.getGrain() < 1)
      return op.emitOpError() << "launch of " << launch.getKernel() << " needs chunks >= 0 and grain >= 1";
    for (int64_t buffer : launch.getBuffers())
      if (buffer < 0 || buffer >= buffers)
        return op.emitOpError() << "launch of " << launch.getKernel() << " names buffer " << buffer << " of "
                                << buffers;
    for (int64_t position : launch.getWrites()) {
      if (position < 0 || position >= static_cast<int64_t>(launch.getBuffers().size()))
        return op.emitOpError() << "launch of " << launch.getKernel() << " writes its buffer " << position << " of "
                                << launch.getBuffers().size();
      if (launch.getBuffers()[position] < inputs)
        return op.emitOpError() << "launch of " << launch.getKernel() << " writes input "
                                << launch.getBuffers()[position] << " of the region";
    }
  }
  return success();
}

LogicalResult RegionOp::verifyRegions() {
  Block &body = getBody().front();
  if (body.getArgumentTypes() != getInputs().getTypes())
    return emitOpError("body's arguments must have the types of the inputs");
  auto yield = body.empty() ? YieldOp() : dyn_cast<YieldOp>(body.back());
  if (!yield)
    return emitOpError("body must end in graph.yield");
  if (yield.getValues().getTypes() != getResultTypes())
    return emitOpError("yields values of other types than its results");
  if (std::optional<ArrayAttr> apart = getApart(); apart && apart->size() != getInputs().size())
    return emitOpError() << "has " << getInputs().size() << " inputs, and `apart` speaks of " << apart->size();
  for (Operation &op : body.without_terminator())
    if (!isa<StructuredOpInterface, EvaluableOpInterface>(op))
      return op.emitOpError("cannot be in a graph.region: it has neither a structured form nor a meaning of its own");
  return verifyLaunches(*this);
}
