//===- Program.cpp - A loaded glyph ---------------------------------------===//
#include "runtime/core/Program.h"
#include "runtime/core/Schema.h"
#include "runtime/core/Verify.h"
#include "support/CudaTarget.h"
#include "support/SharedObject.h"
#include "support/glyph/Glyph.h"

#include <cstring>

namespace glyptic::runtime {

std::vector<int64_t> savedShape(const glyph::StateEntry &entry) {
  std::vector<int64_t> memory = shapeFor(*entry.tensor(), 1), saved = memory;
  Elements permutation(entry.permutation());
  for (size_t i = 0; i < permutation.size(); ++i)
    saved[permutation[i]] = memory[i];
  return saved;
}

std::shared_ptr<const Program> Program::load(const std::string &path) {
  MappedFile file(path);
  return withSubject(quoteName(path), [&] { return std::shared_ptr<const Program>(new Program(std::move(file), {})); });
}

std::shared_ptr<const Program> Program::copy(std::string_view bytes) {
  return withSubject("glyph", [&] {
    return std::shared_ptr<const Program>(new Program(std::nullopt, {bytes.begin(), bytes.end()}));
  });
}

Program::Program(std::optional<MappedFile> file, std::vector<char> owned)
    : file(std::move(file)), owned(std::move(owned)) {
  read(this->file ? this->file->bytes() : std::string_view(this->owned.data(), this->owned.size()));
}

void Program::read(std::string_view bytes) {
  ZipReader archive(bytes);
  // Every entry is read once, so that damage anywhere shows now rather than in the middle of a run.
  std::string_view program;
  for (const ZipEntry &entry : archive.entries()) {
    std::string_view content = ZipReader::stored(entry);
    if (entry.name == glyph::kProgramEntry)
      program = content;
    else if (entry.name == glyph::kModelEntry)
      onnxModel = content;
    else if (entry.name == glyph::kStateEntry)
      withSubject(entry.name, [&] { stored.emplace(content); });
  }
  // Its alignment in the file is the writer's choice; its tables are read as aligned words.
  auto *data = reinterpret_cast<const std::byte *>(program.data());
  programBytes.assign(data, data + program.size());
  schema = &verifyProgram({reinterpret_cast<const char *>(programBytes.data()), programBytes.size()});
  checkStored();
  checkHoles();
  if (auto *values = schema->constants(); values && values->size() > 0) {
    constantArena = Memory(values->size());
    std::memcpy(constantArena.data(), values->data(), values->size());
    constantArena.protect();
  }
  loadCode(archive);
  fillTables();
  dropPages();
}

void Program::dropPages() const {
  if (file)
    file->dropPages();
}

void Program::loadCode(const ZipReader &archive) {
  if (isForCuda()) { // whose code is loaded by a session, on its device
    for (const ZipEntry &entry : archive.entries())
      if (entry.name == glyph::kShimEntry)
        shimSource = entry.data;
      else if (entry.name.rfind(glyph::kCudaCodePrefix, 0) == 0)
        gpuCode.push_back({entry.name, entry.data});
    return;
  }
  for (const ZipEntry &entry : archive.entries())
    if (entry.name.rfind(glyph::kCpuCodePrefix, 0) == 0)
      code.emplace_back(entry.name, entry.data);
  for (const glyph::Entry *entry : Elements(schema->entries()))
    for (const glyph::Instruction *instruction : Elements(entry->instructions()))
      if (auto *launch = instruction->action_as_Launch(); launch && !kernel(*launch))
        throw Error(ErrorCode::Format, "its code lacks kernel " + quoteName(view(launch->symbol())));
}

Kernel Program::kernel(const glyph::Launch &launch) const {
  for (const Code &object : code)
    if (Kernel found = object.find(launch.symbol()->c_str()))
      return found;
  return nullptr;
}

std::string Program::target() const { return std::string(view(schema->target())); }

bool Program::isForCuda() const { return isCudaTarget(view(schema->target())); }

std::vector<std::string> Program::architectures() const { return splitCudaTarget(view(schema->target())); }

Kernel Program::shimKernel(const glyph::Launch &launch) const {
  std::lock_guard lock(shimMutex);
  if (!shim) {
    if (shimSource.empty())
      throw Error(ErrorCode::Format, "it lacks " + std::string(glyph::kShimEntry) + ", its kernels for this processor");
    std::vector<char> object = compileSharedObject(shimSource);
    shim.emplace(glyph::kShimEntry, std::string_view(object.data(), object.size()));
  }
  if (Kernel found = shim->find(launch.symbol()->c_str()))
    return found;
  throw Error(ErrorCode::Format, "its shim lacks kernel " + quoteName(view(launch.symbol())));
}

std::string_view Program::initialState(const glyph::StateEntry &entry) const {
  return entry.stored() ? stored->find(view(entry.tensor()->name()))->data : std::string_view();
}

void Program::checkStored() const {
  for (const glyph::StateEntry *entry : Elements(schema->state())) {
    if (!entry->stored())
      continue;
    std::string_view name = view(entry->tensor()->name());
    const SafetensorsEntry *value = stored ? stored->find(name) : nullptr;
    if (!value)
      throw Error(ErrorCode::Format, "it lacks the initial value of state " + quoteName(name));
    if (value->type != entry->tensor()->dtype() || value->shape != savedShape(*entry))
      throw Error(ErrorCode::Format, "the initial value of state " + quoteName(name) + " is " +
                                         glyptic::describe(value->type, value->shape) + " instead of " +
                                         glyptic::describe(entry->tensor()->dtype(), savedShape(*entry)));
  }
}

void Program::checkHoles() const {
  uint64_t end = 0;
  for (const glyph::ExportHole *hole : Elements(schema->export_holes())) {
    std::string name = quoteName(view(hole->state()));
    const glyph::StateEntry *entry = findState(view(hole->state()));
    if (!entry || hole->size() != bytesFor(*entry->tensor(), 1))
      throw Error(ErrorCode::Format, "the model's weight " + name + " does not fit any state");
    if (hole->offset() < end || hole->offset() > onnxModel.size() || hole->size() > onnxModel.size() - hole->offset())
      throw Error(ErrorCode::Format, "the model's weight " + name + " lies outside the model");
    end = hole->offset() + hole->size();
  }
}

const glyph::Entry *Program::findEntry(std::string_view name) const {
  for (const glyph::Entry *entry : Elements(schema->entries()))
    if (view(entry->name()) == name)
      return entry;
  return nullptr;
}

const glyph::StateEntry *Program::findState(std::string_view name) const {
  for (const glyph::StateEntry *entry : Elements(schema->state()))
    if (view(entry->tensor()->name()) == name)
      return entry;
  return nullptr;
}

glyptic_tensor Program::describe(const glyph::Tensor &tensor, const flatbuffers::Vector<uint8_t> *permutation) {
  Elements dims(tensor.dims());
  std::vector<int64_t> &scales = extents.emplace_back(dims.size());
  std::vector<uint8_t> &batched = flags.emplace_back(dims.size());
  for (size_t i = 0; i < dims.size(); ++i) {
    size_t place = permutation && permutation->size() > 0 ? permutation->Get(static_cast<unsigned>(i)) : i;
    scales[place] = static_cast<int64_t>(dims[i]->scale());
    batched[place] = dims[i]->batched();
  }
  const char *role = tensor.role() ? tensor.role()->c_str() : "";
  return {tensor.name()->c_str(),
          role,
          static_cast<glyptic_dtype>(tensor.dtype()),
          dims.size(),
          scales.data(),
          batched.data(),
          tensor.mixes_samples()};
}

static glyptic_instruction describeInstruction(const glyph::Instruction &instruction) {
  auto amount = [](const glyph::Size &size) { return glyptic_amount{size.constant(), size.per_batch()}; };
  glyptic_instruction made{GLYPTIC_COPY, "copy", instruction.label() ? instruction.label()->c_str() : "",
                           amount(*instruction.flops()), amount(*instruction.bytes())};
  if (const glyph::Launch *launch = instruction.action_as_Launch()) {
    made.action = GLYPTIC_KERNEL;
    made.name = launch->symbol()->c_str();
  } else if (const glyph::LibraryCall *call = instruction.action_as_LibraryCall()) {
    made.action = GLYPTIC_LIBRARY_CALL;
    made.name = call->routine()->c_str();
  }
  return made;
}

void Program::fillTables() {
  for (const glyph::Entry *entry : Elements(schema->entries())) {
    names.push_back(entry->name()->c_str());
    EntryTables &tables = entryTables.emplace_back();
    for (const glyph::Tensor *tensor : Elements(entry->inputs()))
      tables.inputs.push_back(describe(*tensor, nullptr));
    for (const glyph::Tensor *tensor : Elements(entry->outputs()))
      tables.outputs.push_back(describe(*tensor, nullptr));
    for (const glyph::Instruction *instruction : Elements(entry->instructions()))
      tables.instructions.push_back(describeInstruction(*instruction));
  }
  for (const glyph::StateEntry *entry : Elements(schema->state()))
    stateTensors.push_back(describe(*entry->tensor(), entry->permutation()));
  for (const glyph::Range *range : Elements(schema->ranges()))
    valueRanges.push_back({range->tensor()->c_str(), range->low(), range->high(), range->ignored().has_value(),
                           range->ignored().value_or(0)});
}

static size_t indexOf(const glyph::Program &program, const glyph::Entry &entry) {
  size_t index = 0;
  while (program.entries()->Get(static_cast<unsigned>(index)) != &entry)
    ++index;
  return index;
}

const std::vector<glyptic_tensor> &Program::inputs(const glyph::Entry &entry) const {
  return entryTables[indexOf(*schema, entry)].inputs;
}

const std::vector<glyptic_tensor> &Program::outputs(const glyph::Entry &entry) const {
  return entryTables[indexOf(*schema, entry)].outputs;
}

const std::vector<glyptic_instruction> &Program::instructions(const glyph::Entry &entry) const {
  return entryTables[indexOf(*schema, entry)].instructions;
}

} // namespace glyptic::runtime
