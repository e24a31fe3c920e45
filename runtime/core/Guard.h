//===- Guard.h - No exception leaves a C function ---------------*- C++ -*-===//
#pragma once

#include "glyptic/runtime.h"
#include "support/Error.h"

#include <new>

struct glyptic_error {
  glyptic::ErrorCode code;
  std::string message;
};

namespace glyptic::runtime {

/// Runs the body of a C function; what it throws becomes the function's result. Where even that finds no memory, the
/// process has no way to report anything.
template <typename Action> glyptic_error *guard(Action action) {
  try {
    action();
    return nullptr;
  } catch (const Error &error) {
    return new glyptic_error{error.code(), error.what()};
  } catch (const std::bad_alloc &) {
    return new glyptic_error{ErrorCode::Memory, "out of memory"};
  } catch (const std::exception &error) {
    return new glyptic_error{ErrorCode::Internal, error.what()};
  }
}

} // namespace glyptic::runtime
