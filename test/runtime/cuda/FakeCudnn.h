//===- FakeCudnn.h - A libcudnn that has no GPU -----------------*- C++ -*-===//
//
// The functions of cuDNN that the runtime calls, for FakeDriver.h's memory and stream. Descriptors keep their attributes
// as they are set, checked against the types that cudnn_graph.h names; a plan decodes what hangs below it, and loops
// compute the convolution when the stream is waited for. Heuristics offer engines that break each rule first: one with
// tensor cores, one whose bits vary, one that compiles kernels, one that wants more workspace than there is.
//
//===----------------------------------------------------------------------===//
#pragma once

namespace glyptic {

inline constexpr char kFakeCudnn[] = R"cpp(
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <vector>

static constexpr uint64_t kOffset = 0x100000000000000;
static float *host(const void *p) { return (float *)((uint64_t)p - kOffset); }
using Queue = std::vector<std::function<void()>>;
using List = std::vector<int64_t>;
enum { kOk = 0, kBad = 2000, kUnsupported = 3000 };

struct Descriptor;
/// Descriptors that others are made of may go before these: what they say is copied.
struct Attribute { int type; int64_t count; std::vector<char> bytes; std::vector<std::shared_ptr<Descriptor>> parts; };
struct Descriptor {
  int kind; bool final = false; int engine = -1; std::map<int, Attribute> attributes;
  bool has(int a) const { return attributes.count(a); }
  template <typename T> std::vector<T> list(int a) const { auto &x = attributes.at(a); std::vector<T> v(x.count); memcpy(v.data(), x.bytes.data(), x.bytes.size()); return v; }
  Descriptor *link(int a) const { return has(a) ? attributes.at(a).parts[0].get() : nullptr; }
};
struct Handle { void *stream = nullptr; };

/// Type and, where it is fixed, the number of values.
struct Rule { int type, count; };
static const std::map<int, Rule> kRules = {
    {100, {1, 1}}, {101, {7, 1}}, {102, {3, 0}}, {103, {3, 0}}, {104, {3, 0}}, {105, {3, 0}}, {106, {3, 1}}, {200, {8, 1}}, {201, {15, 1}}, {400, {0, 1}}, {401, {15, 1}},
    {700, {4, 1}}, {701, {4, 1}}, {702, {15, 1}}, {703, {15, 1}}, {704, {15, 1}}, {705, {15, 1}}, {706, {4, 1}}, {707, {4, 1}}, {708, {15, 1}}, {709, {15, 1}}, {710, {15, 1}}, {711, {15, 1}},
    {712, {4, 1}}, {713, {4, 1}}, {714, {15, 1}}, {715, {15, 1}}, {716, {15, 1}}, {717, {15, 1}}, {800, {0, 1}}, {801, {15, 1}},
    {900, {3, 1}}, {901, {1, 1}}, {902, {3, 0}}, {903, {3, 0}}, {906, {3, 1}}, {1000, {3, 0}}, {1001, {6, 0}}, {1003, {6, 1}}};
static int sizeOf(int type) { return type == 1 || type == 4 || type == 7 || type == 8 ? 4 : 8; }

struct Convolution { int kind; Descriptor *window, *x, *w, *y; };
static Convolution decode(const Descriptor *operation) {
  const Descriptor &o = *operation;
  if (o.kind == 10) return {10, o.link(702), o.link(704), o.link(703), o.link(705)};
  if (o.kind == 12) return {12, o.link(708), o.link(710), o.link(709), o.link(711)};
  return {11, o.link(714), o.link(716), o.link(715), o.link(717)};
}
static List sizes(Descriptor *t) { return t->list<int64_t>(902); }
static bool isRight(const Convolution &c, const Descriptor *operation) {
  if (!c.window || !c.x || !c.w || !c.y) return false;
  float alpha = operation->list<float>(c.kind == 10 ? 700 : c.kind == 12 ? 706 : 712)[0], beta = operation->list<float>(c.kind == 10 ? 701 : c.kind == 12 ? 707 : 713)[0];
  List x = sizes(c.x), w = sizes(c.w), y = sizes(c.y), d = c.window->list<int64_t>(102), s = c.window->list<int64_t>(103), high = c.window->list<int64_t>(104), low = c.window->list<int64_t>(105);
  size_t space = (size_t)c.window->list<int64_t>(106)[0];
  if (alpha != 1 || beta != 0 || space < 2 || x.size() != space + 2 || w.size() != x.size() || y.size() != x.size() || d.size() != space || s.size() != space || low.size() != space || high.size() != space) return false;
  if (c.window->list<int>(100)[0] != 0 || c.window->list<int>(101)[0] != 1 || x[0] != y[0] || y[1] != w[0] || x[1] % w[1] || w[0] % (x[1] / w[1])) return false;
  for (size_t i = 0; i < space; ++i)
    if ((x[i + 2] + low[i] + high[i] - d[i] * (w[i + 2] - 1) - 1) / s[i] + 1 != y[i + 2]) return false;
  return true;
}

extern "C" {
// What a test sets and looks at.
int fake_descriptors = 0, fake_convolutions = 0, fake_engine = -1;
size_t fake_dnn_version = 91900, fake_dnn_need = 256;

size_t cudnnGetVersion() { return fake_dnn_version; }
const char *cudnnGetErrorString(int s) { return s == kUnsupported ? "not supported" : "a bad parameter"; }
int cudnnCreate(Handle **h) { *h = new Handle; ++fake_descriptors; return kOk; }
int cudnnDestroy(Handle *h) { delete h; --fake_descriptors; return kOk; }
int cudnnSetStream(Handle *h, void *stream) { h->stream = stream; return kOk; }
int cudnnBackendCreateDescriptor(int kind, Descriptor **d) { *d = new Descriptor{kind}; ++fake_descriptors; return kOk; }
int cudnnBackendDestroyDescriptor(Descriptor *d) { delete d; --fake_descriptors; return kOk; }
int cudnnBackendSetAttribute(Descriptor *d, int name, int type, int64_t count, const void *elements) {
  auto rule = kRules.find(name);
  if (d->final || rule == kRules.end() || rule->second.type != type || count < 1 || (rule->second.count && rule->second.count != count)) return kBad;
  Attribute made{type, count, {}, {}};
  made.bytes.resize(count * sizeOf(type));
  memcpy(made.bytes.data(), elements, made.bytes.size());
  if (type == 15)
    for (int64_t i = 0; i < count; ++i) {
      Descriptor *part = ((Descriptor *const *)elements)[i];
      if (!part->final) return kBad;
      made.parts.push_back(std::make_shared<Descriptor>(*part));
    }
  d->attributes[name] = made;
  return kOk;
}
int cudnnBackendFinalize(Descriptor *d) {
  if (d->final) return kBad;
  if (d->kind == 17 && (!d->has(900) || !d->has(901) || !d->has(906) || !d->has(902) || d->list<int64_t>(902).size() != d->list<int64_t>(903).size() || d->list<int>(901)[0] != 0)) return kBad;
  if (d->kind >= 10 && d->kind <= 12 && !isRight(decode(d), d)) return kBad;
  if (d->kind == 15 && (!d->has(801) || !d->has(800))) return kBad;
  if (d->kind == 5 && (!d->has(400) || !d->has(401))) return kBad;
  if (d->kind == 16 && (d->list<int64_t>(1000).size() != 3 || d->list<void *>(1001).size() != 3 || !d->has(1003))) return kBad;
  d->final = true;
  return kOk;
}
int cudnnBackendGetAttribute(Descriptor *d, int name, int, int64_t room, int64_t *count, void *elements) {
  if (name == 202) {
    *count = 5;
    for (int i = 0; i < 5 && i < room; ++i) {
      Descriptor *config = ((Descriptor **)elements)[i];
      config->engine = i; config->final = true; config->attributes[201] = d->attributes.at(201);
    }
  } else if (name == 300) {
    *count = 1; Descriptor *engine = ((Descriptor **)elements)[0]; engine->engine = d->engine; engine->final = true;
  } else if (name == 1303) {
    *count = d->engine < 2; if (*count) *(int *)elements = d->engine == 0 ? 0 : 4;
  } else if (name == 1305) {
    *count = d->engine == 2; if (*count) *(int *)elements = 0;
  } else if (name == 402) {
    *count = 1; *(int64_t *)elements = d->link(401)->engine == 3 ? int64_t(1) << 40 : fake_dnn_need;
  } else return kBad;
  return kOk;
}

static void convolve(int kind, List x, List xs, List w, List ws, List y, List ys, List stride, List low, List dilation, float *X, float *W, float *Y) {
  size_t space = stride.size();
  int64_t groups = x[1] / w[1], perGroup = w[0] / groups;
  const List &size = kind == 10 ? y : kind == 12 ? x : w, &step = kind == 10 ? ys : kind == 12 ? xs : ws;
  int64_t places = 1;
  for (size_t i = 0; i < size.size(); ++i) places += (size[i] - 1) * step[i];
  std::vector<double> sums(places);
  List loop = {x[0], w[0], w[1]};
  for (size_t i = 0; i < space; ++i) loop.push_back(y[i + 2]);
  for (size_t i = 0; i < space; ++i) loop.push_back(w[i + 2]);
  int64_t total = 1;
  for (int64_t extent : loop) total *= extent;
  for (int64_t number = 0; number < total; ++number) {
    List at(loop.size());
    int64_t rest = number;
    for (size_t i = loop.size(); i-- > 0; rest /= loop[i]) at[i] = rest % loop[i];
    int64_t px = at[0] * xs[0] + (at[1] / perGroup * w[1] + at[2]) * xs[1], pw = at[1] * ws[0] + at[2] * ws[1], py = at[0] * ys[0] + at[1] * ys[1];
    bool inside = true;
    for (size_t i = 0; i < space; ++i) {
      int64_t from = at[3 + i] * stride[i] + at[3 + space + i] * dilation[i] - low[i];
      inside &= from >= 0 && from < x[i + 2];
      px += from * xs[i + 2]; pw += at[3 + space + i] * ws[i + 2]; py += at[3 + i] * ys[i + 2];
    }
    if (inside) sums[kind == 10 ? py : kind == 12 ? px : pw] += kind == 10 ? (double)X[px] * W[pw] : kind == 12 ? (double)Y[py] * W[pw] : (double)X[px] * Y[py];
  }
  float *out = kind == 10 ? Y : kind == 12 ? X : W;
  int64_t elements = 1;
  for (int64_t extent : size) elements *= extent;
  for (int64_t number = 0; number < elements; ++number) {
    int64_t place = 0, rest = number;
    for (size_t i = size.size(); i-- > 0; rest /= size[i]) place += rest % size[i] * step[i];
    out[place] = (float)sums[place];
  }
}

int cudnnBackendExecute(Handle *h, Descriptor *plan, Descriptor *pack) {
  if (!plan->final || !pack->final || !h->stream || plan->list<Handle *>(400)[0] != h) return kBad;
  fake_engine = plan->link(401)->engine;
  Descriptor *operation = plan->link(401)->link(201)->link(801);
  Convolution c = decode(operation);
  std::map<int64_t, void *> pointers;
  List ids = pack->list<int64_t>(1000);
  for (size_t i = 0; i < 3; ++i) pointers[ids[i]] = pack->list<void *>(1001)[i];
  float *address[3]; int n = 0;
  for (Descriptor *t : {c.x, c.w, c.y}) {
    uint64_t p = (uint64_t)pointers[t->list<int64_t>(906)[0]];
    if (p < kOffset || p % t->list<int64_t>(900)[0]) return kBad;
    address[n++] = host((void *)p);
  }
  void *workspace = pack->list<void *>(1003)[0];
  if (fake_dnn_need && (uint64_t)workspace < kOffset) return kBad;
  ++fake_convolutions;
  List x = sizes(c.x), xs = c.x->list<int64_t>(903), w = sizes(c.w), ws = c.w->list<int64_t>(903), y = sizes(c.y), ys = c.y->list<int64_t>(903);
  List stride = c.window->list<int64_t>(103), low = c.window->list<int64_t>(105), dilation = c.window->list<int64_t>(102);
  int kind = c.kind;
  float *X = address[0], *W = address[1], *Y = address[2];
  size_t need = fake_dnn_need;
  ((Queue *)h->stream)->push_back([=] {
    if (need) memset(host(workspace), 0xdb, need);
    convolve(kind, x, xs, w, ws, y, ys, stride, low, dilation, X, W, Y);
  });
  return kOk;
}
}
)cpp";

} // namespace glyptic
