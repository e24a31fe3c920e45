//===- FakeDriver.h - A libcuda that has no GPU -----------------*- C++ -*-===//
//
// The functions of NVIDIA's driver that the runtime calls, on memory of this process. Addresses have an offset added, so
// that whoever takes one for the host's own crashes. Copies and launches wait in a queue until the stream is waited for,
// as late as a GPU may do them. "Code" names the architecture it is for; its kernels are those below.
//
//===----------------------------------------------------------------------===//
#pragma once

namespace glyptic {

inline constexpr char kFakeDriver[] = R"cpp(
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

using Pointer = unsigned long long;
static constexpr Pointer kOffset = 0x100000000000000;
static char *host(Pointer p) { return (char *)(p - kOffset); }
static std::vector<std::function<void()>> queue;
static std::map<void *, size_t> allocations;
static size_t used = 0;

extern "C" {
// What a test sets and looks at.
int fake_count = 1, fake_version = 13000, fake_architecture = 90, fake_contexts = 0, fake_launches = 0, fake_pinned = 0, fake_modules = 0;
size_t fake_memory = 1 << 20;
char fake_loaded[256];
size_t fake_used() { return used; }

int cuInit(unsigned) { return 0; }
int cuDriverGetVersion(int *v) { *v = fake_version; return 0; }
int cuGetErrorString(int r, const char **t) { *t = r == 2 ? "out of memory" : "some error"; return 0; }
int cuDeviceGetCount(int *n) { *n = fake_count; return 0; }
int cuDeviceGet(int *d, int i) { *d = i; return i < fake_count ? 0 : 101; }
int cuDeviceGetName(char *name, int size, int) { strncpy(name, "Paper GPU", size); return 0; }
int cuDeviceGetAttribute(int *v, int a, int) { *v = a == 75 ? fake_architecture / 10 : fake_architecture % 10; return 0; }
int cuDevicePrimaryCtxRetain(void **c, int) { *c = &fake_contexts; ++fake_contexts; return 0; }
int cuDevicePrimaryCtxRelease_v2(int) { --fake_contexts; return 0; }
static thread_local int depth = 0;
int cuCtxPushCurrent_v2(void *c) { ++depth; return c ? 0 : 201; }
int cuCtxPopCurrent_v2(void **) { --depth; return 0; }
#define NEED_CONTEXT if (depth < 1) return 201
int cuMemGetInfo_v2(size_t *f, size_t *t) { NEED_CONTEXT; *f = fake_memory - used; *t = fake_memory; return 0; }
int cuMemAlloc_v2(Pointer *p, size_t n) {
  NEED_CONTEXT;
  if (n > fake_memory - used) return 2;
  void *m = aligned_alloc(256, (n + 255) / 256 * 256); memset(m, 0xee, n); allocations[m] = n; used += n; *p = (Pointer)m + kOffset; return 0;
}
int cuMemFree_v2(Pointer p) { NEED_CONTEXT; void *m = host(p); used -= allocations.at(m); allocations.erase(m); free(m); return 0; }
int cuMemHostAlloc(void **p, size_t n, unsigned) { NEED_CONTEXT; *p = malloc(n); ++fake_pinned; return 0; }
int cuMemFreeHost(void *p) { NEED_CONTEXT; free(p); --fake_pinned; return 0; }
int cuStreamCreate(void **s, unsigned) { NEED_CONTEXT; *s = &queue; return 0; }
int cuStreamSynchronize(void *) { NEED_CONTEXT; auto all = std::move(queue); queue.clear(); for (auto &f : all) f(); return 0; }
int cuStreamDestroy_v2(void *) { NEED_CONTEXT; return 0; }
int cuMemcpyHtoDAsync_v2(Pointer to, const void *from, size_t n, void *) { NEED_CONTEXT; queue.push_back([=] { memcpy(host(to), from, n); }); return 0; }
int cuMemcpyDtoHAsync_v2(void *to, Pointer from, size_t n, void *) { NEED_CONTEXT; queue.push_back([=] { memcpy(to, host(from), n); }); return 0; }
int cuMemcpyDtoDAsync_v2(Pointer to, Pointer from, size_t n, void *) { NEED_CONTEXT; queue.push_back([=] { memcpy(host(to), host(from), n); }); return 0; }
int cuMemsetD8Async(Pointer at, unsigned char v, size_t n, void *) { NEED_CONTEXT; queue.push_back([=] { memset(host(at), v, n); }); return 0; }
int cuModuleLoadData(void **m, const void *image) {
  NEED_CONTEXT; strncpy(fake_loaded, (const char *)image, 255); *m = fake_loaded; ++fake_modules;
  return strstr((const char *)image, "broken") ? 200 : 0;
}
int cuModuleUnload(void *) { NEED_CONTEXT; --fake_modules; return 0; }

// y[i] = x[i] * w[0] + table[i % 4], i < batch, in blocks of 8; w[0] += 1.
static void scale(unsigned blocks, unsigned threads, void **p) {
  auto *x = (float *)host(*(Pointer *)p[0]), *w = (float *)host(*(Pointer *)p[1]), *table = (float *)host(*(Pointer *)p[2]), *y = (float *)host(*(Pointer *)p[3]);
  unsigned batch = *(unsigned *)p[4];
  for (unsigned b = 0; b < blocks; ++b)
    for (unsigned t = 0; t < threads; ++t)
      if (unsigned i = b * threads + t; i < batch) y[i] = x[i] * w[0] + table[i % 4];
}
static void count(unsigned, unsigned, void **p) { *(float *)host(*(Pointer *)p[0]) += *(unsigned *)p[1]; }
int cuModuleGetFunction(void **f, void *, const char *name) {
  NEED_CONTEXT; *f = !strcmp(name, "scale") ? (void *)scale : !strcmp(name, "count") ? (void *)count : nullptr; return *f ? 0 : 500;
}
int cuLaunchKernel(void *f, unsigned x, unsigned y, unsigned z, unsigned t, unsigned ty, unsigned tz, unsigned, void *, void **parameters, void **) {
  NEED_CONTEXT;
  if (!x || y != 1 || z != 1 || ty != 1 || tz != 1) return 1;
  ++fake_launches;
  // Parameters are read now, as by the driver.
  unsigned n = f == (void *)scale ? 4 : 1;
  std::vector<Pointer> values(n + 1);
  for (unsigned i = 0; i <= n; ++i) memcpy(&values[i], parameters[i], i < n ? 8 : 4);
  queue.push_back([=] { std::vector<void *> p; for (auto &v : values) p.push_back((void *)&v); ((void (*)(unsigned, unsigned, void **))f)(x, t, p.data()); });
  return 0;
}
}
)cpp";

} // namespace glyptic
