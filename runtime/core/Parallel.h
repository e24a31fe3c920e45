//===- Parallel.h - The threads that kernels and libraries share *- C++ -*-===//
//
// oneDNN computes on libgomp's threads. Two pools of threads on the same cores fight for them, so kernels run on the
// same pool, entered through libgomp's own stable interface: no compiler flag, no second OpenMP runtime.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

extern "C" {
void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);
int omp_get_thread_num();
int omp_get_num_threads();
int omp_get_max_threads();
int omp_in_parallel();
void omp_set_num_threads(int threads);
}

namespace glyptic::runtime {

/// How many threads oneDNN takes, for the calling thread and as long as this lives.
class ThreadLimit {
public:
  explicit ThreadLimit(int threads) : before(omp_get_max_threads()) { omp_set_num_threads(threads); }
  ThreadLimit(const ThreadLimit &) = delete;
  ~ThreadLimit() { omp_set_num_threads(before); }

private:
  int before;
};

/// Calls body(lo, hi) over ranges that cover [0, count), one per thread, none much shorter than `grain`.
template <typename Body> void parallelRanges(int threads, uint64_t count, uint64_t grain, Body body) {
  uint64_t useful = grain > 1 ? count / grain : count;
  auto team = static_cast<unsigned>(useful < static_cast<uint64_t>(threads) ? useful : static_cast<uint64_t>(threads));
  if (team <= 1) {
    body(uint64_t(0), count);
    return;
  }
  struct Job {
    uint64_t count;
    Body &body;
  } job{count, body};
  auto run = [](void *data) {
    Job &job = *static_cast<Job *>(data);
    // The team may be smaller than asked for.
    auto index = static_cast<uint64_t>(omp_get_thread_num()), size = static_cast<uint64_t>(omp_get_num_threads());
    uint64_t share = job.count / size, rest = job.count % size;
    uint64_t lo = index * share + (index < rest ? index : rest);
    uint64_t hi = lo + share + (index < rest ? 1 : 0);
    if (lo < hi)
      job.body(lo, hi);
  };
  GOMP_parallel(run, &job, team, 0);
}

/// Where a session's work is done. libgomp keeps a pool of threads for every thread that enters it, and callers may
/// come from any. The first computes itself: handing a step to another thread and back takes longer than a small step.
/// Those who come from other threads, or from within a parallel region, share one thread of the session's own.
class Executor {
public:
  explicit Executor(int threads) : threads(threads) {}
  ~Executor();

  /// Runs `action` and waits; what it throws is thrown here. Calls do not overlap.
  template <typename Action> void call(Action &&action) {
    run([](void *data) { (*static_cast<std::remove_reference_t<Action> *>(data))(); }, &action);
  }

private:
  void run(void (*function)(void *), void *data);
  void limited(void (*function)(void *), void *data);
  void loop();

  const int threads;
  std::thread::id home; ///< of the first caller
  std::mutex mutex;
  std::condition_variable changed;
  void (*function)(void *) = nullptr;
  void *data = nullptr;
  std::exception_ptr failure;
  bool stopping = false;
  std::thread thread; ///< started when it is first needed
};

} // namespace glyptic::runtime
