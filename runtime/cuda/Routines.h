//===- Routines.h - Library calls on a GPU ----------------------*- C++ -*-===//
#pragma once

#include "runtime/core/Routine.h"
#include "runtime/cuda/CublasLt.h"
#include "runtime/cuda/Cudnn.h"

#include <map>

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
    use(stream);
  }
  Dnn(const Dnn &) = delete;
  ~Dnn() { library.destroy(handle); }

  void use(Stream stream) { library.check(library.setStream(handle, stream), "cannot give cuDNN its stream"); }

  const Cudnn library;
  Cudnn::Handle handle = nullptr;
};

/// A routine with a plan for each number of samples; `Plan` says what `workspace` it needs.
template <typename Plan> class PlannedRoutine : public Routine {
public:
  PlannedRoutine(const CallSite &site, const Queue &queue) : site(site), queue(queue) {}

  size_t prepare(int64_t batch) final {
    Current here = queue.current();
    auto found = plans.find(batch);
    if (found == plans.end())
      found = plans.emplace(batch, build(batch)).first;
    return found->second.workspace;
  }

  void forget(int64_t batch) final { plans.erase(batch); }

  void run(int64_t batch, void *const *operands, std::byte *scratch) final {
    Current here = queue.current();
    execute(plans.at(batch), operands, scratch);
  }

protected:
  virtual Plan build(int64_t batch) const = 0;
  virtual void execute(Plan &plan, void *const *operands, std::byte *scratch) const = 0;

  const CallSite site;
  const Queue &queue;

private:
  std::map<int64_t, Plan> plans;
};

std::unique_ptr<Routine> makeMatmul(const CallSite &site, const Queue &queue, const Blas &blas);
std::unique_ptr<Routine> makeConvolution(const CallSite &site, const Queue &queue, const Dnn &dnn);

} // namespace glyptic::runtime::cuda
