// The training pass forward.
#pragma once
#include "units.hpp"

namespace {

// Scale and shift of a unit's filter by its batch norm, from the batch's moments; the folded filter
// goes into the block's lane `lane`.
inline float fold_filter(const UnitsCall& call, const Shape& s, const Saved& saved, int64_t unit, int lane,
                         float* folded, Trouble& trouble) {
  const float* filter = call.convolution.weight + unit * s.K;
  double* product = saved.product + unit * s.Kp;
  covariance_times(saved.covariance, filter, s.K, s.Kp, product);
  double mean = 0, variance = 0;
  for (int i = 0; i < s.K; i++) {
    mean += (double)filter[i] * saved.moment[i];
    variance += (double)filter[i] * product[i];
  }
  variance = std::max(variance, 0.0);
  const double scale = call.convolution.gamma[unit] / std::sqrt(variance + call.convolution.eps);
  const double offset = call.convolution.beta[unit] - scale * mean;
  if (!finite(scale) || !finite(offset)) trouble.report(unit, BAD_FILTER, scale);
  saved.mean[unit] = mean;
  saved.variance[unit] = variance;
  for (int i = 0; i < s.K; i++) folded[(size_t)i * LANES + lane] = (float)(filter[i] * scale);
  return (float)offset;
}

// One unit's dense layers: sums (B) before the last batch norm. Keeps the statistics and which
// nodes were on.
inline void dense_forward(const UnitsCall& call, const Shape& s, const Saved& saved, int64_t unit,
                          Scratch& scratch, Trouble& trouble) {
  const int64_t H = s.H, Hp = s.Hp, Pp = s.Pp;
  float* centred = scratch.take<float>(s.rows * Pp);
  float* hidden = scratch.take<float>(s.rows * Hp);
  float* weight = scratch.take<float>(Hp * Pp);
  float* turned = scratch.take<float>(Hp * Pp);
  float* scale = scratch.take<float>(Hp);
  float* shift = scratch.take<float>(Hp);
  float* last = scratch.take<float>(Hp);
  double* total = scratch.take<double>(std::max(Hp, Pp));
  const float* q = saved.q + unit * s.rows * Pp;
  float* q_mean = saved.q_mean + unit * Pp;

  // Without their mean the inputs give hidden values whose mean is zero: their variance is a plain
  // sum of squares, and nothing cancels.
  column_sums<false>(q, s.B, Pp, total);
  for (int64_t p = 0; p < Pp; p++) q_mean[p] = (float)(total[p] / (double)s.B);
  for (int64_t b = 0; b < s.B; b++)
    for (int64_t p = 0; p < Pp; p += W) store(centred + b * Pp + p, load(q + b * Pp + p) - load(q_mean + p));
  std::memset(centred + s.B * Pp, 0, sizeof(float) * (s.rows - s.B) * Pp);

  pad_columns(call.first.weight + unit * H * s.P, H, s.P, Pp, weight);
  std::memset(weight + H * Pp, 0, sizeof(float) * (Hp - H) * Pp);
  transpose_matrix(weight, Hp, Pp, Pp, turned, Hp);
  product(s.rows, s.P, centred, Pp, 1, turned, Hp, Hp, hidden, Hp);
  float* mean = saved.first_mean + unit * Hp;
  float* variance = saved.first_variance + unit * Hp;
  product(1, s.P, q_mean, 0, 1, turned, Hp, Hp, mean, Hp);
  column_sums<true>(hidden, s.B, Hp, total);

  const bool dropping = call.dropout > 0;
  const int32_t threshold = (int32_t)std::lround(call.dropout * 65536);
  const float kept = dropping ? (float)(65536.0 / (65536 - threshold)) : 1.0f;
  const float *gamma = call.first.gamma + unit * H, *beta = call.first.beta + unit * H;
  const float* last_weight = call.last.weight + unit * H;
  std::fill(scale, scale + Hp, 0.0f);
  std::fill(shift, shift + Hp, 0.0f);
  std::fill(last, last + Hp, 0.0f);
  for (int64_t j = 0; j < Hp; j++) variance[j] = (float)(total[j] / (double)s.B);
  bool sound = true;
  for (int64_t j = 0; j < H; j++) {
    scale[j] = gamma[j] / std::sqrt(variance[j] + (float)call.first.eps);
    shift[j] = beta[j];
    last[j] = last_weight[j] * kept;
    sound &= finite(scale[j]) && finite(variance[j]) && finite(shift[j]) && finite(last[j]);
  }
  if (!sound) trouble.report(unit, BAD_DENSE, NAN);

  const uint32_t key0 = (uint32_t)call.seed, key1 = (uint32_t)(call.seed >> 32);
  uint8_t* by_row = saved.by_row + unit * s.groups * Hp;
  uint8_t* by_node = saved.by_node + unit * s.rows * (Hp / 4);
  float* sums = saved.sums + unit * s.B;
  for (int64_t g = 0; g < s.groups; g++) {
    const int64_t rows = std::min<int64_t>(4, s.B - g * 4);
    vf acc[4] = {};
    for (int64_t v = 0; v < Hp; v += W) {
      const vf a = load(scale + v), c = load(shift + v), w = load(last + v);
      vm on[4];
      if (dropping) {
        // The counter is unit, pair of rows, node: the same for every width and number of threads.
        const uint32_t pair = (uint32_t)((unit * s.groups + g) * 2);
        const vu at = (vu)lanes() + fill((uint32_t)v);
        for (int i = 0; i < 2; i++) {
          const vu r = random_bits(at + fill((pair + i) * (uint32_t)Hp), key0, key1);
          on[2 * i] = at_least((vi)(r & 0xFFFFu), fill(threshold));
          on[2 * i + 1] = at_least((vi)(r >> 16), fill(threshold));
        }
      } else {
        for (int i = 0; i < 4; i++) on[i] = all_lanes();
      }
      vi pattern = (vi){};
      for (int i = 0; i < 4; i++) {
        const vf z = load(hidden + (g * 4 + i) * Hp + v) * a + c;
        on[i] &= above(z, (vf){});
        if (i >= rows) on[i] = vm();
        acc[i] += keep(on[i], z) * w;
        pattern = tag(pattern, on[i], 1 << i);
        store_nibbles(by_node + ((g * 4 + i) * Hp + v) / 4, on[i]);
      }
      store_bytes(by_row + g * Hp + v, pattern);
    }
    for (int64_t i = 0; i < rows; i++) sums[g * 4 + i] = sum(acc[i]);
  }
}

// The last batch norm and ReLU of a unit.
inline void last_forward(const UnitsCall& call, const Shape& s, const Saved& saved, int64_t unit,
                         Trouble& trouble) {
  const float* sums = saved.sums + unit * s.B;
  double mean = 0, variance = 0;
  for (int64_t b = 0; b < s.B; b++) mean += sums[b];
  mean /= (double)s.B;
  for (int64_t b = 0; b < s.B; b++) variance += (sums[b] - mean) * (sums[b] - mean);
  variance /= (double)s.B;
  saved.last_mean[unit] = mean;
  saved.last_variance[unit] = variance;
  const double scale = call.last.gamma[unit] / std::sqrt(variance + call.last.eps);
  const double shift = call.last.beta[unit];
  if (!finite(scale) || !finite(shift) || !finite(mean)) trouble.report(unit, BAD_DENSE, NAN);
  for (int64_t b = 0; b < s.B; b++)
    call.output[b * s.U + unit] = (float)std::max(0.0, (sums[b] - mean) * scale + shift);
}

inline size_t forward_bytes(const Shape& s) {
  const size_t floats = (size_t)s.tables * TABLE + (size_t)s.K * LANES + (s.B * s.P + 32) * LANES +
                        (s.rows + 3 * s.Hp) * s.Pp + s.rows * s.Hp + 2 * s.Hp * s.Pp + 8 * (s.Hp + s.Pp);
  return floats * sizeof(float) + 32 * 64;
}

inline void forward_block(const UnitsCall& call, const Shape& s, const Saved& saved, PoolScores pool,
                          int64_t block, Scratch& scratch, Trouble& trouble) {
  const int64_t unit0 = block * LANES, end = std::min(s.U, unit0 + LANES);
  float* tab = scratch.take<float>((size_t)s.tables * TABLE);
  float* folded = scratch.take<float>((size_t)s.K * LANES);
  float* best = scratch.take<float>((s.B * s.P + 16) * LANES);
  float offset[LANES] = {0};
  std::memset(folded, 0, sizeof(float) * s.K * LANES);
  for (int64_t u = unit0; u < end; u++)
    offset[u - unit0] = fold_filter(call, s, saved, u, (int)(u - unit0), folded, trouble);
  build_tables(folded, s.k, s.tables, *saved.has_n, tab);
  pool(saved.words, s.B, s.pooling(call), tab, best, saved.where + block * s.B * s.P * LANES);
  activate(best, s.B, s, unit0, offset, saved.q + unit0 * s.rows * s.Pp, s.rows * s.Pp, trouble);
  for (int64_t u = unit0; u < end; u++) {
    const float* q = saved.q + u * s.rows * s.Pp;
    if (call.num_fc == 0) {
      for (int64_t b = 0; b < s.B; b++) call.output[b * s.U + u] = q[b * s.Pp];
      continue;
    }
    if (call.num_fc == 1) {
      Scratch::Mark mark(scratch);
      float* row = scratch.take<float>(s.Pp);
      pad_columns(call.last.weight + u * s.P, 1, s.P, s.Pp, row);
      for (int64_t b = 0; b < s.B; b++) saved.sums[u * s.B + b] = dot(q + b * s.Pp, row, s.Pp);
    } else {
      Scratch::Mark mark(scratch);
      dense_forward(call, s, saved, u, scratch, trouble);
    }
    last_forward(call, s, saved, u, trouble);
  }
}

inline void update_running(const Layer& layer, int64_t at, double mean, double bias, double variance, double n) {
  const double m = layer.momentum;
  layer.running_mean[at] = (float)((1 - m) * layer.running_mean[at] + m * (mean + bias));
  layer.running_variance[at] = (float)((1 - m) * layer.running_variance[at] + m * variance * (n / (n - 1)));
}

inline int forward(UnitsCall& call) {
  const Shape s(call);
  const Saved saved(s, call.num_fc, call.saved);
  *saved.has_n = index_words(call.codes, s.B, s.L, saved.words);
  window_moments(call.codes, s.B, s.L, s.k, s.Kp, saved.covariance, saved.moment);
  Trouble trouble;
  const PoolScores pool = pool_scores_for(s.tables);
  const bool memory = parallel(call.threads, s.blocks, forward_bytes(s), [&](int64_t block, Scratch& scratch) {
    forward_block(call, s, saved, pool, block, scratch, trouble);
  });
  const int status = trouble.finish(call, memory);
  if (status) return status;
  for (int64_t u = 0; u < s.U; u++) {
    update_running(call.convolution, u, saved.mean[u], call.convolution.bias[u], saved.variance[u],
                   (double)s.B * (double)s.T);
    if (call.num_fc == 0) continue;
    update_running(call.last, u, saved.last_mean[u], call.last.bias[u], saved.last_variance[u], (double)s.B);
    if (call.num_fc == 1) continue;
    for (int64_t j = 0; j < s.H; j++)
      update_running(call.first, u * s.H + j, saved.first_mean[u * s.Hp + j], call.first.bias[u * s.H + j],
                     saved.first_variance[u * s.Hp + j], (double)s.B);
  }
  return OK;
}

}  // namespace
