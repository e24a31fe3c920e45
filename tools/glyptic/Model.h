//===- Model.h - A program from an ONNX file or a glyph ---------*- C++ -*-===//
#pragma once

#include "compiler/Compiler.h"
#include "glyptic/runtime.hpp"
#include "glyptic/train.h"

#include <functional>

namespace glyptic::tool {

/// The compiler, from libglyptic-compiler.so beside the tool; opened by the first call, so that commands that compile
/// nothing start without LLVM. Throws where it cannot be opened.
Compiler &openCompiler();

/// Throws what a request failed with.
void check(const Outcome &outcome);

/// Whether `path` is a glyph rather than a model: by its ending or its first bytes.
bool isGlyph(const std::string &path);

struct ProgramHandle {
  std::shared_ptr<glyptic_program> handle;
  bool compiled = false;            ///< just now
  std::vector<std::string> remarks; ///< of that compilation
  std::string trainingForm;         ///< of the model, if it was one and holds any (compiler/Compiler.h)

  const glyptic_program *get() const { return handle.get(); }
};

/// Loads a glyph; compiles a model in memory with what `options` returns.
ProgramHandle openProgram(const std::string &path, const std::function<CompileOptions()> &options);

struct FreeSession {
  void operator()(glyptic_session *session) const { glyptic_session_free(session); }
};
using SessionHandle = std::unique_ptr<glyptic_session, FreeSession>;
SessionHandle openSession(const ProgramHandle &program, int threads, const std::string &device, bool debugSync = false);

/// Help of the flag for the last of these.
inline constexpr char kDebugSyncHelp[] = "wait after each kernel of a GPU, so that an error names the one that failed";

/// What a model is compiled for where it is to run on `device`, for CompileOptions::targets.
std::vector<std::string> targetsFor(const std::string &device);

struct FreeDataSet {
  void operator()(glyptic_dataset *data) const { glyptic_dataset_free(data); }
};
using DataSetHandle = std::unique_ptr<glyptic_dataset, FreeDataSet>;
DataSetHandle loadData(const std::string &path, const ProgramHandle &program);

/// The note that `path` was written with operators in training form.
std::string trainingFormNote(const std::string &path, const std::string &form);

/// Throws if `path` could not be written later, so that no long run ends in vain.
void requireWritable(const std::string &path);
/// Throws if something would be written over what is read, or two things to one file. Empty paths are none.
void requireApart(const std::vector<std::string> &read, const std::vector<std::string> &written);

} // namespace glyptic::tool
