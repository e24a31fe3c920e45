//===- Errors.h - Errors that say who has to act ----------------*- C++ -*-===//
#pragma once

#include "compiler/Compiler.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"

namespace glyptic {

/// A message for people, and the code that programs go by.
class CodedError : public llvm::ErrorInfo<CodedError> {
public:
  static char ID;

  CodedError(ErrorCode code, std::string text = "") : code(code), text(std::move(text)) {}

  ErrorCode getCode() const { return code; }
  void log(llvm::raw_ostream &out) const override { out << text; }
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }

private:
  ErrorCode code;
  std::string text;
};

llvm::Error makeError(ErrorCode code, const llvm::Twine &message);

/// The messages of `error`, each on a line of its own, and the first code; errors without one are ours.
Outcome toOutcome(llvm::Error error);

} // namespace glyptic
