//===- Diagnostics.h - Text of import errors --------------------*- C++ -*-===//
#pragma once

#include "glyptic/Error.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"
#include <string>

namespace onnx {
class NodeProto;
}

namespace glyptic {

/// `name` in quotes, with control characters escaped: names come from the file and may hold anything.
std::string quote(llvm::StringRef name);

/// Replaces control characters except newlines.
std::string escape(llvm::StringRef text);

/// `Conv`, or `my.domain.Conv`.
std::string getOperator(const onnx::NodeProto &node);

/// `node 'conv1' (Conv)`, by what it computes if it has no name, or `node 3 (Relu) without a name`.
std::string describeNode(const onnx::NodeProto &node, int64_t index);

/// `path: message`.
llvm::Error makeFileError(llvm::StringRef path, const llvm::Twine &message, ErrorCode code = ErrorCode::Format);

} // namespace glyptic
