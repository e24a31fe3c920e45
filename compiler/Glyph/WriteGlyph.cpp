//===- WriteGlyph.cpp - A program, its code and its weights in one file ---===//
#include "compiler/Glyph/WriteGlyph.h"
#include "compiler/Glyph/Serialize.h"
#include "support/Safetensors.h"
#include "support/Zip.h"
#include "support/glyph/Glyph.h"
#include "llvm/ADT/StringSet.h"

namespace glyptic {
namespace {

/// The weights that are state of the program, in the model's shapes: permutations are the runtime's business.
SafetensorsLayout layOutWeights(const glyph::ProgramT &program, const llvm::StringMap<const Weight *> &weights) {
  std::vector<SafetensorsEntry> entries;
  for (const auto &state : program.state) {
    if (!state->stored)
      continue;
    const std::string &name = state->tensor->name;
    const Weight *weight = weights.lookup(name);
    if (!weight)
      throw Error(ErrorCode::Internal, "state " + quoteName(name) + " has no initial value");
    entries.push_back({name, *toDataType(weight->type.getElementType()), weight->type.getShape().vec()});
  }
  return SafetensorsLayout(std::move(entries));
}

void addCuda(ZipWriter &archive, const codegen::cuda::CudaKernels &kernels) {
  for (const codegen::cuda::CodePart &part : kernels.compiled.parts) {
    const std::string name = glyph::kCudaCodePrefix + part.name;
    archive.add(name + glyph::kCubinSuffix, {part.code.cubin.data(), part.code.cubin.size()});
    archive.add(name + glyph::kPtxSuffix, part.code.ptx);
  }
  if (!kernels.source.empty()) {
    archive.add(glyph::kCudaSourceEntry, kernels.source);
    archive.add(glyph::kShimEntry, kernels.shim);
  }
}

/// A weight that the program does not use stays in the model as it is.
void addHoles(glyph::ProgramT &program, const ExportSkeleton &model) {
  llvm::StringSet<> state;
  for (const auto &entry : program.state)
    state.insert(entry->tensor->name);
  for (const ExportHole &hole : model.holes)
    if (state.contains(hole.state)) {
      auto &entry = *program.export_holes.emplace_back(std::make_unique<glyph::ExportHoleT>());
      entry.state = hole.state;
      entry.offset = hole.offset;
      entry.size = hole.size;
    }
}

} // namespace

void writeGlyph(const std::string &path, const GlyphContents &contents) {
  llvm::StringMap<const Weight *> weights;
  for (const Weight &weight : contents.weights)
    weights[weight.name] = &weight;

  contents.program.bill = contents.bill;
  if (contents.model)
    addHoles(contents.program, *contents.model);

  ZipWriter archive(path);
  archive.add(glyph::kProgramEntry, pack(contents.program));
  archive.add(glyph::kBillEntry, contents.bill);
  if (!contents.kernels.empty())
    archive.add(std::string(glyph::kCpuCodePrefix) + "kernels.so", {contents.kernels.data(), contents.kernels.size()});
  if (contents.cuda)
    addCuda(archive, *contents.cuda);
  SafetensorsLayout layout = layOutWeights(contents.program, weights);
  archive.begin(glyph::kStateEntry, layout.fileSize());
  layout.write([&](std::string_view bytes) { archive.write(bytes.data(), bytes.size()); },
               [&](const SafetensorsEntry &entry) -> std::string_view {
                 const Weight *weight = weights.lookup(entry.name);
                 return {weight->bytes.data(), weight->bytes.size()};
               });
  archive.end();
  if (contents.model)
    archive.add(glyph::kModelEntry, {contents.model->bytes.data(), contents.model->bytes.size()});
  archive.commit();
}

} // namespace glyptic
