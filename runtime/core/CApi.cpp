//===- CApi.cpp - The C interface -----------------------------------------===//
#include "glyptic/runtime.h"
#include "runtime/core/Guard.h"
#include "runtime/core/LibraryTimes.h"
#include "runtime/core/Schema.h"
#include "runtime/core/Session.h"
#include "support/Convert.h"

#include <cstdio>
#include <cstring>

using namespace glyptic;
using namespace glyptic::runtime;

struct glyptic_program {
  std::shared_ptr<const Program> program;
};

struct glyptic_session {
  Session session;
};

namespace {

template <typename T> size_t handOut(const std::vector<T> &list, const T **first) {
  *first = list.data();
  return list.size();
}

const char *textOf(const flatbuffers::String *text) { return text ? text->c_str() : ""; }

double toDouble(const Session::Output &output) {
  double number = 0;
  bool isKnown = withType(output.type, [&](auto value) {
    std::memcpy(&value, output.bytes.data(), sizeof value);
    number = static_cast<double>(value);
  });
  if (!isKnown)
    throw Error(std::string("a scalar of ") + nameOf(output.type) + " is read with glyptic_session_get_output");
  return number;
}

} // namespace

glyptic_error_code glyptic_error_get_code(const glyptic_error *error) {
  return static_cast<glyptic_error_code>(error->code);
}
const char *glyptic_error_message(const glyptic_error *error) { return error->message.c_str(); }
void glyptic_error_free(glyptic_error *error) { delete error; }

glyptic_error *glyptic_program_load(const char *path, glyptic_program **program) {
  return guard([&] { *program = new glyptic_program{Program::load(path)}; });
}

glyptic_error *glyptic_program_load_memory(const void *bytes, size_t size, glyptic_program **program) {
  return guard([&] { *program = new glyptic_program{Program::copy({static_cast<const char *>(bytes), size})}; });
}

void glyptic_program_free(glyptic_program *program) { delete program; }

int64_t glyptic_program_max_batch(const glyptic_program *program) {
  return static_cast<int64_t>(program->program->tables().max_batch());
}
int glyptic_program_threads(const glyptic_program *program) {
  return static_cast<int>(program->program->tables().threads());
}
const char *glyptic_program_target(const glyptic_program *program) {
  return textOf(program->program->tables().target());
}
const char *glyptic_program_options(const glyptic_program *program) {
  return textOf(program->program->tables().options());
}
const char *glyptic_program_bill(const glyptic_program *program) { return textOf(program->program->tables().bill()); }
int glyptic_program_can_export(const glyptic_program *program) { return !program->program->model().empty(); }

uint64_t glyptic_program_session_bytes(const glyptic_program *program) {
  uint64_t bytes = 0;
  for (uint64_t size : *program->program->tables().arena_sizes())
    bytes += size;
  return bytes - program->program->tables().arena_sizes()->Get(static_cast<unsigned>(glyph::Arena::Constant));
}

size_t glyptic_program_entries(const glyptic_program *program, const char *const **names) {
  *names = program->program->entryNames().data();
  return program->program->entryNames().size();
}

size_t glyptic_program_state(const glyptic_program *program, const glyptic_tensor **tensors) {
  return handOut(program->program->state(), tensors);
}

size_t glyptic_program_ranges(const glyptic_program *program, const glyptic_range **ranges) {
  return handOut(program->program->ranges(), ranges);
}

size_t glyptic_program_inputs(const glyptic_program *program, const char *entry, const glyptic_tensor **tensors) {
  const glyph::Entry *found = program->program->findEntry(entry);
  return found ? handOut(program->program->inputs(*found), tensors) : 0;
}

size_t glyptic_program_outputs(const glyptic_program *program, const char *entry, const glyptic_tensor **tensors) {
  const glyph::Entry *found = program->program->findEntry(entry);
  return found ? handOut(program->program->outputs(*found), tensors) : 0;
}

size_t glyptic_program_instructions(const glyptic_program *program, const char *entry,
                                    const glyptic_instruction **instructions) {
  const glyph::Entry *found = program->program->findEntry(entry);
  return found ? handOut(program->program->instructions(*found), instructions) : 0;
}

glyptic_error *glyptic_program_time_library_calls(const glyptic_program *program, const char *entry, int64_t samples,
                                                  const char *device, int threads, int repeats, double *seconds,
                                                  size_t count) {
  return guard([&] { timeLibraryCalls(*program->program, entry, samples, device, threads, repeats, seconds, count); });
}

glyptic_error *glyptic_session_create(const glyptic_program *program, int threads, glyptic_session **session) {
  return guard([&] { *session = new glyptic_session{Session(program->program, {"auto", threads})}; });
}

glyptic_error *glyptic_session_create_on(const glyptic_program *program, const char *device, int threads,
                                         glyptic_session **session) {
  return guard([&] { *session = new glyptic_session{Session(program->program, {device, threads})}; });
}

glyptic_error *glyptic_session_create_with(const glyptic_program *program, const glyptic_session_options *options,
                                           glyptic_session **session) {
  return guard([&] {
    SessionOptions wanted{options->device ? options->device : "auto", options->threads, options->debug_sync != 0,
                          options->cuda_context, options->cuda_stream};
    *session = new glyptic_session{Session(program->program, wanted)};
  });
}

glyptic_error *glyptic_device_architecture(const char *device, char architecture[GLYPTIC_ARCHITECTURE_SIZE]) {
  return guard([&] {
    DeviceName name = parseDevice(device);
    std::string text = name.kind == DeviceName::Cuda ? cudaArchitecture(name.index) : "";
    std::snprintf(architecture, GLYPTIC_ARCHITECTURE_SIZE, "%s", text.c_str());
  });
}

const char *glyptic_session_device(const glyptic_session *session) { return session->session.deviceText().c_str(); }

void glyptic_session_free(glyptic_session *session) { delete session; }
int glyptic_session_threads(const glyptic_session *session) { return session->session.threads(); }

glyptic_error *glyptic_session_set_input(glyptic_session *session, const char *entry, const char *input,
                                         const void *data, size_t size) {
  return guard([&] { session->session.setInput(entry, input, {static_cast<const char *>(data), size}); });
}

glyptic_error *glyptic_session_run(glyptic_session *session, const char *entry, int64_t samples) {
  return guard([&] { session->session.run(entry, samples); });
}

glyptic_error *glyptic_session_start(glyptic_session *session, const char *entry, int64_t samples) {
  return guard([&] { session->session.start(entry, samples); });
}

glyptic_error *glyptic_session_wait(glyptic_session *session) {
  return guard([&] { session->session.wait(); });
}

const char *glyptic_session_graph_failure(const glyptic_session *session, const char *entry) {
  const std::string *reason = session->session.whyNotRecorded(entry);
  return reason ? reason->c_str() : nullptr;
}

glyptic_error *glyptic_session_profile(glyptic_session *session, const char *entry, int64_t samples,
                                       glyptic_instruction_time *times, size_t count) {
  return guard([&] { session->session.profile(entry, samples, times, count); });
}

glyptic_error *glyptic_session_get_output(const glyptic_session *session, const char *output, void *data, size_t size) {
  return guard([&] {
    Session::Output found = session->session.output(output);
    if (found.bytes.size() != size)
      throw Error("output " + quoteName(output) + " has " + std::to_string(found.bytes.size()) + " bytes, not " +
                  std::to_string(size));
    if (size)
      std::memcpy(data, found.bytes.data(), size);
  });
}

glyptic_error *glyptic_session_get_scalar(const glyptic_session *session, const char *output, double *value) {
  return guard([&] {
    Session::Output found = session->session.output(output);
    if (found.bytes.size() != sizeOf(found.type))
      throw Error("output " + quoteName(output) + " is not a scalar");
    *value = toDouble(found);
  });
}

glyptic_error *glyptic_session_clear_accumulators(glyptic_session *session) {
  return guard([&] { session->session.clearAccumulators(); });
}

glyptic_error *glyptic_session_set_device_input(glyptic_session *session, const char *entry, const char *input,
                                                const void *address, size_t size) {
  return guard([&] { session->session.setDeviceInput(entry, input, address, size); });
}

glyptic_error *glyptic_session_get_device_output(glyptic_session *session, const char *output, void *address,
                                                 size_t size) {
  return guard([&] { session->session.getDeviceOutput(output, address, size); });
}

glyptic_error *glyptic_session_locate_output(const glyptic_session *session, const char *output,
                                             glyptic_memory *memory) {
  return guard([&] { *memory = session->session.locateOutput(output); });
}

glyptic_error *glyptic_session_locate_state(const glyptic_session *session, const char *name, glyptic_memory *memory) {
  return guard([&] { *memory = session->session.locateState(name); });
}

glyptic_error *glyptic_session_state_changed(glyptic_session *session) {
  return guard([&] { session->session.stateChanged(); });
}

glyptic_error *glyptic_session_read_state(const glyptic_session *session, const char *name, void *data, size_t size) {
  return guard([&] { session->session.readState(name, data, size); });
}

glyptic_error *glyptic_session_write_state(glyptic_session *session, const char *name, const void *data, size_t size) {
  return guard([&] { session->session.writeState(name, data, size); });
}

glyptic_error *glyptic_session_save_state(const glyptic_session *session, const char *path) {
  return guard([&] { session->session.saveState(path); });
}

glyptic_error *glyptic_session_load_state(glyptic_session *session, const char *path) {
  return guard([&] { session->session.loadState(path); });
}

glyptic_error *glyptic_session_export_model(const glyptic_session *session, const char *path) {
  return guard([&] { session->session.exportModel(path); });
}
