//===- FakeLibraries.h - NVIDIA's libraries, made for a test ----*- C++ -*-===//
#pragma once

#include "test/runtime/cuda/FakeCublasLt.h"
#include "test/runtime/cuda/FakeCudnn.h"
#include "test/runtime/cuda/FakeDriver.h"
#include "test/support/TemporaryFolder.h"

#include <cstdlib>
#include <dlfcn.h>
#include <gtest/gtest.h>

namespace glyptic {

/// Compiled once for a process, and kept: whoever opens the library by its name then finds it.
class FakeLibrary {
public:
  FakeLibrary(const char *name, const char *source) {
    TemporaryFolder folder;
    const std::string file = folder / name;
    writeFile(file + ".cpp", source);
    std::string command =
        "c++ -O1 -std=c++17 -shared -fPIC -Wl,-soname," + std::string(name) + " -o " + file + " " + file + ".cpp";
    if (std::system(command.c_str()) == 0)
      handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  }

  /// A variable of it; fails the test where there is none.
  template <typename T> T &variable(const char *name) const {
    void *found = handle ? dlsym(handle, name) : nullptr;
    EXPECT_NE(found, nullptr) << name;
    static T none;
    return found ? *static_cast<T *>(found) : none;
  }

  void *handle = nullptr;
};

inline const FakeLibrary &fakeDriver() {
  static const FakeLibrary library("libcuda.so.1", kFakeDriver);
  return library;
}
inline const FakeLibrary &fakeCublasLt() {
  static const FakeLibrary library("libcublasLt.so.13", kFakeCublasLt);
  return library;
}
inline const FakeLibrary &fakeCudnn() {
  static const FakeLibrary library("libcudnn.so.9", kFakeCudnn);
  return library;
}

} // namespace glyptic
