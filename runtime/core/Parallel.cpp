//===- Parallel.cpp - The thread that a session's work is done on ---------===//
#include "runtime/core/Parallel.h"

#include <utility>

namespace glyptic::runtime {

ExecutorThread::ExecutorThread(int threads) : thread([this, threads] { loop(threads); }) {}

ExecutorThread::~ExecutorThread() {
  {
    std::lock_guard lock(mutex);
    stopping = true;
  }
  changed.notify_all();
  thread.join();
}

void ExecutorThread::run(void (*function)(void *), void *data) {
  std::unique_lock lock(mutex);
  this->function = function;
  this->data = data;
  changed.notify_all();
  changed.wait(lock, [&] { return !this->function; });
  if (failure)
    std::rethrow_exception(std::exchange(failure, nullptr));
}

void ExecutorThread::loop(int threads) {
  omp_set_num_threads(threads); // what oneDNN goes by; holds for this thread only
  std::unique_lock lock(mutex);
  while (true) {
    changed.wait(lock, [&] { return function || stopping; });
    if (!function)
      return;
    lock.unlock();
    try {
      function(data);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    function = nullptr;
    changed.notify_all();
  }
}

} // namespace glyptic::runtime
