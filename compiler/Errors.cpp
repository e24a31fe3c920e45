//===- Errors.cpp - Errors that say who has to act ------------------------===//
#include "compiler/Errors.h"

namespace glyptic {

char CodedError::ID;

llvm::Error makeError(ErrorCode code, const llvm::Twine &message) {
  return llvm::make_error<CodedError>(code, message.str());
}

Outcome toOutcome(llvm::Error error) {
  Outcome outcome;
  llvm::handleAllErrors(std::move(error), [&](const llvm::ErrorInfoBase &info) {
    if (outcome.ok && info.isA<CodedError>())
      outcome.code = static_cast<const CodedError &>(info).getCode();
    outcome.message += (outcome.ok ? "" : "\n") + info.message();
    outcome.ok = false;
  });
  return outcome;
}

} // namespace glyptic
