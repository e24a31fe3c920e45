//===- FakeDriver.h - A libcuda that has no GPU -----------------*- C++ -*-===//
//
// The functions of NVIDIA's driver that the runtime calls, on memory of this process. Addresses have an offset added, so
// that whoever takes one for the host's own crashes. "Code" names the architecture it is for; its kernels are those
// below, or, where it is "object PATH", those of a shared object, as the processor has them.
//
// Each stream does its work as late as a GPU may: when it is waited for. With fake_eager every stream but the first does
// it at once, as early as a GPU may, so that an order that no event asks for is missed one way or the other. While a
// stream records a graph, what the driver refuses then is refused: allocations, waiting, the default stream, memory that
// is not pinned. All that is asked for is written down, one word or more a line, for fake_log().
//
//===----------------------------------------------------------------------===//
#pragma once

namespace glyptic {

inline constexpr char kFakeDriver[] = R"cpp(
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <functional>
#include <map>
#include <string>
#include <vector>

using Pointer = unsigned long long;
static constexpr Pointer kOffset = 0x100000000000000;
static char *host(Pointer p) { return (char *)(p - kOffset); }
static std::map<void *, size_t> allocations, pinned;
static size_t used = 0;
static std::string logged;
static void note(const std::string &line) { logged += line + "\n"; }

using Queue = std::vector<std::function<void()>>;
/// Libraries push their work to the base class.
struct Stream : Queue {
  std::string name;
  void *context = nullptr;
  size_t done = 0; ///< so much has left the queue
  Queue before;    ///< work from before the recording
  bool recording = false, broken = false;
  size_t end() const { return done + size(); }
};
struct Event { Stream *stream = nullptr; size_t position = 0; std::string name; };
static std::vector<Stream *> streams;
static int events = 0;
static Stream legacy;
static Stream *at(void *s) { return s && s != (void *)1 ? (Stream *)s : &legacy; }
static void runUntil(Stream *s, size_t position) {
  while (s->done < position && !s->empty()) {
    auto work = std::move(s->front());
    s->erase(s->begin());
    ++s->done;
    work();
  }
}
static thread_local Stream *recorder = nullptr; ///< of this thread, which is what the mode asks for
static int refuse(int code) { recorder->broken = true; return code; }

extern "C" {
// What a test sets and looks at.
int fake_count = 1, fake_version = 13000, fake_architecture = 90, fake_contexts = 0, fake_launches = 0, fake_pinned = 0, fake_modules = 0;
int fake_eager = 0, fake_graphs = 0, fake_events = 0, fake_streams = 0;
int fake_fault = 0; ///< the launch, counted from 1, that makes the context unusable once it is done
const char *fake_unrecordable = nullptr; ///< a kernel that no graph can hold
size_t fake_memory = 1 << 20;
char fake_loaded[256];
size_t fake_used() { return used; }
/// What was asked for since the last time.
const char *fake_log() { static std::string taken; taken = std::move(logged); logged.clear(); return taken.c_str(); }
static int fault = 0;

static void add(void *stream, const std::string &line, std::function<void()> work) {
  Stream *s = at(stream);
  note(line + " on " + s->name);
  s->push_back(std::move(work));
  if (fake_eager && s != &legacy && s != streams[0] && !s->recording) runUntil(s, s->end());
}

int cuInit(unsigned) { legacy.name = "default"; return 0; }
int cuDriverGetVersion(int *v) { *v = fake_version; return 0; }
int cuGetErrorString(int r, const char **t) {
  *t = r == 2 ? "out of memory" : r == 700 ? "an illegal memory access was encountered" : r == 900 ? "operation not permitted when stream is capturing" :
       r == 901 ? "operation failed due to a previous error during capture" : "some error";
  return 0;
}
int cuDeviceGetCount(int *n) { *n = fake_count; return 0; }
int cuDeviceGet(int *d, int i) { *d = i; return i < fake_count ? 0 : 101; }
int cuDeviceGetName(char *name, int size, int) { strncpy(name, "Paper GPU", size); return 0; }
int cuDeviceGetAttribute(int *v, int a, int) { *v = a == 75 ? fake_architecture / 10 : fake_architecture % 10; return 0; }
int cuDevicePrimaryCtxRetain(void **c, int) { *c = &fake_contexts; ++fake_contexts; return 0; }
int cuDevicePrimaryCtxRelease_v2(int) { --fake_contexts; fault = 0; return 0; }
static thread_local std::vector<void *> current;
int cuCtxPushCurrent_v2(void *c) { current.push_back(c); return c ? 0 : 201; }
int cuCtxPopCurrent_v2(void **) { current.pop_back(); return 0; }
int cuCtxGetDevice(int *d) { *d = 0; return current.empty() ? 201 : 0; }
#define NEED_CONTEXT if (current.empty()) return 201; if (fault) return fault
#define NOT_WHILE_RECORDING if (recorder) return refuse(900)
int cuMemGetInfo_v2(size_t *f, size_t *t) { NEED_CONTEXT; *f = fake_memory - used; *t = fake_memory; return 0; }
int cuMemAlloc_v2(Pointer *p, size_t n) {
  NEED_CONTEXT; NOT_WHILE_RECORDING;
  if (n > fake_memory - used) return 2;
  note("allocate");
  void *m = aligned_alloc(256, (n + 255) / 256 * 256); memset(m, 0xee, n); allocations[m] = n; used += n; *p = (Pointer)m + kOffset; return 0;
}
int cuMemFree_v2(Pointer p) { void *m = host(p); used -= allocations.at(m); allocations.erase(m); free(m); return 0; }
int cuMemHostAlloc(void **p, size_t n, unsigned) { NEED_CONTEXT; NOT_WHILE_RECORDING; note("pin"); *p = malloc(n); pinned[*p] = n; ++fake_pinned; return 0; }
int cuMemFreeHost(void *p) { pinned.erase(p); free(p); --fake_pinned; return 0; }
static bool isPinned(const void *p) { auto next = pinned.upper_bound((void *)p); return next != pinned.begin() && (char *)p < (char *)std::prev(next)->first + std::prev(next)->second; }

int cuStreamCreate(void **s, unsigned flags) {
  NEED_CONTEXT;
  if (flags != 1) return 1; // one that waits for the default stream
  auto *made = new Stream; made->name = "stream" + std::to_string(streams.size()); made->context = current.back(); streams.push_back(made); ++fake_streams; *s = made; return 0;
}
int cuStreamGetCtx(void *s, void **c) { *c = at(s)->context; return 0; }
int cuStreamSynchronize(void *s) {
  NEED_CONTEXT;
  if (recorder) return refuse(900);
  note("synchronize " + at(s)->name); runUntil(at(s), at(s)->end()); return fault;
}
int cuStreamDestroy_v2(void *s) { streams.erase(std::find(streams.begin(), streams.end(), s)); delete (Stream *)s; --fake_streams; return 0; }
int cuEventCreate(void **e, unsigned flags) { NEED_CONTEXT; auto *made = new Event; made->name = "event" + std::to_string(events++); *e = made; ++fake_events; return flags == 2 ? 0 : 1; }
int cuEventDestroy_v2(void *e) { delete (Event *)e; if (!--fake_events) events = 0; return 0; }
int cuEventRecord(void *e, void *s) {
  NEED_CONTEXT; NOT_WHILE_RECORDING;
  auto *event = (Event *)e; event->stream = at(s); event->position = at(s)->end(); note("mark " + event->name + " on " + at(s)->name); return 0;
}
int cuEventSynchronize(void *e) {
  NEED_CONTEXT; NOT_WHILE_RECORDING;
  auto *event = (Event *)e; note("await " + event->name); if (event->stream) runUntil(event->stream, event->position); return fault;
}
int cuStreamWaitEvent(void *s, void *e, unsigned) {
  NEED_CONTEXT; NOT_WHILE_RECORDING;
  Event event = *(Event *)e; // as it stands now
  add(s, "wait " + event.name, [=] { if (event.stream) runUntil(event.stream, event.position); });
  return 0;
}

int cuStreamBeginCapture_v2(void *stream, int mode) {
  NEED_CONTEXT;
  Stream *s = at(stream);
  if (s == &legacy) return 900;
  if (mode != 1 || recorder) return 1;
  note("begin on " + s->name);
  s->before.swap(*s); s->recording = true; s->broken = false; recorder = s; return 0;
}
int cuStreamEndCapture(void *stream, Queue **graph) {
  Stream *s = at(stream);
  *graph = nullptr;
  if (recorder != s) return 401;
  note("end");
  bool broken = s->broken;
  Queue work; work.swap(*s); s->swap(s->before); s->before.clear(); s->recording = false; recorder = nullptr;
  if (broken) return 901;
  *graph = new Queue(std::move(work)); ++fake_graphs; return 0;
}
int cuGraphInstantiateWithFlags(Queue **made, Queue *graph, unsigned long long) { NEED_CONTEXT; *made = new Queue(*graph); ++fake_graphs; return 0; }
int cuGraphDestroy(Queue *graph) { delete graph; --fake_graphs; return 0; }
int cuGraphExecDestroy(Queue *graph) { if (current.empty()) return 201; delete graph; --fake_graphs; return 0; }
int cuGraphLaunch(Queue *graph, void *s) {
  NEED_CONTEXT; NOT_WHILE_RECORDING;
  Queue work = *graph;
  add(s, "replay", [work] { for (auto &step : work) step(); });
  return 0;
}

static int onDevice(void *s) { return !recorder ? 0 : at(s) != recorder ? refuse(906) : 0; } // the default stream, or one that no graph sees
static int withHost(void *s, const void *p) { int e = onDevice(s); return e ? e : recorder && !isPinned(p) ? refuse(900) : 0; }
#define TRY(call) if (int e = call) return e
int cuMemcpyHtoDAsync_v2(Pointer to, const void *from, size_t n, void *s) {
  NEED_CONTEXT; TRY(withHost(s, from));
  if (isPinned(from)) { add(s, "send", [=] { memcpy(host(to), from, n); }); return 0; }
  std::vector<char> bytes((const char *)from, (const char *)from + n); // the driver reads it before it returns
  add(s, "send pageable", [=] { memcpy(host(to), bytes.data(), n); }); return 0;
}
int cuMemcpyDtoHAsync_v2(void *to, Pointer from, size_t n, void *s) { NEED_CONTEXT; TRY(withHost(s, to)); add(s, isPinned(to) ? "fetch" : "fetch pageable", [=] { memcpy(to, host(from), n); }); return 0; }
int cuMemcpyDtoDAsync_v2(Pointer to, Pointer from, size_t n, void *s) {
  NEED_CONTEXT; TRY(onDevice(s));
  if (to < from + n && from < to + n) return 1;
  add(s, "copy", [=] { memcpy(host(to), host(from), n); }); return 0;
}
int cuMemsetD8Async(Pointer at, unsigned char v, size_t n, void *s) { NEED_CONTEXT; TRY(onDevice(s)); add(s, "clear", [=] { memset(host(at), v, n); }); return 0; }
int cuModuleLoadData(void **m, const void *image) {
  NEED_CONTEXT; NOT_WHILE_RECORDING; strncpy(fake_loaded, (const char *)image, 255); *m = fake_loaded;
  if (strstr((const char *)image, "broken")) return 200;
  if (!strncmp(fake_loaded, "object ", 7)) *m = dlopen(fake_loaded + 7, RTLD_NOW | RTLD_LOCAL);
  ++fake_modules; return 0;
}
int cuModuleUnload(void *) { --fake_modules; return 0; }

// y[i] = x[i] * w[0] + table[i % 4], i < batch, in blocks of 8; w[0] += 1.
static void scale(unsigned blocks, unsigned threads, void **p) {
  auto *x = (float *)host(*(Pointer *)p[0]), *w = (float *)host(*(Pointer *)p[1]), *table = (float *)host(*(Pointer *)p[2]), *y = (float *)host(*(Pointer *)p[3]);
  unsigned batch = *(unsigned *)p[4];
  for (unsigned b = 0; b < blocks; ++b)
    for (unsigned t = 0; t < threads; ++t)
      if (unsigned i = b * threads + t; i < batch) y[i] = x[i] * w[0] + table[i % 4];
}
static void count(unsigned, unsigned, void **p) { *(float *)host(*(Pointer *)p[0]) += *(unsigned *)p[1]; }
// w[0] = 2 w[0] + the sum of x, whose order shows in w; total = w[0].
static void sum(unsigned, unsigned, void **p) {
  auto *x = (float *)host(*(Pointer *)p[0]), *w = (float *)host(*(Pointer *)p[1]), *total = (float *)host(*(Pointer *)p[2]);
  float added = 0;
  for (unsigned i = 0; i < *(unsigned *)p[3]; ++i) added += x[i];
  *total = *w = 2 * *w + added;
}
/// A kernel with its number of buffers, which a real one knows as well.
struct Kernel { std::string name; unsigned buffers; void (*run)(unsigned blocks, unsigned threads, void **parameters); void (*object)(void *const *, long, long, long); };
static std::map<std::string, Kernel> kernels = {{"scale", {"scale", 4, scale, nullptr}}, {"count", {"count", 1, count, nullptr}}, {"sum", {"sum", 3, sum, nullptr}}};
int cuModuleGetFunction(void **f, void *module, const char *name) {
  NEED_CONTEXT;
  if (module != fake_loaded) {
    auto *run = (void (*)(void *const *, long, long, long))dlsym(module, name);
    auto *buffers = (int *)dlsym(module, (std::string(name) + "_buffers").c_str());
    if (!run || !buffers) return 500;
    std::string key = std::string("object ") + name;
    kernels[key] = {name, (unsigned)*buffers, nullptr, run}; *f = &kernels[key];
    return 0;
  }
  auto found = kernels.find(name);
  if (found == kernels.end()) return 500;
  *f = &found->second;
  return 0;
}
static void runObject(const Kernel &kernel, unsigned blocks, const std::vector<Pointer> &values) {
  std::vector<void *> buffers;
  for (unsigned i = 0; i < kernel.buffers; ++i) buffers.push_back(host(values[i]));
  kernel.object(buffers.data(), (unsigned)values[kernel.buffers], 0, blocks);
}
int cuLaunchKernel(void *f, unsigned x, unsigned y, unsigned z, unsigned t, unsigned ty, unsigned tz, unsigned, void *s, void **parameters, void **) {
  NEED_CONTEXT; TRY(onDevice(s));
  if (!x || y != 1 || z != 1 || ty != 1 || tz != 1) return 1;
  const Kernel kernel = *(Kernel *)f;
  if (recorder && fake_unrecordable && kernel.name == fake_unrecordable) return refuse(900);
  // Parameters are read now, as by the driver.
  unsigned n = kernel.buffers;
  std::vector<Pointer> values(n + 1);
  for (unsigned i = 0; i <= n; ++i) memcpy(&values[i], parameters[i], i < n ? 8 : 4);
  bool fails = ++fake_launches == fake_fault;
  add(s, "launch " + kernel.name, [=] {
    std::vector<void *> p; for (auto &v : values) p.push_back((void *)&v);
    if (kernel.object) runObject(kernel, x, values); else kernel.run(x, t, p.data());
    if (fails) fault = 700;
  });
  return 0;
}
}
)cpp";

} // namespace glyptic
