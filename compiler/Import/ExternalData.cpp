//===- ExternalData.cpp - Weights in files beside the model -------------------===//
//
// A model may come from anywhere, so it may name only files of its own folder: no absolute path, no `..`, no link that
// leads out of it.
//
//===----------------------------------------------------------------------===//
#include "compiler/Import/Diagnostics.h"
#include "compiler/Import/ModelFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace glyptic {

namespace {

bool leavesFolder(StringRef location) {
  return sys::path::is_absolute(location) || location.contains('\0') ||
         is_contained(make_range(sys::path::begin(location), sys::path::end(location)), "..");
}

llvm::Error mapFile(ModelFile &file, const onnx::TensorProto &tensor, StringRef location) {
  auto fail = [&](const Twine &message, ErrorCode code = ErrorCode::Format) {
    return makeFileError(file.path,
                         "tensor " + quote(tensor.name()) + " has external data in " + quote(location) + ", " + message,
                         code);
  };
  if (location.empty())
    return fail("which names no file");
  if (leavesFolder(location))
    return fail("which lies outside the model's folder; move the file beside the model and name it without a path");
  SmallString<256> path(file.getFolder()), real, realFolder;
  sys::path::append(path, location);
  if (std::error_code error = sys::fs::real_path(path, real))
    return fail("which cannot be read: " + error.message() + "; copy the file beside the model", ErrorCode::File);
  if (std::error_code error = sys::fs::real_path(file.getFolder(), realFolder))
    return fail("whose folder cannot be read: " + error.message(), ErrorCode::File);
  if (!real.starts_with(realFolder) ||
      (realFolder != "/" && real.size() > realFolder.size() && real[realFolder.size()] != '/'))
    return fail("which is a link that leads out of the model's folder; copy the file beside the model");
  if (!sys::fs::is_regular_file(real))
    return fail("which is not a regular file");
  auto buffer = MemoryBuffer::getFile(real, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return fail("which cannot be read: " + buffer.getError().message(), ErrorCode::File);
  file.external[location] = std::move(*buffer);
  return llvm::Error::success();
}

llvm::Error mapTensor(ModelFile &file, const onnx::TensorProto &tensor) {
  if (tensor.data_location() != onnx::TensorProto::EXTERNAL)
    return llvm::Error::success();
  StringRef location;
  for (const auto &entry : tensor.external_data())
    if (entry.key() == "location")
      location = entry.value();
  return file.external.contains(location) ? llvm::Error::success() : mapFile(file, tensor, location);
}

llvm::Error mapNodes(ModelFile &file, const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes);

llvm::Error mapGraph(ModelFile &file, const onnx::GraphProto &graph) {
  for (const onnx::TensorProto &tensor : graph.initializer())
    if (llvm::Error error = mapTensor(file, tensor))
      return error;
  return mapNodes(file, graph.node());
}

llvm::Error mapNodes(ModelFile &file, const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes) {
  for (const onnx::NodeProto &node : nodes)
    for (const onnx::AttributeProto &attribute : node.attribute()) {
      if (attribute.has_t())
        if (llvm::Error error = mapTensor(file, attribute.t()))
          return error;
      if (attribute.has_g())
        if (llvm::Error error = mapGraph(file, attribute.g()))
          return error;
    }
  return llvm::Error::success();
}

} // namespace

llvm::Error mapExternalData(ModelFile &file) {
  for (const onnx::FunctionProto &function : file.proto.functions())
    if (llvm::Error error = mapNodes(file, function.node()))
      return error;
  return mapGraph(file, file.proto.graph());
}

} // namespace glyptic
