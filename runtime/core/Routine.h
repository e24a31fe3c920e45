//===- Routine.h - Calls of vendor libraries --------------------*- C++ -*-===//
#pragma once

#include "support/DataType.h"

#include <memory>

namespace glyptic::runtime {

/// A library call as the glyph describes it, with checked access: what is missing or does not fit throws an Error.
class CallSite {
public:
  explicit CallSite(const glyph::LibraryCall &call) : call(call) {}

  std::string_view routine() const;
  size_t reads() const;
  size_t results() const { return call.results(); }

  /// Operands are numbered reads first, then results.
  DType type(size_t operand) const;
  std::vector<int64_t> shape(size_t operand, int64_t batch) const;
  /// Of each dimension in memory, in elements.
  std::vector<int64_t> strides(size_t operand, int64_t batch) const;
  size_t rank(size_t operand) const;

  /// Bytes that the plan has for scratch memory; none where a library says only at run time what it needs.
  size_t workspace(int64_t batch) const;
  /// What an operand's place in its arena is a multiple of, in bytes; arenas lie at multiples of 256.
  int64_t alignment(size_t operand) const;

  /// A parameter by name; `count` values, or any number for -1.
  std::vector<int64_t> parameter(const char *name, int64_t count = -1) const;
  bool hasParameter(const char *name) const { return findParameter(name); }
  int64_t scalar(const char *name) const { return parameter(name, 1)[0]; }

  void expectOperands(size_t reads, size_t results, DType type) const;
  [[noreturn]] void fail(const std::string &why) const;

  /// Whether the operand stays as it is between the times that the caller writes state.
  bool isPacked(size_t operand) const;

private:
  const glyph::Parameter *findParameter(std::string_view name) const;

  const glyph::LibraryCall &call;
};

/// One library call of one session, on the device whose memory it works on: this processor's are oneDNN's, others come
/// from the device. All of them mean the same by a routine and its parameters; those of this processor are the
/// reference for the others. Constructors check the call's shapes and throw; they do not call the library.
class Routine {
public:
  virtual ~Routine() = default;
  /// Sets up for `batch` samples, if that has not been done; returns the scratch memory that run() needs then, in
  /// bytes.
  virtual size_t prepare(int64_t batch) = 0;
  /// Gives back what prepare() made for `batch`, if it did.
  virtual void forget(int64_t batch) = 0;
  /// The caller has written state: copies of it that the routine keeps are no longer good.
  virtual void stateChanged() {}
  /// Allocates nothing of its own. `operands` lie in memory as CallSite numbers them; `scratch` is aligned to a page.
  virtual void run(int64_t batch, void *const *operands, std::byte *scratch) = 0;
};

/// For this processor. Throws for a routine that this runtime does not have.
std::unique_ptr<Routine> makeRoutine(const CallSite &site);

/// How many of `threads` a call uses: waking the others takes microseconds, in which one thread does a small product
/// alone. It depends on nothing but the program and the batch, as the bits do.
int threadsFor(const glyph::Instruction &call, int64_t batch, int threads);

} // namespace glyptic::runtime
