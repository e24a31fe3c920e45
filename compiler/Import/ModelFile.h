//===- ModelFile.h - An ONNX file, read and checked -------------*- C++ -*-===//
#pragma once

#include "compiler/Import/Import.h"
#include "onnx/onnx_pb.h"
#include "llvm/Support/MemoryBuffer.h"
#include <deque>

namespace glyptic {

/// The model as it lies on disk and as protos. Immutable once read; weights point into it.
struct ModelFile {
  std::string path;
  bool isText = false;
  std::unique_ptr<llvm::MemoryBuffer> bytes; ///< the file itself, mapped
  onnx::ModelProto proto;
  /// External data files by their location in the model, mapped.
  llvm::StringMap<std::unique_ptr<llvm::MemoryBuffer>> external;

  /// Elements whose form in the proto is not their form in memory (booleans in 32 bits, for example).
  mutable std::deque<std::string> converted;

  llvm::StringRef getFolder() const;
};

/// Reads and parses; nothing is believed yet except that it is a model with a graph.
llvm::Expected<std::unique_ptr<ModelFile>> readModelFile(llvm::StringRef path);

/// Maps the files that hold external data. Each must lie in the model's folder.
llvm::Error mapExternalData(ModelFile &file);

} // namespace glyptic
