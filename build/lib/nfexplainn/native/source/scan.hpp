// All filters over all windows, for the interpretation: the best score of every sequence, and the
// bases of the windows that reach a threshold. Nothing grows with sequences x units x positions.
#pragma once
#include "memory.hpp"
#include "tables.hpp"

extern "C" {
struct ScanCall {
  int64_t B, L, U, covered;     // windows 0 .. covered - 1 count
  int32_t k, threads;
  const uint8_t* codes;
  const float *weight, *offset;  // (U, 4, k), (U): with the batch norm folded in
  float* best;                   // (B, U)
  const float* threshold;        // (U)
  int64_t *counts, *sites;       // (U, k, 5), (U): added to
  uint8_t* activated;            // (B, U)
};
}

namespace {

inline void block_tables(const ScanCall& call, int64_t unit0, int units, int tables, bool has_n, Scratch& scratch,
                         float* tab) {
  const int K = 4 * call.k;
  float* folded = scratch.take<float>((size_t)K * LANES);
  std::memset(folded, 0, sizeof(float) * K * LANES);
  for (int u = 0; u < units; u++)
    for (int r = 0; r < K; r++) folded[(size_t)r * LANES + u] = call.weight[(unit0 + u) * K + r];
  build_tables(folded, call.k, tables, has_n, tab);
}

template <int NT>
void scan_best(const ScanCall& call, const uint16_t* words, const float* tab, int tables, int64_t unit0, int units) {
  alignas(64) float offset[LANES] = {0}, out[LANES];
  for (int u = 0; u < units; u++) offset[u] = call.offset[unit0 + u];
  for (int64_t b = 0; b < call.B; b++) {
    vf top[V], a[V];
    for (int v = 0; v < V; v++) top[v] = fill(-INFINITY);
    for (int64_t q = 0; q < call.covered; q++) {
      window_score<NT>(words + b * call.L + q, tab, tables, a);
      for (int v = 0; v < V; v++) top[v] = a[v] > top[v] ? a[v] : top[v];
    }
    for (int v = 0; v < V; v++) store(out + v * W, top[v] + load(offset + v * W));
    std::memcpy(call.best + b * call.U + unit0, out, sizeof(float) * units);
  }
}

template <int NT>
void scan_sites(const ScanCall& call, const uint16_t* words, const float* tab, int tables, int64_t unit0, int units) {
  alignas(64) float offset[LANES] = {0}, limit[LANES];
  std::fill(limit, limit + LANES, INFINITY);
  for (int u = 0; u < units; u++) {
    offset[u] = call.offset[unit0 + u];
    limit[u] = call.threshold[unit0 + u];
  }
  for (int64_t b = 0; b < call.B; b++) {
    const uint8_t* codes = call.codes + b * call.L;
    uint8_t* activated = call.activated + b * call.U + unit0;
    std::memset(activated, 0, units);
    for (int64_t q = 0; q < call.covered; q++) {
      vf a[V];
      window_score<NT>(words + b * call.L + q, tab, tables, a);
      unsigned hits = 0;
      // The same sum as in scan_best, so that a maximum reaches a threshold that is that maximum.
      for (int v = 0; v < V; v++)
        hits |= bits(at_least(a[v] + load(offset + v * W), load(limit + v * W))) << (v * W);
      for (; hits; hits &= hits - 1) {
        const int u = __builtin_ctz(hits);
        if (u >= units) break;
        activated[u] = 1;
        call.sites[unit0 + u]++;
        int64_t* count = call.counts + (unit0 + u) * call.k * 5;
        for (int i = 0; i < call.k; i++) count[i * 5 + std::min<int>(codes[q + i], 4)]++;
      }
    }
  }
}

template <int NT>
void scan_block(const ScanCall& call, const uint16_t* words, const float* tab, int tables, int64_t unit0, int units) {
  if (call.best)
    scan_best<NT>(call, words, tab, tables, unit0, units);
  else
    scan_sites<NT>(call, words, tab, tables, unit0, units);
}

inline bool scan(const ScanCall& call) {
  const int tables = (call.k + 2) / 3;
  std::vector<uint16_t> words((size_t)call.B * call.L + 64);
  const bool has_n = index_words(call.codes, call.B, call.L, words.data());
  const int64_t blocks = (call.U + LANES - 1) / LANES;
  const size_t bytes = ((size_t)tables * TABLE + (size_t)4 * call.k * LANES) * sizeof(float) + 256;
  return parallel(call.threads, blocks, bytes, [&](int64_t block, Scratch& scratch) {
    const int64_t unit0 = block * LANES;
    const int units = (int)std::min<int64_t>(LANES, call.U - unit0);
    float* tab = scratch.take<float>((size_t)tables * TABLE);
    block_tables(call, unit0, units, tables, has_n, scratch, tab);
    switch (tables) {
#define X(n) case n: return scan_block<n>(call, words.data(), tab, tables, unit0, units);
      NFX_EACH_TABLES(X)
#undef X
    }
    scan_block<0>(call, words.data(), tab, tables, unit0, units);
  });
}

}  // namespace
