// The training pass backward.
//
// With on[b, j] a node that passed ReLU and dropout, h the centred hidden values, d the gradient of a
// unit's sum and x = on * d, the gradient of h is
//     c1[j] x[b, j] - c2[j] - c3[j] h[b, j]
// (ReLU, dropout and batch norm). h = W q is never made again: what is needed of it are products of
// W with the P x P matrices q'q and W'c3 W, and x enters only through sums of rows that are on.
#pragma once
#include "units.hpp"

namespace {

// Gradient of the sums before the last batch norm and ReLU.
inline void last_backward(const UnitsCall& call, const UnitsGradient& grad, const Shape& s, const Saved& saved,
                          int64_t unit, float* d) {
  const float* sums = saved.sums + unit * s.B;
  const double mean = saved.last_mean[unit];
  const double inverse = 1 / std::sqrt(saved.last_variance[unit] + call.last.eps);
  const double gamma = call.last.gamma[unit], beta = call.last.beta[unit];
  double total = 0, along = 0;
  for (int64_t b = 0; b < s.B; b++) {
    const double x = (sums[b] - mean) * inverse;
    const double g = x * gamma + beta > 0 ? grad.output[b * s.U + unit] : 0.0;
    d[b] = (float)g;
    total += g;
    along += g * x;
  }
  grad.last_gamma[unit] = (float)along;
  grad.last_beta[unit] = (float)total;
  const double n = (double)s.B;
  for (int64_t b = 0; b < s.B; b++) {
    const double x = (sums[b] - mean) * inverse;
    d[b] = (float)(gamma * inverse * (d[b] - total / n - x * (along / n)));
  }
}

// One unit's dense layers: from d (B) to the gradient of the maxima, out (B, Pp).
inline void dense_backward(const UnitsCall& call, const UnitsGradient& grad, const Shape& s, const Saved& saved,
                           int64_t unit, const float* d, Scratch& scratch, float* out) {
  const int64_t H = s.H, Hp = s.Hp, Pp = s.Pp, P = s.P;
  float* centred = scratch.take<float>(s.rows * Pp);
  float* times_d = scratch.take<float>(s.rows * Pp);
  float* weight = scratch.take<float>(Hp * Pp);
  float* scaled = scratch.take<float>(Hp * Pp);
  float* square = scratch.take<float>(Pp * Pp);
  float* first = scratch.take<float>(Hp * Pp);
  float* second = scratch.take<float>(Hp * Pp);
  float* pulled = scratch.take<float>(s.rows * Pp);
  float* level = scratch.take<float>(Pp);
  double* total = scratch.take<double>(Pp);
  float* along = scratch.take<float>(Hp);
  float* c1 = scratch.take<float>(Hp);
  float* c3 = scratch.take<float>(Hp);
  const float* q = saved.q + unit * s.rows * Pp;
  const float* q_mean = saved.q_mean + unit * Pp;
  const uint8_t* by_row = saved.by_row + unit * s.groups * Hp;
  const uint8_t* by_node = saved.by_node + unit * s.rows * (Hp / 4);
  const int32_t threshold = (int32_t)std::lround(call.dropout * 65536);
  const float kept = call.dropout > 0 ? (float)(65536.0 / (65536 - threshold)) : 1.0f;

  for (int64_t b = 0; b < s.B; b++) {
    const vf x = fill(d[b] * kept);
    for (int64_t p = 0; p < Pp; p += W) {
      const vf c = load(q + b * Pp + p) - load(q_mean + p);
      store(centred + b * Pp + p, c);
      store(times_d + b * Pp + p, c * x);
    }
    times_d[b * Pp + P] = d[b] * kept;  // the free column sums d itself
  }
  std::memset(centred + s.B * Pp, 0, sizeof(float) * (s.rows - s.B) * Pp);
  std::memset(times_d + s.B * Pp, 0, sizeof(float) * (s.rows - s.B) * Pp);
  pad_columns(call.first.weight + unit * H * P, H, P, Pp, weight);
  std::memset(weight + H * Pp, 0, sizeof(float) * (Hp - H) * Pp);

  masked_sums(times_d, s.groups, by_row, Hp, 1, H, Pp, first);   // first[j] = sum of x[b, j] q[b]
  product(P, s.B, centred, 1, Pp, centred, Pp, Pp, square, Pp);  // q'q
  product(H, P, weight, Pp, 1, square, Pp, Pp, second, Pp);      // second[j] = sum of h[b, j] q[b]

  const float n = (float)s.B, eps = (float)call.first.eps;
  std::memset(scaled + H * Pp, 0, sizeof(float) * (Hp - H) * Pp);
  for (int64_t j = 0; j < H; j++) along[j] = dot(weight + j * Pp, first + j * Pp, Pp);  // W's column P is 0
  const float *gamma = call.first.gamma + unit * H, *beta = call.first.beta + unit * H;
  const float *last = call.last.weight + unit * H, *variance = saved.first_variance + unit * Hp;
  float *d_gamma = grad.first_gamma + unit * H, *d_beta = grad.first_beta + unit * H, *d_last = grad.last + unit * H;
  for (int64_t j = 0; j < H; j++) {
    const float inverse = 1 / std::sqrt(variance[j] + eps), sum_d = first[j * Pp + P];
    d_gamma[j] = last[j] * inverse * along[j];
    d_beta[j] = last[j] * sum_d;
    d_last[j] = gamma[j] * inverse * along[j] + beta[j] * sum_d;
    c1[j] = gamma[j] * inverse * last[j];
    c3[j] = c1[j] * inverse * inverse * along[j] / n;
  }
  for (int64_t j = 0; j < H; j++) {
    const vf a = fill(c1[j]), c = fill(c3[j]);
    for (int64_t p = j * Pp; p < (j + 1) * Pp; p += W) {
      const vf w = load(weight + p);
      store(first + p, load(first + p) * a - load(second + p) * c);
      store(scaled + p, w * a);
      store(second + p, w * c);
    }
  }
  unpad_columns(first, H, P, Pp, grad.first + unit * H * P);
  product(P, H, second, 1, Pp, weight, Pp, Pp, square, Pp);           // W'c3 W
  product(s.B, P, centred, Pp, 1, square, Pp, Pp, pulled, Pp);
  masked_sums(scaled, (H + 3) / 4, by_node, 1, Hp / 4, s.B, Pp, out);  // out[b] = sum of c1 w[j] on
  // What c2 takes off is the mean over the sequences, which is known to be zero after it: taking
  // off the mean itself leaves no error that all sequences share.
  for (int64_t b = 0; b < s.B; b++) {
    const vf x = fill(d[b] * kept);
    for (int64_t p = 0; p < Pp; p += W) {
      const int64_t at = b * Pp + p;
      store(out + at, load(out + at) * x - load(pulled + at));
    }
  }
  column_sums<false>(out, s.B, Pp, total);
  for (int64_t p = 0; p < Pp; p++) level[p] = (float)(total[p] / (double)s.B);
  for (int64_t b = 0; b < s.B; b++)
    for (int64_t p = 0; p < Pp; p += W) {
      const int64_t at = b * Pp + p;
      store(out + at, (load(out + at) - load(level + p)) * load(q + at));
    }
}

// Gradients of a unit's filter and its batch norm from those of the folded filter and its offset.
inline void unfold_filter(const UnitsCall& call, const UnitsGradient& grad, const Shape& s, const Saved& saved,
                          int64_t unit, int lane, const float* folded, double offset) {
  const float* filter = call.convolution.weight + unit * s.K;
  const double* product = saved.product + unit * s.Kp;
  const double variance = saved.variance[unit] + call.convolution.eps;
  const double inverse = 1 / std::sqrt(variance), gamma = call.convolution.gamma[unit];
  const double scale = gamma * inverse;
  double d_scale = -offset * saved.mean[unit];
  for (int i = 0; i < s.K; i++) d_scale += (double)folded[(size_t)i * LANES + lane] * filter[i];
  grad.convolution_gamma[unit] = (float)(d_scale * inverse);
  grad.convolution_beta[unit] = (float)offset;
  const double d_variance = -0.5 * d_scale * scale / variance;
  float* to = grad.convolution + unit * s.K;
  for (int i = 0; i < s.K; i++)
    to[i] = (float)(folded[(size_t)i * LANES + lane] * scale - offset * scale * saved.moment[i] +
                    2 * d_variance * product[i]);
}

inline size_t backward_bytes(const Shape& s) {
  const size_t floats = (size_t)s.tables * TABLE + (size_t)s.K * LANES + (s.B * s.P + 32) * LANES +
                        (LANES + 3) * s.rows * s.Pp + 4 * s.Hp * s.Pp + (s.Pp + 6) * s.Pp + 4 * s.Hp + s.rows;
  return floats * sizeof(float) + 32 * 64;
}

inline void backward_block(const UnitsCall& call, const UnitsGradient& grad, const Shape& s, const Saved& saved,
                           UnpoolScores unpool, int64_t block, Scratch& scratch) {
  const int64_t unit0 = block * LANES, units = std::min<int64_t>(LANES, s.U - unit0);
  const int64_t stride = s.rows * s.Pp;
  float* tab = scratch.take<float>((size_t)s.tables * TABLE);
  float* folded = scratch.take<float>((size_t)s.K * LANES);
  float* maxima = scratch.take<float>((s.B * s.P + 16) * LANES);
  float* inner = scratch.take<float>(LANES * stride);
  float* d = scratch.take<float>(s.rows);
  double* column = scratch.take<double>(s.Pp);
  double offset[LANES] = {0};
  for (int64_t i = 0; i < units; i++) {
    const int64_t u = unit0 + i;
    const float* q = saved.q + u * stride;
    float* out = inner + i * stride;
    if (call.num_fc == 0) {
      for (int64_t b = 0; b < s.B; b++)
        for (int64_t p = 0; p < s.Pp; p++) out[b * s.Pp + p] = p ? 0.0f : q[b * s.Pp] * grad.output[b * s.U + u];
    } else {
      last_backward(call, grad, s, saved, u, d);
      Scratch::Mark mark(scratch);
      if (call.num_fc == 1) {
        const float* w = call.last.weight + u * s.P;
        float* to = grad.last + u * s.P;
        std::memset(to, 0, sizeof(float) * s.P);
        for (int64_t b = 0; b < s.B; b++)
          for (int64_t p = 0; p < s.Pp; p++) {
            if (p < s.P) to[p] += d[b] * q[b * s.Pp + p];
            out[b * s.Pp + p] = p < s.P ? d[b] * w[p] * q[b * s.Pp + p] : 0.0f;
          }
      } else {
        dense_backward(call, grad, s, saved, u, d, scratch, out);
      }
    }
    column_sums<false>(out, s.B, s.Pp, column);
    for (int64_t p = 0; p < s.P; p++) offset[i] += column[p];
  }
  // To a lane per unit. Lanes of absent units are zero.
  for (int64_t b = 0; b < s.B; b++)
    for (int64_t p = 0; p < s.Pp && p < s.P; p += W)
      for (int v = 0; v < V; v++) {
        vf tile[W];
        for (int i = 0; i < W; i++)
          tile[i] = v * W + i < units ? load(inner + (v * W + i) * stride + b * s.Pp + p) : (vf){};
        transpose(tile);
        for (int i = 0; i < W && p + i < s.P; i++) store(maxima + (b * s.P + p + i) * LANES + v * W, tile[i]);
      }
  for (int t = 0; t < s.tables; t++)
    std::memset(tab + (size_t)t * TABLE, 0, sizeof(float) * (*saved.has_n ? ROWS : ACGT_ROWS) * LANES);
  unpool(saved.words, s.B, s.pooling(call), tab, maxima, saved.where + block * s.B * s.P * LANES);
  fold_tables(tab, s.k, s.tables, *saved.has_n, folded);
  for (int64_t i = 0; i < units; i++)
    unfold_filter(call, grad, s, saved, unit0 + i, (int)i, folded, offset[i]);
}

inline int backward(const UnitsCall& call, const UnitsGradient& grad) {
  const Shape s(call);
  const Saved saved(s, call.num_fc, call.saved);
  const UnpoolScores unpool = unpool_scores_for(s.tables);
  const bool memory = parallel(call.threads, s.blocks, backward_bytes(s), [&](int64_t block, Scratch& scratch) {
    backward_block(call, grad, s, saved, unpool, block, scratch);
  });
  return memory ? OK : NO_MEMORY;
}

}  // namespace
