// The convolution by table look-up. A filter of k bases is ceil(k / 3) tables of 3-mers; a window's
// score is the sum of one row of each. Sixteen units share a table, a lane each.
#pragma once
#include "vectors.hpp"

namespace {

constexpr int LANES = 16;        // units of a block
constexpr int V = LANES / W;     // vectors per block
constexpr int ACGT_ROWS = 64;    // rows of words without N come first, so that N costs no cache
constexpr int ROWS = 128;        // 125 used
constexpr int TABLE = ROWS * LANES;

struct Words {
  uint16_t* row;  // (B, L) first float of the row of the word that starts here
  bool has_n;
};

// Row of every 3-mer: those of A, C, G, T in front, the 61 with an N behind.
struct WordRows {
  uint8_t row[125];
  WordRows() {
    int plain = 0, other = ACGT_ROWS;
    for (int w = 0; w < 125; w++) {
      const bool n = w / 25 == 4 || w / 5 % 5 == 4 || w % 5 == 4;
      row[w] = (uint8_t)(n ? other++ : plain++);
    }
  }
};

inline const WordRows& word_rows() {
  static const WordRows rows;
  return rows;
}

// Codes above 4 are read as N. Past the end stands A: no weight is ever looked up there.
inline bool index_words(const uint8_t* codes, int64_t B, int64_t L, uint16_t* out) {
  const WordRows& rows = word_rows();
  bool has_n = false;
  for (int64_t b = 0; b < B; b++) {
    const uint8_t* c = codes + b * L;
    uint16_t* o = out + b * L;
    unsigned after = 0, after2 = 0;
    for (int64_t q = L - 1; q >= 0; q--) {
      const unsigned here = c[q] < 4 ? c[q] : 4;
      has_n |= here == 4;
      o[q] = (uint16_t)(rows.row[here * 25 + after * 5 + after2] * LANES);
      after2 = after;
      after = here;
    }
  }
  return has_n;
}

// weights: (4k, 16) of a block, row c * k + i. tab: (tables, 128, 16).
inline void build_tables(const float* weights, int k, int tables, bool has_n, float* tab) {
  const WordRows& rows = word_rows();
  float column[3][5][LANES];
  for (int t = 0; t < tables; t++) {
    std::memset(column, 0, sizeof column);
    for (int j = 0; j < 3 && 3 * t + j < k; j++)
      for (int c = 0; c < 4; c++)
        std::memcpy(column[j][c], weights + (size_t)(c * k + 3 * t + j) * LANES, sizeof(float) * LANES);
    const int letters = has_n ? 5 : 4;
    for (int a = 0; a < letters; a++)
      for (int b = 0; b < letters; b++) {
        float pair[LANES];
        for (int u = 0; u < LANES; u++) pair[u] = column[0][a][u] + column[1][b][u];
        for (int c = 0; c < letters; c++) {
          float* r = tab + (size_t)t * TABLE + rows.row[a * 25 + b * 5 + c] * LANES;
          for (int u = 0; u < LANES; u++) r[u] = pair[u] + column[2][c][u];
        }
      }
  }
}

// Sum of a gradient's table rows per (base, position): the transpose of build_tables.
inline void fold_tables(const float* tab, int k, int tables, bool has_n, float* weights) {
  const WordRows& rows = word_rows();
  std::memset(weights, 0, sizeof(float) * 4 * k * LANES);
  const int letters = has_n ? 5 : 4;
  for (int t = 0; t < tables; t++) {
    float column[3][5][LANES];
    std::memset(column, 0, sizeof column);
    for (int a = 0; a < letters; a++)
      for (int b = 0; b < letters; b++) {
        float pair[LANES] = {0};
        for (int c = 0; c < letters; c++) {
          const float* r = tab + (size_t)t * TABLE + rows.row[a * 25 + b * 5 + c] * LANES;
          for (int u = 0; u < LANES; u++) pair[u] += r[u];
          for (int u = 0; u < LANES; u++) column[2][c][u] += r[u];
        }
        for (int u = 0; u < LANES; u++) column[0][a][u] += pair[u];
        for (int u = 0; u < LANES; u++) column[1][b][u] += pair[u];
      }
    for (int j = 0; j < 3 && 3 * t + j < k; j++)
      for (int c = 0; c < 4; c++)
        std::memcpy(weights + (size_t)(c * k + 3 * t + j) * LANES, column[j][c], sizeof(float) * LANES);
  }
}

// Score of one window for the 16 units of a block.
template <int NT>
inline void window_score(const uint16_t* row, const float* tab, int tables, vf* a) {
  const float* r = tab + row[0];
  for (int v = 0; v < V; v++) a[v] = load(r + v * W);
  if constexpr (NT > 0) {
#pragma GCC unroll 14
    for (int t = 1; t < NT; t++) {
      const float* s = tab + (size_t)t * TABLE + row[3 * t];
      for (int v = 0; v < V; v++) a[v] += load(s + v * W);
    }
  } else {
    for (int t = 1; t < tables; t++) {
      const float* s = tab + (size_t)t * TABLE + row[3 * t];
      for (int v = 0; v < V; v++) a[v] += load(s + v * W);
    }
  }
}

struct Pooling {
  int64_t L;
  int tables, size, stride, positions;
};

// Maxima of rows first..last of the words: best (rows * P, 16) and, if asked for, where (same
// shape): the first place of the maximum, counted from the start of its pool.
template <int NT>
void pool_scores(const uint16_t* words, int64_t count, const Pooling& s, const float* tab, float* best,
                 uint16_t* where) {
  for (int64_t b = 0; b < count; b++)
    for (int p = 0; p < s.positions; p++) {
      const uint16_t* row = words + b * s.L + (int64_t)p * s.stride;
      vf top[V], a[V];
      vi place[V];
      window_score<NT>(row, tab, s.tables, top);
      for (int v = 0; v < V; v++) place[v] = (vi){};
      if (where) {
        for (int j = 1; j < s.size; j++) {
          window_score<NT>(row + j, tab, s.tables, a);
          for (int v = 0; v < V; v++) {
            const vi more = a[v] > top[v];
            top[v] = more ? a[v] : top[v];
            place[v] = more ? fill((int32_t)j) : place[v];
          }
        }
      } else {
        for (int j = 1; j < s.size; j++) {
          window_score<NT>(row + j, tab, s.tables, a);
          for (int v = 0; v < V; v++) top[v] = a[v] > top[v] ? a[v] : top[v];
        }
      }
      const int64_t at = (b * s.positions + p) * LANES;
      for (int v = 0; v < V; v++) {
        store(best + at + v * W, top[v]);
        if (where) store_words(where + at + v * W, place[v]);
      }
    }
}

// Add gradients (rows * P, 16) to the table rows that made the maxima.
template <int NT>
void unpool_scores(const uint16_t* words, int64_t count, const Pooling& s, float* tab, const float* grad,
                   const uint16_t* where) {
  const int tables = NT > 0 ? NT : s.tables;
  constexpr int DENSE_POOL = 12;  // larger pools go lane by lane: most places are no lane's maximum
  for (int64_t b = 0; b < count; b++)
    for (int p = 0; p < s.positions; p++) {
      const uint16_t* row = words + b * s.L + (int64_t)p * s.stride;
      const int64_t at = (b * s.positions + p) * LANES;
      if (s.size > DENSE_POOL) {
        for (int u = 0; u < LANES; u++) {
          const uint16_t* r = row + where[at + u];
          for (int t = 0; t < tables; t++) tab[(size_t)t * TABLE + r[3 * t] + u] += grad[at + u];
        }
        continue;
      }
      vf g[V];
      vi place[V];
      for (int v = 0; v < V; v++) {
        g[v] = load(grad + at + v * W);
        place[v] = load_words(where + at + v * W);
      }
      for (int j = 0; j < s.size; j++) {
        vf x[V];
        for (int v = 0; v < V; v++) x[v] = place[v] == fill((int32_t)j) ? g[v] : (vf){};
#pragma GCC unroll 14
        for (int t = 0; t < tables; t++) {
          float* r = tab + (size_t)t * TABLE + row[j + 3 * t];
          for (int v = 0; v < V; v++) store(r + v * W, load(r + v * W) + x[v]);
        }
      }
    }
}

using PoolScores = void (*)(const uint16_t*, int64_t, const Pooling&, const float*, float*, uint16_t*);
using UnpoolScores = void (*)(const uint16_t*, int64_t, const Pooling&, float*, const float*,
                              const uint16_t*);

#define NFX_EACH_TABLES(X) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)

inline PoolScores pool_scores_for(int tables) {
  switch (tables) {
#define X(n) case n: return pool_scores<n>;
    NFX_EACH_TABLES(X)
#undef X
  }
  return pool_scores<0>;
}

inline UnpoolScores unpool_scores_for(int tables) {
  switch (tables) {
#define X(n) case n: return unpool_scores<n>;
    NFX_EACH_TABLES(X)
#undef X
  }
  return unpool_scores<0>;
}

}  // namespace
