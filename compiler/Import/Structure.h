//===- Structure.h - Is the model well formed? ------------------*- C++ -*-===//
#pragma once

#include "compiler/Import/ModelFile.h"
#include <map>

namespace glyptic {

/// Versions of operator sets by domain; the default domain is "".
using OpsetVersions = std::map<std::string, int64_t>;

/// ONNX has two spellings for its default domain.
std::string normalizeDomain(llvm::StringRef domain);

OpsetVersions getOpsetVersions(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports);

/// How large a model may be once its functions are expanded. A file of a kilobyte can ask for 2^18 nodes.
inline constexpr int64_t kMaxNodes = 1 << 16;
inline constexpr int kMaxFunctionDepth = 32;

/// Counts what the model would expand to, before anything works on it.
llvm::Error checkLimits(const ModelFile &file);

/// Every name defined once and before it is used, every node in accordance with its operator's schema.
llvm::Error checkStructure(const ModelFile &file);

} // namespace glyptic
