// The pass of evaluation: running statistics, folded into the weights; nothing is kept.
#pragma once
#include "units.hpp"

namespace {

constexpr int64_t EVALUATE_ROWS = 64;  // sequences at a time: their maxima stay in the cache

struct Dense {
  float *turned, *shift, *last;  // (P, Hp), (Hp), (Hp) of one unit
};

// A unit's dense layers with their batch norms folded in; returns the last one's scale and shift.
inline void fold_dense(const UnitsCall& call, const Shape& s, int64_t unit, float* weight, const Dense& to,
                       float* scale, float* shift, Trouble& trouble) {
  bool sound = true;
  if (call.num_fc == 2) {
    std::memset(weight, 0, sizeof(float) * s.Hp * s.Pp);
    std::memset(to.shift, 0, sizeof(float) * s.Hp);
    std::memset(to.last, 0, sizeof(float) * s.Hp);
    for (int64_t j = 0; j < s.H; j++) {
      const int64_t at = unit * s.H + j;
      const float a = call.first.gamma[at] / std::sqrt(call.first.running_variance[at] + (float)call.first.eps);
      to.shift[j] = call.first.beta[at] + a * (call.first.bias[at] - call.first.running_mean[at]);
      to.last[j] = call.last.weight[at];
      float check = 0;
      for (int64_t p = 0; p < s.P; p++) {
        const float w = call.first.weight[at * s.P + p] * a;
        weight[j * s.Pp + p] = w;
        check += w * 0;
      }
      sound &= finite(to.shift[j]) && finite(to.last[j]) && finite(check);
    }
    transpose_matrix(weight, s.Hp, s.Pp, s.Pp, to.turned, s.Hp);
  } else {
    pad_columns(call.last.weight + unit * s.P, 1, s.P, s.Pp, to.turned);
    for (int64_t p = 0; p < s.P; p++) sound &= finite(to.turned[p]);
  }
  const double a = call.last.gamma[unit] / std::sqrt(call.last.running_variance[unit] + call.last.eps);
  *scale = (float)a;
  *shift = (float)(call.last.beta[unit] + a * ((double)call.last.bias[unit] - call.last.running_mean[unit]));
  if (!sound || !finite(*scale) || !finite(*shift)) trouble.report(unit, BAD_DENSE, NAN);
}

inline size_t evaluate_bytes(const Shape& s) {
  const size_t rows = EVALUATE_ROWS;
  const size_t floats = (size_t)s.tables * TABLE + (size_t)s.K * LANES + (rows * s.P + 32) * LANES +
                        LANES * rows * s.Pp + s.Hp * s.Pp + LANES * (s.Pp + 2) * (s.Hp + s.Pp) + rows * s.Hp;
  return floats * sizeof(float) + 64 * 64;
}

// A block of 16 units: its tables and dense layers with the batch norms folded in, and room for some sequences.
struct EvaluateBlock {
  int64_t unit0;
  int units;
  float *tab, *best, *q, *hidden;  // q: (16, rows, Pp) maxima of the sequences
  alignas(64) float offset[LANES] = {0};
  float scale[LANES] = {0}, shift[LANES] = {0};
  Dense dense[LANES] = {};

  EvaluateBlock(const UnitsCall& call, const Shape& s, bool has_n, int64_t block, Scratch& scratch, Trouble& trouble)
      : unit0(block * LANES), units((int)std::min<int64_t>(LANES, s.U - unit0)) {
    tab = scratch.take<float>((size_t)s.tables * TABLE);
    float* folded = scratch.take<float>((size_t)s.K * LANES);
    best = scratch.take<float>((EVALUATE_ROWS * s.P + 16) * LANES);
    q = scratch.take<float>(LANES * EVALUATE_ROWS * s.Pp);
    float* weight = scratch.take<float>(s.Hp * s.Pp);
    hidden = scratch.take<float>(EVALUATE_ROWS * s.Hp);
    std::memset(folded, 0, sizeof(float) * s.K * LANES);
    for (int i = 0; i < units; i++) {
      const int64_t u = unit0 + i;
      const Layer& c = call.convolution;
      const double a = c.gamma[u] / std::sqrt(c.running_variance[u] + c.eps);
      offset[i] = (float)(c.beta[u] + a * ((double)c.bias[u] - c.running_mean[u]));
      float check = offset[i] * 0;
      for (int r = 0; r < s.K; r++) {
        const float w = (float)(c.weight[u * s.K + r] * a);
        folded[(size_t)r * LANES + i] = w;
        check += w * 0;
      }
      if (!finite(check)) trouble.report(u, BAD_FILTER, NAN);
      if (!call.num_fc) continue;
      dense[i].turned = scratch.take<float>(s.Pp * std::max(s.Hp, (int64_t)1));
      dense[i].shift = scratch.take<float>(s.Hp);
      dense[i].last = scratch.take<float>(s.Hp);
      fold_dense(call, s, u, weight, dense[i], &scale[i], &shift[i], trouble);
    }
    build_tables(folded, s.k, s.tables, has_n, tab);
  }

  // Maxima (into q) and outputs of the sequences from b0 on, at most EVALUATE_ROWS.
  void rows(const UnitsCall& call, const Shape& s, const uint16_t* words, PoolScores pool, int64_t b0,
            Trouble& trouble) {
    const int64_t count = std::min(EVALUATE_ROWS, s.B - b0);
    pool(words + b0 * s.L, count, s.pooling(call), tab, best, nullptr);
    activate(best, count, s, unit0, offset, q, EVALUATE_ROWS * s.Pp, trouble);
    for (int i = 0; i < units; i++) {
      const float* x = q + i * EVALUATE_ROWS * s.Pp;
      float* to = call.output + b0 * s.U + unit0 + i;
      if (call.num_fc == 0) {
        for (int64_t b = 0; b < count; b++) to[b * s.U] = x[b * s.Pp];
      } else if (call.num_fc == 1) {
        for (int64_t b = 0; b < count; b++)
          to[b * s.U] = std::max(0.0f, dot(x + b * s.Pp, dense[i].turned, s.Pp) * scale[i] + shift[i]);
      } else {
        product(count, s.P, x, s.Pp, 1, dense[i].turned, s.Hp, s.Hp, hidden, s.Hp);
        for (int64_t b = 0; b < count; b++) {
          vf acc = (vf){};
          for (int64_t j = 0; j < s.Hp; j += W) {
            const vf z = load(hidden + b * s.Hp + j) + load(dense[i].shift + j);
            acc += (z > 0 ? z : (vf){}) * load(dense[i].last + j);
          }
          to[b * s.U] = std::max(0.0f, sum(acc) * scale[i] + shift[i]);
        }
      }
    }
  }
};

inline void evaluate_block(const UnitsCall& call, const Shape& s, const uint16_t* words, bool has_n,
                           PoolScores pool, int64_t block, Scratch& scratch, Trouble& trouble) {
  EvaluateBlock own(call, s, has_n, block, scratch, trouble);
  for (int64_t b0 = 0; b0 < s.B; b0 += EVALUATE_ROWS) own.rows(call, s, words, pool, b0, trouble);
}

inline int evaluate(UnitsCall& call) {
  const Shape s(call);
  std::vector<uint16_t> words((size_t)s.B * s.L + 64);
  const bool has_n = index_words(call.codes, s.B, s.L, words.data());
  const PoolScores pool = pool_scores_for(s.tables);
  Trouble trouble;
  const bool memory = parallel(call.threads, s.blocks, evaluate_bytes(s), [&](int64_t block, Scratch& scratch) {
    evaluate_block(call, s, words.data(), has_n, pool, block, scratch, trouble);
  });
  return trouble.finish(call, memory);
}

}  // namespace
