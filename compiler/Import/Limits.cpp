//===- Limits.cpp - Sizes counted before anything is expanded -----------------===//
#include "compiler/Import/Diagnostics.h"
#include "compiler/Import/FlatGraph.h"
#include "compiler/Import/Structure.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace glyptic {

namespace {

/// Counts nodes of a graph with its functions expanded; each function once, whatever the number of its calls.
class NodeCounter {
public:
  explicit NodeCounter(const ModelFile &file) : file(file), functions(file.proto) {}

  Expected<int64_t> count(const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes, int depth) {
    int64_t total = 0;
    for (const onnx::NodeProto &node : nodes) {
      Expected<int64_t> inner = countNode(node, depth);
      if (!inner)
        return inner;
      total = SaturatingAdd<uint64_t>(total, *inner) > uint64_t(kMaxNodes) ? kMaxNodes + 1 : total + *inner;
    }
    return total;
  }

private:
  Expected<int64_t> countNode(const onnx::NodeProto &node, int depth) {
    int64_t total = 1;
    for (const onnx::AttributeProto &attribute : node.attribute())
      if (attribute.has_g()) {
        Expected<int64_t> inner = count(attribute.g().node(), depth);
        if (!inner)
          return inner;
        total = std::min(kMaxNodes + 1, total + *inner);
      }
    const onnx::FunctionProto *function = functions.lookup(node);
    if (!function)
      return total;
    Expected<int64_t> body = countFunction(*function, depth + 1);
    if (!body)
      return body;
    return std::min(kMaxNodes + 1, total + *body);
  }

  Expected<int64_t> countFunction(const onnx::FunctionProto &function, int depth) {
    if (auto known = counts.find(&function); known != counts.end()) {
      if (known->second < 0)
        return makeFileError(file.path, "function " + quote(function.name()) + " calls itself");
      return known->second;
    }
    if (depth > kMaxFunctionDepth)
      return makeFileError(file.path, "functions are nested more than " + Twine(kMaxFunctionDepth) + " deep, at " +
                                          quote(function.name()));
    counts[&function] = -1; // being counted
    Expected<int64_t> body = count(function.node(), depth);
    if (body)
      counts[&function] = *body;
    return body;
  }

  const ModelFile &file;
  FunctionTable functions;
  DenseMap<const onnx::FunctionProto *, int64_t> counts;
};

} // namespace

llvm::Error checkLimits(const ModelFile &file) {
  Expected<int64_t> nodes = NodeCounter(file).count(file.proto.graph().node(), 0);
  if (!nodes)
    return nodes.takeError();
  if (*nodes > kMaxNodes)
    return makeFileError(file.path, "expands to more than " + Twine(kMaxNodes) + " nodes", ErrorCode::Unsupported);
  if (*nodes == 0)
    return makeFileError(file.path, "has no nodes: there is nothing to compute");
  return llvm::Error::success();
}

} // namespace glyptic
