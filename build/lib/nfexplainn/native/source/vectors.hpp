// Vectors of the machine's width, in the compiler's own vector types: the one place that knows
// the instruction set. NFX_WIDTH (floats per vector) is given by the build, once per object.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace {

constexpr int W = NFX_WIDTH;

typedef float vf __attribute__((vector_size(4 * NFX_WIDTH)));
typedef int32_t vi __attribute__((vector_size(4 * NFX_WIDTH)));
typedef uint32_t vu __attribute__((vector_size(4 * NFX_WIDTH)));
typedef double vd __attribute__((vector_size(4 * NFX_WIDTH)));
typedef uint16_t vh __attribute__((vector_size(2 * NFX_WIDTH)));
typedef uint8_t vb __attribute__((vector_size(NFX_WIDTH)));
constexpr int WD = W / 2;  // doubles per vector

inline vf load(const float* p) { vf r; std::memcpy(&r, p, sizeof r); return r; }
inline void store(float* p, vf r) { std::memcpy(p, &r, sizeof r); }
inline vd load(const double* p) { vd r; std::memcpy(&r, p, sizeof r); return r; }
inline void store(double* p, vd r) { std::memcpy(p, &r, sizeof r); }
inline vf fill(float x) { return x - (vf){}; }
inline vd fill(double x) { return x - (vd){}; }
inline vi fill(int32_t x) { return x - (vi){}; }
inline vu fill(uint32_t x) { return x - (vu){}; }

inline vi lanes() {
  vi r;
  for (int i = 0; i < W; i++) r[i] = i;
  return r;
}

inline float sum(vf x) {
#if NFX_WIDTH == 16
  const __m256 h = _mm256_add_ps(_mm512_castps512_ps256((__m512)x), _mm512_extractf32x8_ps((__m512)x, 1));
#elif NFX_WIDTH == 8
  const __m256 h = (__m256)x;
#endif
#if NFX_WIDTH >= 8
  __m128 q = _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
  q = _mm_add_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_add_ss(q, _mm_movehdup_ps(q)));
#else
  return (x[0] + x[2]) + (x[1] + x[3]);
#endif
}

inline double sum(vd x) {
  double s = 0;
  for (int i = 0; i < WD; i++) s += x[i];
  return s;
}

// A mask: a bit per lane where the machine has registers for that, else lanes of 0 or -1.
#if NFX_WIDTH == 16
typedef __mmask16 vm;
inline vm above(vf a, vf b) { return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_GT_OQ); }
inline vm at_least(vf a, vf b) { return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_GE_OQ); }
inline vm at_least(vi a, vi b) { return _mm512_cmpge_epi32_mask((__m512i)a, (__m512i)b); }
inline vm all_lanes() { return 0xFFFF; }
inline vf keep(vm m, vf x) { return (vf)_mm512_maskz_mov_ps(m, (__m512)x); }
inline vi tag(vi x, vm m, int bit) {
  return (vi)_mm512_mask_or_epi32((__m512i)x, m, (__m512i)x, _mm512_set1_epi32(bit));
}
inline unsigned bits(vm m) { return m; }
#else
typedef vi vm;
inline vm above(vf a, vf b) { return a > b; }
inline vm at_least(vf a, vf b) { return a >= b; }
inline vm at_least(vi a, vi b) { return a >= b; }
inline vm all_lanes() { return fill((int32_t)-1); }
inline vf keep(vm m, vf x) { return (vf)((vi)x & m); }
inline vi tag(vi x, vm m, int bit) { return x | (m & bit); }
inline unsigned bits(vm mask) {
#if NFX_WIDTH == 8
  return _mm256_movemask_ps((__m256)mask);
#elif defined(__SSE2__)
  return _mm_movemask_ps((__m128)mask);
#else
  unsigned r = 0;
  for (int i = 0; i < W; i++) r |= (mask[i] & 1u) << i;
  return r;
#endif
}
#endif

// Four lanes of a mask per byte.
inline void store_nibbles(uint8_t* p, vm m) {
#if NFX_WIDTH == 16
  uint32_t x = bits(m);
  x = (x | x << 8) & 0x00FF00FFu;
  x = (x | x << 4) & 0x0F0F0F0Fu;
  std::memcpy(p, &x, 4);
#elif NFX_WIDTH == 8
  const uint32_t b = bits(m);
  const uint16_t x = (uint16_t)((b | b << 4) & 0x0F0Fu);
  std::memcpy(p, &x, 2);
#else
  *p = (uint8_t)bits(m);
#endif
}

// The low byte of every lane.
inline void store_bytes(uint8_t* p, vi x) {
#if NFX_WIDTH == 16
  _mm_storeu_si128((__m128i*)p, _mm512_cvtepi32_epi8((__m512i)x));
#elif NFX_WIDTH == 8
  const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128((__m256i)x),
                                         _mm256_extracti128_si256((__m256i)x, 1));
  _mm_storel_epi64((__m128i*)p, _mm_packus_epi16(words, words));
#else
  for (int i = 0; i < W; i++) p[i] = (uint8_t)x[i];
#endif
}

inline void store_words(uint16_t* p, vi x) {
#if NFX_WIDTH == 16
  _mm256_storeu_si256((__m256i*)p, _mm512_cvtepi32_epi16((__m512i)x));
#elif NFX_WIDTH == 8
  _mm_storeu_si128((__m128i*)p, _mm_packus_epi32(_mm256_castsi256_si128((__m256i)x),
                                                 _mm256_extracti128_si256((__m256i)x, 1)));
#else
  for (int i = 0; i < W; i++) p[i] = (uint16_t)x[i];
#endif
}

inline vi load_words(const uint16_t* p) {
#if NFX_WIDTH == 16
  return (vi)_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)p));
#elif NFX_WIDTH == 8
  return (vi)_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i*)p));
#else
  vi r;
  for (int i = 0; i < W; i++) r[i] = p[i];
  return r;
#endif
}

// e to the x: a polynomial on [-ln2/2, ln2/2], scaled by a power of two in two steps so that the
// last binade before infinity is reached. Above 88.7228 it is inf, below -87.3 it is 0 (results
// that would be subnormal), NaN stays NaN. Error at most 2 units in the last place.
inline vf exponential(vf x) {
  const vf clipped = x > 89.0f ? fill(89.0f) : (x < -88.0f ? fill(-88.0f) : x);
  const vf shifter = fill(12582912.0f);  // 1.5 * 2**23: adding it rounds to a whole number
  const vf n = (clipped * 1.44269504f + shifter) - shifter;
  const vf r = (clipped - n * 0.693359375f) - n * -2.12194440e-4f;
  vf y = fill(1.9875691500e-4f);
  y = y * r + 1.3981999507e-3f;
  y = y * r + 8.3334519073e-3f;
  y = y * r + 4.1665795894e-2f;
  y = y * r + 1.6666665459e-1f;
  y = y * r + 5.0000001201e-1f;
  y = y * (r * r) + r + 1.0f;
  const vi whole = __builtin_convertvector(n, vi), half = whole >> 1;
  y = y * (vf)((half + 127) << 23) * (vf)((whole - half + 127) << 23);
  y = x < -87.3f ? fill(0.0f) : y;
  return x == x ? y : x;
}

// 32 random bits per lane from a counter and a 64-bit key (multiply-xorshift rounds).
inline vu random_bits(vu counter, uint32_t key0, uint32_t key1) {
  vu x = counter * 0x9E3779B1u + key0;
  x ^= x >> 16;
  x *= 0x7FEB352Du;
  x ^= (x >> 15) ^ key1;
  x *= 0x846CA68Bu;
  x ^= x >> 16;
  x *= 0x9E3779B1u;
  x ^= x >> 15;
  return x;
}

#if NFX_WIDTH == 16
#define NFX_LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define NFX_HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif NFX_WIDTH == 8
#define NFX_LOW 0, 8, 1, 9, 2, 10, 3, 11
#define NFX_HIGH 4, 12, 5, 13, 6, 14, 7, 15
#else
#define NFX_LOW 0, 4, 1, 5
#define NFX_HIGH 2, 6, 3, 7
#endif

// Transpose W x W values held in W vectors, by log2(W) perfect shuffles of the rows.
inline void transpose(vf* rows) {
  vf other[W];
  vf *from = rows, *to = other;
  for (int step = 1; step < W; step *= 2) {
    for (int i = 0; i < W / 2; i++) {
      to[2 * i] = __builtin_shufflevector(from[i], from[i + W / 2], NFX_LOW);
      to[2 * i + 1] = __builtin_shufflevector(from[i], from[i + W / 2], NFX_HIGH);
    }
    vf* swap = from;
    from = to;
    to = swap;
  }
  if (from != rows)
    for (int i = 0; i < W; i++) rows[i] = from[i];
}

}  // namespace
