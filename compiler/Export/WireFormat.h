//===- WireFormat.h - Where a model's tensors lie in its file ---*- C++ -*-===//
#pragma once

#include "llvm/ADT/StringMap.h"

namespace glyptic {

/// Bytes of a tensor's elements in the serialised model.
struct Payload {
  uint64_t offset = 0, size = 0;
};

/// The payloads of initializers and of Constant nodes' values in the main graph, by name, where they are one run of
/// bytes: `raw_data`, or packed floats and doubles. The bytes must be a model that protobuf has parsed.
llvm::StringMap<Payload> findPayloads(llvm::StringRef model);

} // namespace glyptic
