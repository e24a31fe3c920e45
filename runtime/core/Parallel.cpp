//===- Parallel.cpp - The thread that a session's work is done on ---------===//
#include "runtime/core/Parallel.h"

#include <utility>

namespace glyptic::runtime {

Executor::~Executor() {
  if (!thread.joinable())
    return;
  {
    std::lock_guard lock(mutex);
    stopping = true;
  }
  changed.notify_all();
  thread.join();
}

void Executor::limited(void (*function)(void *), void *data) {
  ThreadLimit limit(threads);
  function(data);
}

void Executor::run(void (*function)(void *), void *data) {
  if (home == std::thread::id())
    home = std::this_thread::get_id();
  if (home == std::this_thread::get_id() && !omp_in_parallel())
    return limited(function, data);
  if (!thread.joinable())
    thread = std::thread([this] { loop(); });
  std::unique_lock lock(mutex);
  this->function = function;
  this->data = data;
  changed.notify_all();
  changed.wait(lock, [&] { return !this->function; });
  if (failure)
    std::rethrow_exception(std::exchange(failure, nullptr));
}

void Executor::loop() {
  std::unique_lock lock(mutex);
  while (true) {
    changed.wait(lock, [&] { return function || stopping; });
    if (!function)
      return;
    lock.unlock();
    try {
      limited(function, data);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    function = nullptr;
    changed.notify_all();
  }
}

} // namespace glyptic::runtime
