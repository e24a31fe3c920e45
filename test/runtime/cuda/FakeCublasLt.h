//===- FakeCublasLt.h - A libcublasLt that has no GPU -----------*- C++ -*-===//
//
// The functions of cuBLASLt that the runtime calls, for FakeDriver.h's memory and stream: descriptors are decoded as the
// header of CUDA 13 describes them, and the product is computed by loops over columns when the stream is waited for.
// What the real library refuses or would read wrongly is refused: sizes of attributes, shapes that do not go together,
// columns that overlap, addresses less aligned than was said, an algorithm chosen for something else. The workspace is
// written all over, as the library may.
//
//===----------------------------------------------------------------------===//
#pragma once

namespace glyptic {

inline constexpr char kFakeCublasLt[] = R"cpp(
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <vector>

static constexpr uint64_t kOffset = 0x100000000000000;
static float *host(const void *p) { return (float *)((uint64_t)p - kOffset); }
using Queue = std::vector<std::function<void()>>;
enum { kOk = 0, kInvalid = 7, kUnsupported = 15 };

struct Layout { int type; uint64_t rows, columns; int64_t leading, stride; int32_t count; };
struct Operation { int compute, scale; int32_t transposeA, transposeB; };
struct Preference { uint64_t workspace; uint32_t reductions, alignment[4]; };
struct Candidate { uint64_t algorithm[8]; size_t workspace; int state; float waves; int reserved[4]; };

template <typename T> static int set(T &field, const void *value, size_t size) {
  if (size != sizeof(T)) return kInvalid;
  memcpy(&field, value, size);
  return kOk;
}
/// What an algorithm is good for.
static uint64_t hash(const Operation &o, const Layout &a, const Layout &b, const Layout &d) {
  uint64_t h = 17;
  for (uint64_t v : {(uint64_t)o.transposeA, (uint64_t)o.transposeB, a.rows, a.columns, (uint64_t)a.leading, b.rows, b.columns, (uint64_t)b.leading, d.rows, d.columns, (uint64_t)d.leading, (uint64_t)d.count, (uint64_t)a.stride, (uint64_t)b.stride, (uint64_t)d.stride})
    h = h * 1000003 + v;
  return h;
}
static bool fits(const Layout &l, bool written) {
  // Columns do not overlap; neither do the results of a batch.
  return l.type == 0 && l.rows && l.columns && l.leading >= (int64_t)l.rows && l.count >= 1 && l.stride >= 0 &&
         (!written || l.count == 1 || l.stride >= (int64_t)((l.columns - 1) * l.leading + l.rows) || l.stride >= (int64_t)l.rows);
}

extern "C" {
// What a test sets and looks at.
int fake_objects = 0, fake_calls = 0, fake_transposed = 0, fake_batched = 0;
size_t fake_blas_version = 130100, fake_need = 0;
uint32_t fake_reductions = 0;
uint64_t fake_limit = 0;

size_t cublasLtGetVersion() { return fake_blas_version; }
const char *cublasLtGetStatusString(int s) { return s == kInvalid ? "an invalid value" : s == kUnsupported ? "not supported" : "some status"; }
int cublasLtCreate(void **h) { *h = &fake_objects; ++fake_objects; return kOk; }
int cublasLtDestroy(void *) { --fake_objects; return kOk; }
int cublasLtMatrixLayoutCreate(Layout **l, int type, uint64_t rows, uint64_t columns, int64_t leading) {
  ++fake_objects; *l = new Layout{type, rows, columns, leading, 0, 1}; return kOk;
}
int cublasLtMatrixLayoutDestroy(Layout *l) { --fake_objects; delete l; return kOk; }
int cublasLtMatrixLayoutSetAttribute(Layout *l, int attribute, const void *value, size_t size) {
  return attribute == 5 ? set(l->count, value, size) : attribute == 6 ? set(l->stride, value, size) : kInvalid;
}
int cublasLtMatmulDescCreate(Operation **o, int compute, int scale) { ++fake_objects; *o = new Operation{compute, scale, 0, 0}; return kOk; }
int cublasLtMatmulDescDestroy(Operation *o) { --fake_objects; delete o; return kOk; }
int cublasLtMatmulDescSetAttribute(Operation *o, int attribute, const void *value, size_t size) {
  return attribute == 3 ? set(o->transposeA, value, size) : attribute == 4 ? set(o->transposeB, value, size) : kInvalid;
}
int cublasLtMatmulPreferenceCreate(Preference **p) { ++fake_objects; *p = new Preference{0, 7, {256, 256, 256, 256}}; return kOk; }
int cublasLtMatmulPreferenceDestroy(Preference *p) { --fake_objects; delete p; return kOk; }
int cublasLtMatmulPreferenceSetAttribute(Preference *p, int attribute, const void *value, size_t size) {
  if (attribute == 1) return set(p->workspace, value, size);
  if (attribute == 3) return set(p->reductions, value, size);
  if (attribute >= 5 && attribute <= 8) return set(p->alignment[attribute - 5], value, size);
  return kInvalid;
}

static bool agree(const Operation &o, const Layout &a, const Layout &b, const Layout &d) {
  uint64_t m = o.transposeA ? a.columns : a.rows, k = o.transposeA ? a.rows : a.columns;
  uint64_t n = o.transposeB ? b.rows : b.columns, kb = o.transposeB ? b.columns : b.rows;
  return o.compute == 68 && o.scale == 0 && fits(a, false) && fits(b, false) && fits(d, true) && m == d.rows && n == d.columns && k == kb &&
         a.count == d.count && b.count == d.count;
}
int cublasLtMatmulAlgoGetHeuristic(void *, Operation *o, Layout *a, Layout *b, Layout *c, Layout *d, Preference *p, int requested, Candidate *found, int *count) {
  if (requested < 1 || !agree(*o, *a, *b, *d) || memcmp(c, d, sizeof *c)) return kInvalid;
  fake_reductions = p->reductions;
  fake_limit = p->workspace;
  *count = fake_need <= p->workspace;
  if (!*count) return kOk;
  *found = {};
  found->algorithm[0] = hash(*o, *a, *b, *d);
  for (int i = 0; i < 4; ++i) found->algorithm[1 + i] = p->alignment[i];
  found->workspace = fake_need;
  return kOk;
}

int cublasLtMatmul(void *, Operation *op, const float *alpha, const void *A, Layout *la, const void *B, Layout *lb, const float *beta, const void *C, Layout *,
                   void *D, Layout *ld, const uint64_t *algorithm, void *workspace, size_t size, void *stream) {
  Operation o = *op; Layout a = *la, b = *lb, d = *ld;
  if (!agree(o, a, b, d) || *alpha != 1 || *beta != 0 || C != D || algorithm[0] != hash(o, a, b, d) || size < fake_need) return kInvalid;
  const void *addresses[] = {A, B, C, D};
  for (int i = 0; i < 4; ++i)
    if ((uint64_t)addresses[i] < kOffset || !algorithm[1 + i] || (uint64_t)addresses[i] % algorithm[1 + i]) return kInvalid;
  // All matrices of a batch are as aligned as the first.
  const Layout *layouts[] = {&a, &b, &d, &d};
  for (int i = 0; i < 4; ++i)
    if (d.count > 1 && layouts[i]->stride * 4 % (int64_t)algorithm[1 + i]) return kInvalid;
  if (fake_need && ((uint64_t)workspace < kOffset || (uint64_t)workspace % 16)) return kInvalid;
  ++fake_calls; fake_transposed += o.transposeA + o.transposeB; fake_batched += d.count > 1;
  ((Queue *)stream)->push_back([=] {
    if (fake_need) memset(host(workspace), 0xdb, size);
    for (int32_t i = 0; i < d.count; ++i)
      for (uint64_t row = 0; row < d.rows; ++row)
        for (uint64_t column = 0; column < d.columns; ++column) {
          double sum = 0;
          for (uint64_t k = 0; k < (o.transposeA ? a.rows : a.columns); ++k)
            sum += (double)host(A)[i * a.stride + (o.transposeA ? k + row * a.leading : row + k * a.leading)] *
                   host(B)[i * b.stride + (o.transposeB ? column + k * b.leading : k + column * b.leading)];
          host(D)[i * d.stride + column * d.leading + row] = (float)sum;
        }
  });
  return kOk;
}
}
)cpp";

} // namespace glyptic
