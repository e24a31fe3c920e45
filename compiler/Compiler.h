//===- Compiler.h - The compiler's C++ interface ----------------*- C++ -*-===//
//
// Compiles models into glyphs, which the runtime (runtime/include/glyptic) executes without the compiler.
//
//   Ownership  a Compiler belongs to whoever created it; it keeps nothing of a request once that is answered. Files
//              appear whole or not at all.
//   Threads    requests to one Compiler may run at the same time on any threads. A request may use several threads.
//   Errors     every request returns an Outcome; nothing is thrown. Nothing but `printAfter` writes to the terminal.
//   Bits       the same model, options and processor features give the same glyph.
//
// Programs that compile only now and then open libglyptic-compiler.so with dlopen and call glypticCreateCompiler, so
// that they start without LLVM; everything in this header works without linking the library. Others link it.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/Options.h"
#include "glyptic/Error.h"

#include <memory>
#include <utility>

namespace glyptic {

/// What came of a request. Where it failed, `message` names file, node and op type, says what is wrong and what to do;
/// several faults of one model are on lines of their own.
struct Outcome {
  bool ok = true;
  ErrorCode code = ErrorCode::Internal; ///< where not `ok`
  std::string message;

  explicit operator bool() const { return ok; }
};

/// What there is to tell of a compilation besides its glyph.
struct CompileReport {
  std::string bill;     ///< memory, work and predicted time on this machine; at most 80 columns
  std::string billJson; ///< the same
  std::vector<std::pair<std::string, double>> phases; ///< name and seconds, in the order in which they ran
  bool objectsFromCache = false;
  std::vector<std::string> remarks; ///< what the person should know, such as a parameter that the loss does not reach
  std::string trainingForm; ///< which operators the file holds in training form, and what that does; empty if none
};

/// A well-known architecture that createModel() writes, with the sizes that one may choose.
struct SizeInfo {
  std::string name;
  int64_t initial;
  std::string help;
};
struct ArchitectureInfo {
  std::string name, summary;
  std::vector<SizeInfo> sizes;
};

/// A loss, optimizer, schedule or metric that training knows.
struct ChoiceInfo {
  std::string name;
  std::string defaults; ///< "learning rate 0.001"; may be empty
};

/// What to check a gradient with.
struct GradientCheckOptions {
  std::string data;         ///< .npz, .csv or .csv.gz; empty: random numbers in the ranges that the model takes
  int64_t samples = 4;      ///< of one batch
  int64_t directions = 3;   ///< in all parameters at once; each parameter has one of its own besides
  uint64_t seed = 0;        ///< of data and directions
  double tolerance = 1e-6;  ///< relative
};

class Compiler {
public:
  virtual ~Compiler() = default;

  /// Compiles `model` (.onnx, or .onnxtxt in text form) to the file `glyph`. With `stopAfter` in the options the phases
  /// up to that one run, and no file is written. `report` may be null; it is filled as far as the compilation came.
  virtual Outcome compile(const std::string &model, const CompileOptions &options, const std::string &glyph,
                          CompileReport *report = nullptr) noexcept = 0;

  /// The same into memory. For models of many gigabytes prefer a file, which needs no second copy of the weights.
  virtual Outcome compileToMemory(const std::string &model, const CompileOptions &options, std::vector<char> &glyph,
                                  CompileReport *report = nullptr) noexcept = 0;

  /// Writes `model` to `output` with the parameters and statistics of a saved state (.safetensors), or with its own if
  /// `state` is empty. `inferenceForm` turns nodes in training form; `trainingForm` becomes what is left of them, as in
  /// CompileReport.
  virtual Outcome exportModel(const std::string &model, const std::string &state, const std::string &output,
                              bool inferenceForm, std::string &trainingForm) noexcept = 0;

  /// The pre-flight of a model as JSON: which weights would be trained and why, what blocks gradients, memory and work
  /// at several batch sizes. Without `training` in the options any loss will do. A model with nodes that cannot be
  /// imported fails, and has a report that lists them all.
  virtual Outcome check(const std::string &model, const CompileOptions &options, std::string &json) noexcept = 0;

  /// How the model would do on GPUs, as JSON: for each whether it fits, the largest batch that does, predicted time and
  /// what bounds it, energy. Of training, if the options have it, else of inference. `machines` are names of known ones
  /// or files in the form of machines/*.toml; all known ones where it is empty. With `allowsTf32` products of FP32 are
  /// predicted as if they might multiply in TF32.
  virtual Outcome compareMachines(const std::string &model, const CompileOptions &options,
                                  const std::vector<std::string> &machines, bool allowsTf32,
                                  std::string &json) noexcept = 0;

  /// Compares the gradient that a step would use with differences of its loss, in FP64. `certificate` is JSON: what was
  /// checked, each direction, and the nodes that do not simply agree. Fails where the gradient is wrong (with
  /// ErrorCode::Internal, and with the certificate), and where it cannot be had.
  virtual Outcome checkGradient(const std::string &model, const CompileOptions &options,
                                const GradientCheckOptions &check, std::string &certificate) noexcept = 0;

  /// What createModel() knows.
  virtual std::vector<ArchitectureInfo> getArchitectures() const = 0;

  /// Writes a well-known architecture with fresh weights to `path`: the same seed and sizes give the same file
  /// anywhere.
  virtual Outcome createModel(const std::string &architecture, const std::map<std::string, int64_t> &sizes,
                              uint64_t seed, const std::string &path) noexcept = 0;

  /// What the training option of that name ("loss", "optimizer", "schedule", "metric") may be; nothing for others.
  virtual std::vector<ChoiceInfo> getChoices(const std::string &option) const = 0;
  /// Why `name` is none of them, with the nearest one; empty if it is one.
  virtual std::string refuseChoice(const std::string &option, const std::string &name) const = 0;

  /// One line for each phase of a compilation: its name and what it does.
  virtual std::string describePhases() const = 0;
};

/// Raised when the classes above change.
inline constexpr int kCompilerInterface = 8;

} // namespace glyptic

/// A new compiler, to be deleted by the caller; null if the library has another `interface` than
/// glyptic::kCompilerInterface.
extern "C" glyptic::Compiler *glypticCreateCompiler(int interface);
