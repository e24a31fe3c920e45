//===- WireFormat.cpp - Where a model's tensors lie in its file ---------------===//
#include "compiler/Export/WireFormat.h"
#include "onnx/onnx_pb.h"
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

using namespace llvm;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

namespace glyptic {

namespace {

/// Calls `visit(field, offset, size)` for each length-delimited field of the message in [begin, end) of the model;
/// `visit` returns whether to go on.
class Walker {
public:
  explicit Walker(StringRef model) : model(model) {}

  template <typename Visitor> void walk(Payload message, Visitor visit) const {
    CodedInputStream stream(reinterpret_cast<const uint8_t *>(model.data()) + message.offset, int(message.size));
    stream.SetTotalBytesLimit(INT_MAX);
    while (uint32_t tag = stream.ReadTag()) {
      if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
        if (!WireFormatLite::SkipField(&stream, tag))
          return;
        continue;
      }
      uint32_t size = 0;
      if (!stream.ReadVarint32(&size))
        return;
      visit(WireFormatLite::GetTagFieldNumber(tag), Payload{message.offset + stream.CurrentPosition(), size});
      if (!stream.Skip(size))
        return;
    }
  }

  std::string getString(Payload field) const { return model.substr(field.offset, field.size).str(); }

private:
  StringRef model;
};

class PayloadFinder {
public:
  explicit PayloadFinder(StringRef model) : walker(model), size(model.size()) {}

  StringMap<Payload> run() {
    walker.walk({0, size}, [&](int field, Payload bytes) {
      if (field == onnx::ModelProto::kGraphFieldNumber)
        visitGraph(bytes);
    });
    return std::move(payloads);
  }

private:
  void visitGraph(Payload graph) {
    walker.walk(graph, [&](int field, Payload bytes) {
      if (field == onnx::GraphProto::kInitializerFieldNumber)
        visitTensor(bytes, "");
      else if (field == onnx::GraphProto::kNodeFieldNumber)
        visitNode(bytes);
    });
  }

  void visitNode(Payload node) {
    std::string op, output;
    std::optional<Payload> value;
    walker.walk(node, [&](int field, Payload bytes) {
      if (field == onnx::NodeProto::kOpTypeFieldNumber)
        op = walker.getString(bytes);
      else if (field == onnx::NodeProto::kOutputFieldNumber && output.empty())
        output = walker.getString(bytes);
      else if (field == onnx::NodeProto::kAttributeFieldNumber)
        walker.walk(bytes, [&](int inner, Payload tensor) {
          if (inner == onnx::AttributeProto::kTFieldNumber)
            value = tensor;
        });
    });
    if (op == "Constant" && value)
      visitTensor(*value, output);
  }

  /// A tensor in a Constant node goes by the node's output.
  void visitTensor(Payload tensor, std::string name) {
    bool isNamed = !name.empty();
    SmallVector<Payload, 1> runs;
    walker.walk(tensor, [&](int field, Payload bytes) {
      if (field == onnx::TensorProto::kNameFieldNumber && !isNamed)
        name = walker.getString(bytes);
      else if (field == onnx::TensorProto::kRawDataFieldNumber || field == onnx::TensorProto::kFloatDataFieldNumber ||
               field == onnx::TensorProto::kDoubleDataFieldNumber)
        runs.push_back(bytes);
    });
    if (runs.size() == 1)
      payloads[name] = runs.front();
  }

  Walker walker;
  uint64_t size;
  StringMap<Payload> payloads;
};

} // namespace

StringMap<Payload> findPayloads(StringRef model) { return PayloadFinder(model).run(); }

} // namespace glyptic
