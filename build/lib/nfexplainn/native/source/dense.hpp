// The two kinds of matrix product that a unit needs: with a dense left side, and with a left side of
// zeros and ones (which nodes are on), four of whose bits are looked up at a time.
#pragma once
#include <algorithm>

#include "vectors.hpp"

namespace {

constexpr int PAD = 16;  // columns of every matrix are padded to this, with zeros
inline int64_t padded(int64_t n) { return (n + PAD - 1) / PAD * PAD; }

// C (R, VB vectors) = sum over i of A[r * ar + i * ai] * B[i * ldb ...]; RB rows at a time.
template <int RB, int VB>
void product_rows(int64_t R, int64_t I, const float* A, int64_t ar, int64_t ai, const float* B, int64_t ldb,
                  float* C, int64_t ldc) {
  int64_t r = 0;
  for (; r + RB <= R; r += RB) {
    vf acc[RB][VB];
    for (int x = 0; x < RB; x++)
      for (int v = 0; v < VB; v++) acc[x][v] = (vf){};
    const float* a = A + r * ar;
    const float* row = B;
    for (int64_t i = 0; i < I; i++, a += ai, row += ldb) {
      vf left[RB];
#pragma GCC unroll 16
      for (int x = 0; x < RB; x++) left[x] = fill(a[x * ar]);
#pragma GCC unroll 16
      for (int v = 0; v < VB; v++) {
        const vf right = load(row + v * W);
#pragma GCC unroll 16
        for (int x = 0; x < RB; x++) acc[x][v] += left[x] * right;
      }
    }
    for (int x = 0; x < RB; x++)
      for (int v = 0; v < VB; v++) store(C + (r + x) * ldc + v * W, acc[x][v]);
  }
  if constexpr (RB > 1)
    if (r < R) product_rows<RB / 2, VB>(R - r, I, A + r * ar, ar, ai, B, ldb, C + r * ldc, ldc);
}

// C (R, columns) = A B, columns a multiple of PAD; A(r, i) is A[r * ar + i * ai].
inline void product(int64_t R, int64_t I, const float* A, int64_t ar, int64_t ai, const float* B, int64_t ldb,
                    int64_t columns, float* C, int64_t ldc) {
  constexpr int MOST = W == 16 ? 7 : 4;
  const int64_t vectors = columns / W;
  const int64_t parts = (vectors + MOST - 1) / MOST;
  for (int64_t part = 0, v = 0; part < parts; part++) {
    const int64_t next = vectors * (part + 1) / parts;
    const float* b = B + v * W;
    float* c = C + v * W;
    switch (next - v) {
      // Rows per tile such that the sums, a row of B and the left sides fit into the registers.
      case 1: product_rows<8, 1>(R, I, A, ar, ai, b, ldb, c, ldc); break;
      case 2: product_rows<W == 16 ? 8 : 4, 2>(R, I, A, ar, ai, b, ldb, c, ldc); break;
      case 3: product_rows<W == 16 ? 6 : 3, 3>(R, I, A, ar, ai, b, ldb, c, ldc); break;
      case 4: product_rows<W == 16 ? 5 : 3, 4>(R, I, A, ar, ai, b, ldb, c, ldc); break;
#if NFX_WIDTH == 16
      case 5: product_rows<4, 5>(R, I, A, ar, ai, b, ldb, c, ldc); break;
      case 6: product_rows<3, 6>(R, I, A, ar, ai, b, ldb, c, ldc); break;
      case 7: product_rows<3, 7>(R, I, A, ar, ai, b, ldb, c, ldc); break;
#endif
    }
    v = next;
  }
}

// out (n, ld) += sums of the rows of x that are on: bit r of pattern[g * pattern_group + i *
// pattern_item] says whether row 4 g + r counts for item i. All 16 sums of each 4 rows are made
// once and looked up: n * rows / 4 additions instead of n * rows multiplications.
template <int VB>
void masked_sums_part(const float* x, int64_t groups, const uint8_t* pattern, int64_t pattern_group,
                      int64_t pattern_item, int64_t n, int64_t ld, float* out) {
  constexpr int G = 12;                        // groups at a time: 24 KB of sums
  constexpr int ITEMS = VB >= 8 ? 1 : 8 / VB;  // items at a time, for independent chains
  constexpr int S = VB * W;
  alignas(64) float sums[G * 16 * S];
  const int64_t parts = (groups + G - 1) / G;
  for (int64_t part = 0, g0 = 0; part < parts; part++) {
    const int64_t g1 = groups * (part + 1) / parts, count = g1 - g0;
    for (int64_t g = 0; g < count; g++) {
      float* s = sums + g * 16 * S;
      for (int v = 0; v < VB; v++) {
        vf r[4], half[4];
        for (int i = 0; i < 4; i++) r[i] = load(x + ((g0 + g) * 4 + i) * ld + v * W);
        half[0] = (vf){};
        half[1] = r[0];
        half[2] = r[1];
        half[3] = r[0] + r[1];
        const vf both = r[2] + r[3];
        for (int i = 0; i < 4; i++) {
          store(s + i * S + v * W, half[i]);
          store(s + (i + 4) * S + v * W, half[i] + r[2]);
          store(s + (i + 8) * S + v * W, half[i] + r[3]);
          store(s + (i + 12) * S + v * W, half[i] + both);
        }
      }
    }
    const uint8_t* first = pattern + g0 * pattern_group;
    int64_t i = 0;
    for (; i + ITEMS <= n; i += ITEMS) {
      vf acc[ITEMS][VB];
      for (int x = 0; x < ITEMS; x++)
        for (int v = 0; v < VB; v++) acc[x][v] = load(out + (i + x) * ld + v * W);
      const uint8_t* p = first + i * pattern_item;
      const float* s = sums;
      for (int64_t g = 0; g < count; g++, s += 16 * S, p += pattern_group)
#pragma GCC unroll 8
        for (int x = 0; x < ITEMS; x++) {
          const float* row = s + (size_t)p[x * pattern_item] * S;
          for (int v = 0; v < VB; v++) acc[x][v] += load(row + v * W);
        }
      for (int x = 0; x < ITEMS; x++)
        for (int v = 0; v < VB; v++) store(out + (i + x) * ld + v * W, acc[x][v]);
    }
    for (; i < n; i++) {
      vf acc[VB];
      for (int v = 0; v < VB; v++) acc[v] = load(out + i * ld + v * W);
      for (int64_t g = 0; g < count; g++) {
        const float* row = sums + g * 16 * S + (size_t)first[g * pattern_group + i * pattern_item] * S;
        for (int v = 0; v < VB; v++) acc[v] += load(row + v * W);
      }
      for (int v = 0; v < VB; v++) store(out + i * ld + v * W, acc[v]);
    }
    g0 = g1;
  }
}

// out (n, ld) = the sums; ld a multiple of PAD.
inline void masked_sums(const float* x, int64_t groups, const uint8_t* pattern, int64_t pattern_group,
                        int64_t pattern_item, int64_t n, int64_t ld, float* out) {
  std::memset(out, 0, sizeof(float) * n * ld);
  int64_t c = 0;
  for (; c + 32 <= ld; c += 32)
    masked_sums_part<32 / W>(x + c, groups, pattern, pattern_group, pattern_item, n, ld, out + c);
  if (c < ld) masked_sums_part<16 / W>(x + c, groups, pattern, pattern_group, pattern_item, n, ld, out + c);
}

// Column sums (or sums of squares) of x (rows, ld) in double; float only over 32 rows at a time.
template <bool SQUARE>
void column_sums(const float* x, int64_t rows, int64_t ld, double* out) {
  std::fill(out, out + ld, 0.0);
  for (int64_t c = 0; c < ld; c += W)
    for (int64_t first = 0; first < rows; first += 32) {
      vf acc = (vf){};
      for (int64_t r = first; r < std::min(rows, first + 32); r++) {
        const vf y = load(x + r * ld + c);
        if (SQUARE) acc += y * y; else acc += y;
      }
      for (int i = 0; i < W; i++) out[c + i] += acc[i];
    }
}

}  // namespace
