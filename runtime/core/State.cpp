//===- State.cpp - State in files, and as the user sees it ----------------===//
#include "runtime/core/Schema.h"
#include "runtime/core/Session.h"
#include "support/Permute.h"

#include <cstring>

namespace glyptic::runtime {

static std::vector<size_t> permutationOf(const glyph::StateEntry &entry) {
  Elements permutation(entry.permutation());
  return {permutation.begin(), permutation.end()};
}

static void toMemory(const glyph::StateEntry &entry, const void *saved, std::byte *memory) {
  permute(saved, savedShape(entry), permutationOf(entry), sizeOf(entry.tensor()->dtype()), memory);
}

static void fromMemory(const glyph::StateEntry &entry, const std::byte *memory, void *saved) {
  // Memory dimension i is saved dimension permutation[i]: seen from the saved side the inverse.
  std::vector<size_t> permutation = permutationOf(entry), inverse(permutation.size());
  for (size_t i = 0; i < permutation.size(); ++i)
    inverse[permutation[i]] = i;
  permute(memory, shapeFor(*entry.tensor(), 1), inverse, sizeOf(entry.tensor()->dtype()),
          static_cast<std::byte *>(saved));
}

void Session::setState(const glyph::StateEntry &entry, const void *saved) {
  std::byte *memory = address(*entry.tensor()->buffer());
  if (!device)
    return toMemory(entry, saved, memory);
  std::vector<std::byte> arranged(bytesFor(*entry.tensor(), 1));
  toMemory(entry, saved, arranged.data());
  device->upload(memory, arranged.data(), arranged.size());
}

/// A state's bytes in the shape of memory, in place or copied to `buffer`.
const std::byte *Session::stateMemory(const glyph::StateEntry &entry, std::vector<std::byte> &buffer) const {
  const std::byte *memory = address(*entry.tensor()->buffer());
  if (!device)
    return memory;
  buffer.resize(bytesFor(*entry.tensor(), 1));
  device->download(buffer.data(), memory, buffer.size());
  return buffer.data();
}

void Session::resetState() {
  for (const glyph::StateEntry *entry : Elements(program->tables().state()))
    if (entry->stored())
      setState(*entry, program->initialState(*entry).data());
  program->dropPages();
  stateChanged();
}

void Session::stateChanged() {
  for (Plan &plan : plans)
    for (Step &step : plan.steps)
      if (step.routine)
        step.routine->stateChanged();
}

const glyph::StateEntry &Session::findState(std::string_view name, size_t size) const {
  const glyph::StateEntry *entry = program->findState(name);
  if (!entry)
    throw Error("the program has no state " + quoteName(name));
  if (uint64_t expected = bytesFor(*entry->tensor(), 1); size != expected)
    throw Error("state " + quoteName(name) + " has " + std::to_string(expected) + " bytes, not " +
                std::to_string(size));
  return *entry;
}

void Session::readState(std::string_view name, void *data, size_t size) const {
  const glyph::StateEntry &entry = findState(name, size);
  std::vector<std::byte> copy;
  fromMemory(entry, stateMemory(entry, copy), data);
}

void Session::writeState(std::string_view name, const void *data, size_t size) {
  setState(findState(name, size), data);
  stateChanged();
}

/// A state's bytes in its saved shape: in place where memory has that shape, else put into a buffer.
std::string_view Session::savedBytes(const glyph::StateEntry &entry, SavedBuffers &buffers) const {
  const std::byte *memory = stateMemory(entry, buffers.copied);
  uint64_t size = bytesFor(*entry.tensor(), 1);
  if (Elements(entry.permutation()).size() != 0) {
    buffers.arranged.resize(size);
    fromMemory(entry, memory, buffers.arranged.data());
    memory = buffers.arranged.data();
  }
  return {reinterpret_cast<const char *>(memory), size};
}

void Session::saveState(const std::string &path) const {
  std::vector<SafetensorsEntry> entries;
  for (const glyph::StateEntry *entry : Elements(program->tables().state()))
    entries.push_back({std::string(view(entry->tensor()->name())), entry->tensor()->dtype(), savedShape(*entry)});
  OutputFile file(path);
  SavedBuffers buffers;
  SafetensorsLayout(std::move(entries))
      .write([&](std::string_view bytes) { file.write(bytes); },
             [&](const SafetensorsEntry &entry) { return savedBytes(*program->findState(entry.name), buffers); });
  file.commit();
}

void Session::loadState(const std::string &path) {
  MappedFile file(path);
  withSubject(quoteName(path), [&] {
    SafetensorsReader reader(file.bytes());
    // All of it is checked before any of it is taken over.
    for (const glyph::StateEntry *entry : Elements(program->tables().state())) {
      std::string_view name = view(entry->tensor()->name());
      const SafetensorsEntry *value = reader.find(name);
      std::string expected = describe(entry->tensor()->dtype(), savedShape(*entry));
      if (!value)
        throw Error("it lacks state " + quoteName(name) + " (" + expected + ")");
      if (value->type != entry->tensor()->dtype() || value->shape != savedShape(*entry))
        throw Error("its " + quoteName(name) + " is " + describe(value->type, value->shape) + ", the program has " +
                    expected);
    }
    for (const glyph::StateEntry *entry : Elements(program->tables().state()))
      setState(*entry, reader.find(view(entry->tensor()->name()))->data.data());
  });
  stateChanged();
}

void Session::exportModel(const std::string &path) const {
  std::string_view model = program->model();
  if (model.empty())
    throw Error("the glyph does not hold the original model, so there is nothing to export into");
  OutputFile file(path);
  SavedBuffers buffers;
  uint64_t done = 0;
  for (const glyph::ExportHole *hole : Elements(program->tables().export_holes())) {
    file.write(model.substr(done, hole->offset() - done));
    file.write(savedBytes(*program->findState(view(hole->state())), buffers));
    done = hole->offset() + hole->size();
  }
  file.write(model.substr(done));
  file.commit();
}

} // namespace glyptic::runtime
