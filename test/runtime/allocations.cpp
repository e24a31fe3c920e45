//===- allocations.cpp - Who allocates while a program runs ---------------===//
//
// allocations GLYPH ENTRY:SAMPLES... runs the entries in turn, once to warm up and 100 times more, and prints a line
// for each allocation of those: the innermost library on the stack that does not itself serve allocations, so that a
// std::string of ours is ours. The malloc of this file is that of the whole process.
//
//===----------------------------------------------------------------------===//
#include "glyptic/runtime.hpp"

#include <atomic>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <execinfo.h>

namespace {

constexpr int kDepth = 12, kMost = 1 << 17, kRounds = 100;

std::atomic<bool> counting;
std::atomic<int> count;
void *stacks[kMost][kDepth];

__attribute__((noinline)) void note() {
  thread_local bool inside; // backtrace() itself may allocate
  if (!counting || inside)
    return;
  inside = true;
  if (int index = count++; index < kMost)
    backtrace(stacks[index], kDepth);
  inside = false;
}

const char *ownerOf(void *const *stack) {
  Dl_info self{}, info{};
  dladdr(reinterpret_cast<void *>(&note), &self);
  for (int i = 0; i < kDepth && stack[i]; ++i) {
    if (!dladdr(stack[i], &info) || !info.dli_fname)
      return "code without a library";
    const char *slash = std::strrchr(info.dli_fname, '/'), *name = slash ? slash + 1 : info.dli_fname;
    bool serves = info.dli_fbase == self.dli_fbase;
    for (const char *part : {"libc.so", "libstdc++.so", "libgcc_s.so", "ld-linux"})
      serves |= std::strncmp(name, part, std::strlen(part)) == 0;
    if (!serves)
      return name;
  }
  return "this program";
}

/// Sets the entry's inputs, runs it, and reads its scalars.
void run(const glyptic::Program &program, glyptic::Session &session, const char *entry, long samples) {
  static const char zeros[1 << 22] = {};
  const glyptic_tensor *tensors = nullptr;
  for (size_t n = glyptic_program_inputs(program.get(), entry, &tensors); n-- > 0;) {
    size_t size = tensors[n].dtype == GLYPTIC_I64 ? 8 : 4;
    for (size_t d = 0; d < tensors[n].rank; ++d)
      size *= size_t(tensors[n].dims[d] * (tensors[n].batched[d] ? samples : 1));
    glyptic::check(glyptic_session_set_input(session.get(), entry, tensors[n].name, zeros, size));
  }
  glyptic::check(glyptic_session_run(session.get(), entry, samples));
  double value = 0;
  for (size_t n = glyptic_program_outputs(program.get(), entry, &tensors); n-- > 0;)
    if (tensors[n].rank == 0)
      glyptic::check(glyptic_session_get_scalar(session.get(), tensors[n].name, &value));
}

} // namespace

extern "C" {
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) { return note(), __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return note(), __libc_calloc(count, size); }
void *realloc(void *old, size_t size) { return note(), __libc_realloc(old, size); }
void *memalign(size_t alignment, size_t size) { return note(), __libc_memalign(alignment, size); }
void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void **result, size_t alignment, size_t size) {
  return (*result = memalign(alignment, size)) ? 0 : 12;
}
}

int main(int argc, char **argv) {
  glyptic::Program program(argv[1]);
  glyptic::Session session(program);
  stacks[0][0] = nullptr;
  backtrace(stacks[0], kDepth); // loads what it needs before it is called from malloc
  for (int round = 0; round <= kRounds; ++round) {
    counting = round > 0;
    for (int i = 2; i < argc; ++i) {
      char entry[32] = {};
      long samples = 0;
      std::sscanf(argv[i], "%31[^:]:%ld", entry, &samples);
      run(program, session, entry, samples);
    }
  }
  counting = false;
  if (count > kMost)
    return 1;
  for (int i = 0; i < count; ++i)
    std::printf("%s\n", ownerOf(stacks[i]));
}
