//===- runtime.hpp - Run compiled programs from C++ -------------*- C++ -*-===//
//
// Ownership and exceptions for runtime.h, which says what everything means. Header-only, C++17.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "glyptic/Error.h"
#include "glyptic/runtime.h"

#include <memory>
#include <string>
#include <vector>

namespace glyptic {

inline void check(glyptic_error *error) {
  if (!error)
    return;
  std::unique_ptr<glyptic_error, void (*)(glyptic_error *)> owner(error, glyptic_error_free);
  throw Error(static_cast<ErrorCode>(glyptic_error_get_code(error)), glyptic_error_message(error));
}

class Program {
public:
  explicit Program(const std::string &path) {
    glyptic_program *program = nullptr;
    check(glyptic_program_load(path.c_str(), &program));
    handle.reset(program, glyptic_program_free);
  }

  const glyptic_program *get() const { return handle.get(); }
  int64_t maxBatch() const { return glyptic_program_max_batch(get()); }
  std::vector<glyptic_tensor> inputs(const std::string &entry) const {
    const glyptic_tensor *tensors = nullptr;
    size_t count = glyptic_program_inputs(get(), entry.c_str(), &tensors);
    return {tensors, tensors + count};
  }
  std::vector<glyptic_tensor> outputs(const std::string &entry) const {
    const glyptic_tensor *tensors = nullptr;
    size_t count = glyptic_program_outputs(get(), entry.c_str(), &tensors);
    return {tensors, tensors + count};
  }
  std::vector<glyptic_instruction> instructions(const std::string &entry) const {
    const glyptic_instruction *instructions = nullptr;
    size_t count = glyptic_program_instructions(get(), entry.c_str(), &instructions);
    return {instructions, instructions + count};
  }
  std::vector<glyptic_tensor> state() const {
    const glyptic_tensor *tensors = nullptr;
    size_t count = glyptic_program_state(get(), &tensors);
    return {tensors, tensors + count};
  }

private:
  std::shared_ptr<glyptic_program> handle;
};

class Session {
public:
  explicit Session(const Program &program, int threads = 0, const std::string &device = "auto") {
    glyptic_session *session = nullptr;
    check(glyptic_session_create_on(program.get(), device.c_str(), threads, &session));
    handle.reset(session);
  }
  Session(const Program &program, const glyptic_session_options &options) {
    glyptic_session *session = nullptr;
    check(glyptic_session_create_with(program.get(), &options, &session));
    handle.reset(session);
  }

  glyptic_session *get() const { return handle.get(); }
  std::string device() const { return glyptic_session_device(get()); }

  template <typename T>
  void setInput(const std::string &entry, const std::string &name, const T *data, size_t elements) {
    check(glyptic_session_set_input(get(), entry.c_str(), name.c_str(), data, elements * sizeof(T)));
  }
  void run(const std::string &entry, int64_t samples) { check(glyptic_session_run(get(), entry.c_str(), samples)); }
  void start(const std::string &entry, int64_t samples) { check(glyptic_session_start(get(), entry.c_str(), samples)); }
  void wait() { check(glyptic_session_wait(get())); }
  template <typename T> void getOutput(const std::string &name, T *data, size_t elements) const {
    check(glyptic_session_get_output(get(), name.c_str(), data, elements * sizeof(T)));
  }
  double scalar(const std::string &output) const {
    double value = 0;
    check(glyptic_session_get_scalar(get(), output.c_str(), &value));
    return value;
  }

  // In the memory of the session's device.
  template <typename T>
  void setDeviceInput(const std::string &entry, const std::string &name, const T *address, size_t elements) {
    check(glyptic_session_set_device_input(get(), entry.c_str(), name.c_str(), address, elements * sizeof(T)));
  }
  template <typename T> void getDeviceOutput(const std::string &name, T *address, size_t elements) {
    check(glyptic_session_get_device_output(get(), name.c_str(), address, elements * sizeof(T)));
  }
  glyptic_memory locateOutput(const std::string &name) const {
    glyptic_memory memory{};
    check(glyptic_session_locate_output(get(), name.c_str(), &memory));
    return memory;
  }
  glyptic_memory locateState(const std::string &name) const {
    glyptic_memory memory{};
    check(glyptic_session_locate_state(get(), name.c_str(), &memory));
    return memory;
  }
  void stateChanged() { check(glyptic_session_state_changed(get())); }

  void clearAccumulators() { check(glyptic_session_clear_accumulators(get())); }

  template <typename T> void readState(const std::string &name, T *data, size_t elements) const {
    check(glyptic_session_read_state(get(), name.c_str(), data, elements * sizeof(T)));
  }
  template <typename T> void writeState(const std::string &name, const T *data, size_t elements) {
    check(glyptic_session_write_state(get(), name.c_str(), data, elements * sizeof(T)));
  }
  void saveState(const std::string &path) const { check(glyptic_session_save_state(get(), path.c_str())); }
  void loadState(const std::string &path) { check(glyptic_session_load_state(get(), path.c_str())); }
  void exportModel(const std::string &path) const { check(glyptic_session_export_model(get(), path.c_str())); }

private:
  struct Free {
    void operator()(glyptic_session *session) const { glyptic_session_free(session); }
  };
  std::unique_ptr<glyptic_session, Free> handle;
};

} // namespace glyptic
