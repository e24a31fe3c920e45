//===- Routines.h - Library calls on a GPU ----------------------*- C++ -*-===//
#pragma once

#include "runtime/core/Routine.h"
#include "runtime/cuda/CublasLt.h"
#include "runtime/cuda/Cudnn.h"

namespace glyptic::runtime::cuda {

/// Makes the context that of the calling thread, and puts back what was there.
class Current {
public:
  Current(const Driver &driver, Context context) : driver(driver) {
    driver.check(driver.ctxPushCurrent(context), "cannot use the GPU");
  }
  Current(const Current &) = delete;
  ~Current() {
    Context popped;
    driver.ctxPopCurrent(&popped);
  }

private:
  const Driver &driver;
};

/// Where a device's work goes.
struct Queue {
  const Driver &driver;
  Context context;
  Stream stream;

  Current current() const { return {driver, context}; }
};

/// cuBLASLt with a handle of its own. It goes while the device's context is the current one.
class Blas {
public:
  Blas() : library(CublasLt::open()) { library.check(library.create(&handle), "cannot open cuBLASLt"); }
  Blas(const Blas &) = delete;
  ~Blas() { library.destroy(handle); }

  const CublasLt library;
  CublasLt::Handle handle = nullptr;
};

/// cuDNN with a handle of its own, and the same.
class Dnn {
public:
  explicit Dnn(Stream stream) : library(Cudnn::open()) {
    library.check(library.create(&handle), "cannot open cuDNN");
    library.setStream(handle, stream);
  }
  Dnn(const Dnn &) = delete;
  ~Dnn() { library.destroy(handle); }

  const Cudnn library;
  Cudnn::Handle handle = nullptr;
};

std::unique_ptr<Routine> makeMatmul(const CallSite &site, const Queue &queue, const Blas &blas);
std::unique_ptr<Routine> makeConvolution(const CallSite &site, const Queue &queue, const Dnn &dnn);

} // namespace glyptic::runtime::cuda
