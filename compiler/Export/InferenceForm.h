//===- InferenceForm.h - A file without training forms ----------*- C++ -*-===//
#pragma once

#include "onnx/onnx_pb.h"
#include "llvm/Support/Error.h"

namespace glyptic {

/// Turns each node in training form (Import/FileForm.h) into its inference form; all else stays. Fails where something
/// reads a result that only the training form has.
llvm::Error takeInferenceForm(onnx::ModelProto &model);

} // namespace glyptic
