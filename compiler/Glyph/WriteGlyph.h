//===- WriteGlyph.h - A program, its code and its weights in one file -*- C++ -*-===//
#pragma once

#include "codegen/CUDA/CudaKernels.h"
#include "compiler/Export/Export.h"
#include "support/DataType.h"

namespace glyptic {

struct GlyphContents {
  glyph::ProgramT &program;
  llvm::ArrayRef<char> kernels;     ///< the shared object; may be empty
  llvm::ArrayRef<Weight> weights;   ///< initial values, by name
  std::string bill;
  const ExportSkeleton *model = nullptr; ///< for export of the trained model; null: the glyph cannot
  const codegen::cuda::CudaKernels *cuda = nullptr; ///< for GPUs; may be empty
};

/// Completes `program` with what the archive adds to the plan (bill, where weights lie in the model) and writes it;
/// weights are streamed from where they lie. Throws Error.
void writeGlyph(const std::string &path, const GlyphContents &contents);

} // namespace glyptic
