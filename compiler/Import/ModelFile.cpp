//===- ModelFile.cpp - An ONNX file, read and checked -------------------------===//
#include "compiler/Import/ModelFile.h"
#include "compiler/Import/Diagnostics.h"
#include "onnx/defs/parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <google/protobuf/io/coded_stream.h>
#include <limits>

using namespace llvm;

namespace glyptic {

namespace {

/// protobuf's own default; nested subgraphs take several levels each.
constexpr int kRecursionLimit = 100;

/// Recognises files that people mistake for ONNX, to tell them what they have.
StringRef guessKind(StringRef bytes) {
  if (bytes.starts_with("PK\x03\x04"))
    return "a ZIP archive (a PyTorch checkpoint, or a compiled glyph); export the model with torch.onnx.export";
  if (bytes.starts_with("\x89HDF"))
    return "an HDF5 file (Keras weights); convert the model with tf2onnx";
  if (bytes.starts_with("version https://git-lfs"))
    return "a Git LFS pointer; fetch the file itself with `git lfs pull`";
  return "";
}

llvm::Error parseBinary(ModelFile &file) {
  StringRef bytes = file.bytes->getBuffer();
  if (bytes.size() > size_t(std::numeric_limits<int>::max()))
    return makeFileError(file.path, "is larger than 2 GB, which protobuf cannot read; save its weights as external "
                                    "data (onnx.save_model with save_as_external_data=True)",
                         ErrorCode::Unsupported);
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size());
  stream.SetTotalBytesLimit(std::numeric_limits<int>::max());
  stream.SetRecursionLimit(kRecursionLimit);
  bool parsed = file.proto.ParseFromCodedStream(&stream) && stream.ConsumedEntireMessage();
  if (StringRef kind = guessKind(bytes); !kind.empty())
    return makeFileError(file.path, "is " + kind);
  // A model starts with its IR version (field 1), whoever wrote it.
  if (!parsed && bytes[0] == 0x08)
    return makeFileError(file.path, "is cut short or damaged (reading stopped at byte " +
                                        Twine(stream.CurrentPosition()) + " of " + Twine(bytes.size()) +
                                        "); copy or export it again");
  if (!parsed || !file.proto.has_graph())
    return makeFileError(file.path, "is not an ONNX model");
  return llvm::Error::success();
}

/// The text parser recurses over nested graphs, so their depth is limited before it runs.
bool isTooDeep(StringRef text) {
  int depth = 0;
  for (char c : text) {
    depth += c == '{' || c == '(' || c == '<' || c == '[';
    depth -= (c == '}' || c == ')' || c == '>' || c == ']') && depth > 0;
    if (depth > kRecursionLimit)
      return true;
  }
  return false;
}

llvm::Error parseText(ModelFile &file) {
  if (isTooDeep(file.bytes->getBuffer()))
    return makeFileError(file.path, "nests brackets more than " + Twine(kRecursionLimit) + " deep");
  try {
    // The parser reads from a C string; the buffer need not end in NUL.
    std::string text = file.bytes->getBuffer().str();
    onnx::OnnxParser parser(text.c_str());
    if (auto status = parser.Parse(file.proto); !status.IsOK())
      return makeFileError(file.path, "is not ONNX text: " + escape(status.ErrorMessage()));
    if (!parser.EndOfInput())
      return makeFileError(file.path, "has text after the model's end");
  } catch (const std::exception &e) {
    return makeFileError(file.path, "is not ONNX text: " + escape(e.what()));
  }
  return llvm::Error::success();
}

} // namespace

StringRef ModelFile::getFolder() const {
  StringRef folder = sys::path::parent_path(path);
  return folder.empty() ? StringRef(".") : folder;
}

Expected<std::unique_ptr<ModelFile>> readModelFile(StringRef path) {
  auto file = std::make_unique<ModelFile>();
  file->path = path.str();
  file->isText = path.ends_with(".onnxtxt");
  if (sys::fs::is_directory(path))
    return makeFileError(path, "is a folder, not an ONNX model", ErrorCode::File);
  if (sys::fs::exists(path) && !sys::fs::is_regular_file(path))
    return makeFileError(path, "is not a regular file", ErrorCode::File);
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return makeFileError(path, "cannot be read: " + buffer.getError().message(), ErrorCode::File);
  file->bytes = std::move(*buffer);
  if (file->bytes->getBufferSize() == 0)
    return makeFileError(path, "is empty; export it again");
  if (llvm::Error error = file->isText ? parseText(*file) : parseBinary(*file))
    return std::move(error);
  return file;
}

} // namespace glyptic
