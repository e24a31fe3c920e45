R"cuda(// What every kernel may use. No header is needed: a machine that compiles CUDA at run time may have none.
// Where GLYPTIC_SHIM is defined, a host compiles this and has been given the words of the language (threadIdx ...).
#ifndef GLYPTIC_SHIM
#define INLINE __device__ __forceinline__
#define UNROLL _Pragma("unroll")
#define CHECK_ALIGNED(...)
#define SHARED(T, name, count) __shared__ alignas(16) T name[count]
#else
#define INLINE inline
#define UNROLL
#endif

// ---- Numbers -------------------------------------------------------------------------------------------------------

template <class T> struct SignedOf { using type = T; };
template <> struct SignedOf<unsigned char> { using type = signed char; };
template <> struct SignedOf<unsigned short> { using type = short; };
template <> struct SignedOf<unsigned> { using type = int; };
template <> struct SignedOf<unsigned long long> { using type = long long; };
template <class T> using Signed = typename SignedOf<T>::type;

[[maybe_unused]] constexpr float infinity = __builtin_bit_cast(float, 0x7F800000u);

template <class To, class From> INLINE To bitcast(From from) {
  static_assert(sizeof(To) == sizeof(From), "bits are kept");
  To to;
  memcpy(&to, &from, sizeof(To));
  return to;
}

// FP16 and BF16 are for memory: kernels compute in float.
struct half {
  unsigned short bits;
};
struct bfloat16 {
  unsigned short bits;
};

INLINE float toFloat(bfloat16 x) { return bitcast<float>((unsigned)x.bits << 16); }
INLINE bfloat16 toBFloat16(float x) {
  unsigned bits = bitcast<unsigned>(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u)
    return {(unsigned short)(bits >> 16 | 0x40u)}; // a NaN stays one
  return {(unsigned short)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16)};
}
#ifndef GLYPTIC_SHIM
INLINE float toFloat(half x) {
  float to;
  asm("cvt.f32.f16 %0, %1;" : "=f"(to) : "h"(x.bits));
  return to;
}
INLINE half toHalf(float x) {
  half to;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(to.bits) : "f"(x));
  return to;
}
#else // a host's compiler may not have the type
INLINE float toFloat(half x) {
  int exponent = x.bits >> 10 & 31, mantissa = x.bits & 1023;
  float size = exponent == 31 ? (mantissa ? NAN : INFINITY)
                              : ldexpf(exponent ? 1024 + mantissa : mantissa, exponent ? exponent - 25 : -24);
  return x.bits & 0x8000 ? -size : size;
}
INLINE half toHalf(float x) {
  int exponent;
  float size = fabsf(x), mantissa = frexpf(size, &exponent);
  unsigned bits = x != x             ? 0x7e00
                  : size >= 65520.0f ? 0x7c00
                  : size < 0x1p-14f  ? (unsigned)rintf(ldexpf(size, 24))
                                     : ((exponent + 14) << 10) + (unsigned)rintf(ldexpf(mantissa, 11)) - 1024;
  return {(unsigned short)(bits | (signbit(x) ? 0x8000 : 0))};
}
#endif

template <class To> struct Cast {
  template <class From> static INLINE To from(From x) { return (To)x; }
  static INLINE To from(half x) { return (To)toFloat(x); }
  static INLINE To from(bfloat16 x) { return (To)toFloat(x); }
};
template <> struct Cast<half> {
  template <class From> static INLINE half from(From x) { return toHalf((float)x); }
};
template <> struct Cast<bfloat16> {
  template <class From> static INLINE bfloat16 from(From x) { return toBFloat16((float)x); }
};

// ---- Vectors -------------------------------------------------------------------------------------------------------

template <class T, int N> struct alignas(sizeof(T) * N < 16 ? sizeof(T) * N : 16) Vec {
  T elements[N];
  INLINE T &operator[](unsigned i) { return elements[i]; }
  INLINE T operator[](unsigned i) const { return elements[i]; }
};

template <int N, class T> INLINE Vec<T, N> splat(T x) {
  Vec<T, N> all;
  UNROLL for (int i = 0; i < N; ++i) all[i] = x;
  return all;
}
// Accesses of at most 16 bytes; the address is a multiple of that.
template <int N, class T> INLINE Vec<T, N> load(const T *from) {
  CHECK_ALIGNED(from, Vec<T, N>);
  return *reinterpret_cast<const Vec<T, N> *>(from);
}
template <int N, class T> INLINE void store(T *to, Vec<T, N> x) {
  CHECK_ALIGNED(to, Vec<T, N>);
  *reinterpret_cast<Vec<T, N> *>(to) = x;
}

#define EACH(T, expression) \
  Vec<T, N> each; \
  UNROLL for (int i = 0; i < N; ++i) each[i] = (expression); \
  return each

#define INFIX(R, sign) \
  template <class T, int N> INLINE Vec<R, N> operator sign(Vec<T, N> a, Vec<T, N> b) { EACH(R, a[i] sign b[i]); }
INFIX(T, +) INFIX(T, -) INFIX(T, *) INFIX(T, /) INFIX(T, %)
INFIX(T, &) INFIX(T, |) INFIX(T, ^) INFIX(T, <<) INFIX(T, >>)
INFIX(bool, ==) INFIX(bool, !=) INFIX(bool, <) INFIX(bool, <=) INFIX(bool, >) INFIX(bool, >=)
template <class T, int N> INLINE Vec<T, N> operator-(Vec<T, N> a) { EACH(T, -a[i]); }
template <int N> INLINE Vec<bool, N> operator!(Vec<bool, N> a) { EACH(bool, !a[i]); }

#define ONE(name, R, expression) \
  template <class T> INLINE R name(T a) { return expression; } \
  template <class T, int N> INLINE Vec<R, N> name(Vec<T, N> a) { EACH(R, name(a[i])); }
#define TWO(name, R, expression) \
  template <class T> INLINE R name(T a, T b) { return expression; } \
  template <class T, int N> INLINE Vec<R, N> name(Vec<T, N> a, Vec<T, N> b) { EACH(R, name(a[i], b[i])); }

// ---- Integers whose sign counts ------------------------------------------------------------------------------------

TWO(divSigned, T, (T)((Signed<T>)a / (Signed<T>)b))
TWO(remSigned, T, (T)((Signed<T>)a % (Signed<T>)b))
TWO(shiftSigned, T, (T)((Signed<T>)a >> b))
TWO(minSigned, T, (Signed<T>)a < (Signed<T>)b ? a : b)
TWO(maxSigned, T, (Signed<T>)a > (Signed<T>)b ? a : b)
TWO(minUnsigned, T, a < b ? a : b)
TWO(maxUnsigned, T, a > b ? a : b)
TWO(ceilDivSigned, T, (T)(divSigned(a, b) + (remSigned(a, b) != 0 && ((Signed<T>)a < 0) == ((Signed<T>)b < 0))))
TWO(floorDivSigned, T, (T)(divSigned(a, b) - (remSigned(a, b) != 0 && ((Signed<T>)a < 0) != ((Signed<T>)b < 0))))
TWO(ceilDiv, T, a == 0 ? a : (T)((a - 1) / b + 1))
TWO(lessSigned, bool, (Signed<T>)a < (Signed<T>)b)
TWO(lessEqualSigned, bool, (Signed<T>)a <= (Signed<T>)b)
ONE(absSigned, T, (Signed<T>)a < 0 ? (T)(0 - a) : a)

// ---- Conversions ---------------------------------------------------------------------------------------------------

template <class To, class T> INLINE To cast(T x) { return Cast<To>::from(x); }
template <class To, class T> INLINE To castSigned(T x) { return Cast<To>::from((Signed<T>)x); }
template <class To, class T> INLINE To toSigned(T x) { return (To)(Signed<To>)x; }
template <class To, class T, int N> INLINE Vec<To, N> cast(Vec<T, N> x) { EACH(To, cast<To>(x[i])); }
template <class To, class T, int N> INLINE Vec<To, N> castSigned(Vec<T, N> x) { EACH(To, castSigned<To>(x[i])); }
template <class To, class T, int N> INLINE Vec<To, N> toSigned(Vec<T, N> x) { EACH(To, toSigned<To>(x[i])); }
template <class To, class T, int N> INLINE Vec<To, N> bitcast(Vec<T, N> x) { EACH(To, bitcast<To>(x[i])); }

template <class T> INLINE T select(bool which, T a, T b) { return which ? a : b; }
template <class T, int N> INLINE Vec<T, N> select(Vec<bool, N> which, Vec<T, N> a, Vec<T, N> b) {
  EACH(T, which[i] ? a[i] : b[i]);
}

// ---- Math ----------------------------------------------------------------------------------------------------------

// The language has the functions of double, and of float under names of their own.
#define MATH(name, single) \
  INLINE float name(float a) { return single(a); } \
  template <class T, int N> INLINE Vec<T, N> name(Vec<T, N> a) { EACH(T, name(a[i])); }
#ifndef GLYPTIC_SHIM
MATH(fabs, fabsf) MATH(acos, acosf) MATH(acosh, acoshf) MATH(asin, asinf) MATH(asinh, asinhf) MATH(atan, atanf)
MATH(atanh, atanhf) MATH(ceil, ceilf) MATH(cos, cosf) MATH(cosh, coshf) MATH(erf, erff) MATH(exp, expf)
MATH(floor, floorf) MATH(log, logf) MATH(log1p, log1pf) MATH(rint, rintf) MATH(rsqrt, rsqrtf) MATH(sin, sinf)
MATH(sinh, sinhf) MATH(sqrt, sqrtf) MATH(tan, tanf) MATH(tanh, tanhf)
INLINE float pow(float a, float b) { return powf(a, b); }
INLINE float fmod(float a, float b) { return fmodf(a, b); }
INLINE float fma(float a, float b, float c) { return fmaf(a, b, c); }
#else
#undef MATH
#define MATH(name, single) template <class T, int N> INLINE Vec<T, N> name(Vec<T, N> a) { EACH(T, name(a[i])); }
INLINE float rsqrt(float a) { return 1.0f / sqrt(a); }
INLINE double rsqrt(double a) { return 1.0 / sqrt(a); }
MATH(fabs, ) MATH(acos, ) MATH(acosh, ) MATH(asin, ) MATH(asinh, ) MATH(atan, ) MATH(atanh, ) MATH(ceil, ) MATH(cos, )
MATH(cosh, ) MATH(erf, ) MATH(exp, ) MATH(floor, ) MATH(log, ) MATH(log1p, ) MATH(rint, ) MATH(rsqrt, ) MATH(sin, )
MATH(sinh, ) MATH(sqrt, ) MATH(tan, ) MATH(tanh, )
#endif
template <class T, int N> INLINE Vec<T, N> pow(Vec<T, N> a, Vec<T, N> b) { EACH(T, pow(a[i], b[i])); }
template <class T, int N> INLINE Vec<T, N> fmod(Vec<T, N> a, Vec<T, N> b) { EACH(T, fmod(a[i], b[i])); }
template <class T, int N> INLINE Vec<T, N> fma(Vec<T, N> a, Vec<T, N> b, Vec<T, N> c) {
  EACH(T, fma(a[i], b[i], c[i]));
}

// maximum and minimum hand NaN on; maxNumber and minNumber take the other operand.
TWO(maximum, T, a > b || a != a ? a : b)
TWO(minimum, T, a < b || a != a ? a : b)
TWO(maxNumber, T, a > b || b != b ? a : b)
TWO(minNumber, T, a < b || b != b ? a : b)
TWO(isUnordered, bool, a != a || b != b)
TWO(isOrdered, bool, a == a && b == b)

// ---- Many numbers to one: halves are combined, always in the same order --------------------------------------------

template <class T> INLINE T shuffleXor(T x, unsigned mask) { return __shfl_xor_sync(0xffffffffu, x, mask); }
INLINE unsigned char shuffleXor(unsigned char x, unsigned mask) { return (unsigned char)shuffleXor((unsigned)x, mask); }
INLINE unsigned short shuffleXor(unsigned short x, unsigned mask) {
  return (unsigned short)shuffleXor((unsigned)x, mask);
}
INLINE bool shuffleXor(bool x, unsigned mask) { return shuffleXor((unsigned)x, mask) != 0; }

// Of the lanes of a vector; of what the threads of a warp have; of what the threads of a block have, warp by warp.
// Every thread gets the result, and every thread has to be there.
#define REDUCE(name, expression) \
  template <class T> INLINE T combine##name(T a, T b) { return expression; } \
  template <class T> INLINE T reduce##name(Vec<T, 1> x) { return x[0]; } \
  template <class T, int N> INLINE T reduce##name(Vec<T, N> x) { \
    Vec<T, N / 2> half; \
    UNROLL for (int i = 0; i < N / 2; ++i) half[i] = combine##name(x[i], x[i + N / 2]); \
    return reduce##name(half); \
  } \
  template <class T> INLINE T warp##name(T x) { \
    UNROLL for (unsigned mask = 16; mask > 0; mask /= 2) x = combine##name(x, shuffleXor(x, mask)); \
    return x; \
  } \
  template <unsigned Threads, class T> INLINE T block##name(T x) { \
    SHARED(T, ofWarp, Threads / 32); \
    x = warp##name(x); \
    __syncthreads(); /* in a loop, others may still read the last round's */ \
    if (threadIdx.x % 32 == 0) \
      ofWarp[threadIdx.x / 32] = x; \
    __syncthreads(); \
    x = ofWarp[0]; \
    UNROLL for (unsigned warp = 1; warp < Threads / 32; ++warp) x = combine##name<T>(x, ofWarp[warp]); \
    return x; \
  }
REDUCE(Add, (T)(a + b))
REDUCE(Mul, (T)(a * b))
REDUCE(And, (T)(a & b))
REDUCE(Or, (T)(a | b))
REDUCE(Xor, (T)(a ^ b))
REDUCE(Maximum, maximum(a, b))
REDUCE(Minimum, minimum(a, b))
REDUCE(MaxNumber, maxNumber(a, b))
REDUCE(MinNumber, minNumber(a, b))
REDUCE(MaxSigned, maxSigned(a, b))
REDUCE(MinSigned, minSigned(a, b))
REDUCE(MaxUnsigned, maxUnsigned(a, b))
REDUCE(MinUnsigned, minUnsigned(a, b))

template <class T> INLINE T shuffle(T x, unsigned from) { return __shfl_sync(0xffffffffu, x, from); }
template <class T> INLINE T shuffleDown(T x, unsigned by) { return __shfl_down_sync(0xffffffffu, x, by); }
template <class T> INLINE T shuffleUp(T x, unsigned by) { return __shfl_up_sync(0xffffffffu, x, by); }

)cuda"
