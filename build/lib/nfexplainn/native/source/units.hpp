// What the kernel is told, and what the forward pass leaves for the backward one.
#pragma once
#include <atomic>
#include <cfloat>

#include "dense.hpp"
#include "memory.hpp"
#include "moments.hpp"
#include "tables.hpp"

extern "C" {

// One batch norm with the layer before it. Arrays in torch's order.
struct Layer {
  const float *weight, *bias;                  // of the layer
  const float *gamma, *beta;                   // of its batch norm
  float *running_mean, *running_variance;      // changed in training
  double eps, momentum;
};

// U units, B sequences of L bp; num_fc 0: `first` and `last` are unused, 1: `first` is unused.
struct UnitsCall {
  int64_t B, L, U;
  int32_t k, pool, stride, P, H, num_fc, threads, training;
  double dropout;
  uint64_t seed;
  const uint8_t* codes;
  Layer convolution, first, last;
  float* output;      // (B, U)
  char* saved;        // of nfx_saved_bytes, training only
  int32_t bad_unit;   // set on a status of 1 to 3
  float bad_value;
};

// Gradients, all overwritten; those of biases before a batch norm are zero and not written.
struct UnitsGradient {
  const float* output;  // (B, U)
  float *convolution, *convolution_gamma, *convolution_beta;
  float *first, *first_gamma, *first_beta;
  float *last, *last_gamma, *last_beta;
};
}

namespace {

enum Status { OK = 0, BAD_FILTER = 1, OVERFLOW = 2, BAD_DENSE = 3, NO_MEMORY = 4, BAD_CALL = 5 };

inline bool finite(double x) { return x - x == 0; }

struct Shape {
  int64_t B, L, U, T, P, H, Pp, Hp, blocks, groups, rows;
  int k, K, tables, Kp;  // Kp: leading dimension of the covariance
  explicit Shape(const UnitsCall& c)
      : B(c.B), L(c.L), U(c.U), T(c.L - c.k + 1), P(c.P), H(c.H), Pp(padded(c.P + 1)), Hp(padded(c.H)),
        blocks((c.U + LANES - 1) / LANES), groups((c.B + 3) / 4), rows(groups * 4), k(c.k), K(4 * c.k),
        tables((c.k + 2) / 3), Kp((4 * c.k + 7) / 8 * 8) {}
  Pooling pooling(const UnitsCall& c) const { return {L, tables, c.pool, c.stride, (int)P}; }
};

// The forward pass's notes. Column P of q is free (for the gradient), and its padding is zero.
struct Saved {
  uint16_t *words, *where;                    // (B, L); (blocks, B, P, 16)
  double *moment, *covariance;                // (4k), (4k, Kp)
  double *mean, *variance, *product;          // (U), (U), (U, Kp)
  float *q, *q_mean;                          // (U, rows, Pp), (U, Pp)
  float *first_mean, *first_variance;         // (U, Hp)
  uint8_t *by_row, *by_node;                  // (U, groups, Hp): a bit per row; (U, rows, Hp / 4)
  float* sums;                                // (U, B) before the last batch norm
  double *last_mean, *last_variance;          // (U)
  bool* has_n;
  size_t bytes;

  Saved(const Shape& s, int num_fc, char* base) : bytes(0) {
    const auto take = [&](auto*& p, int64_t n) {
      p = reinterpret_cast<std::remove_reference_t<decltype(p)>>(base + bytes);
      bytes += ((size_t)n * sizeof(*p) + 63) / 64 * 64;
    };
    const int64_t deep = num_fc == 2 ? s.U : 0;
    take(words, s.B * s.L + 64);
    take(where, s.blocks * s.B * s.P * LANES);
    take(moment, s.K);
    take(covariance, (int64_t)s.K * s.Kp);
    take(mean, s.U);
    take(variance, s.U);
    take(product, s.U * s.Kp);
    take(q, s.U * s.rows * s.Pp);
    take(q_mean, deep * s.Pp);
    take(first_mean, deep * s.Hp);
    take(first_variance, deep * s.Hp);
    take(by_row, deep * s.groups * s.Hp);
    take(by_node, deep * s.rows * (s.Hp / 4));
    take(sums, s.U * s.B);
    take(last_mean, s.U);
    take(last_variance, s.U);
    take(has_n, 1);
  }
};

// The first unit in which something went wrong, whatever the threads' order.
class Trouble {
 public:
  void report(int64_t unit, Status status, double value) {
    const std::lock_guard<std::mutex> guard(mutex_);
    if (status_ && unit >= unit_) return;
    unit_ = unit;
    status_ = status;
    value_ = value;
  }
  int finish(UnitsCall& call, bool memory) const {
    if (!memory) return NO_MEMORY;
    call.bad_unit = (int32_t)unit_;
    call.bad_value = (float)value_;
    return status_;
  }

 private:
  std::mutex mutex_;
  int64_t unit_ = 0;
  int status_ = OK;
  double value_ = 0;
};

// Copy (rows, columns) into (rows, ld), padding with zeros. Whole vectors are read where what
// follows the row is still the array's.
inline void pad_columns(const float* from, int64_t rows, int64_t columns, int64_t ld, float* to) {
  int64_t r = 0;
  for (; (rows - r) * columns >= ld; r++)
    for (int64_t c = 0; c < ld; c += W) {
      const vi inside = lanes() < fill((int32_t)(columns - c));
      const vf x = load(from + r * columns + c);
      store(to + r * ld + c, inside ? x : (vf){});
    }
  for (; r < rows; r++) {
    std::memcpy(to + r * ld, from + r * columns, sizeof(float) * columns);
    std::memset(to + r * ld + columns, 0, sizeof(float) * (ld - columns));
  }
}

// The reverse. Whole vectors are written, in order of the rows, where the next row covers them.
inline void unpad_columns(const float* from, int64_t rows, int64_t columns, int64_t ld, float* to) {
  int64_t r = 0;
  for (; (rows - r) * columns >= ld; r++)
    for (int64_t c = 0; c < ld; c += W) store(to + r * columns + c, load(from + r * ld + c));
  for (; r < rows; r++) std::memcpy(to + r * columns, from + r * ld, sizeof(float) * columns);
}

// (rows, ldf) to (columns, ldt); both multiples of PAD.
inline void transpose_matrix(const float* from, int64_t rows, int64_t columns, int64_t ldf, float* to,
                             int64_t ldt) {
  vf tile[W];
  for (int64_t r = 0; r < rows; r += W)
    for (int64_t c = 0; c < columns; c += W) {
      for (int i = 0; i < W; i++) tile[i] = load(from + (r + i) * ldf + c);
      transpose(tile);
      for (int i = 0; i < W; i++) store(to + (c + i) * ldt + r, tile[i]);
    }
}

// Maxima of a block, (count, P, 16), to each of its units' exp(maximum + offset), (count, Pp) with
// a zero padding. `best` must be readable 16 rows past its end. Reports what is not finite.
inline void activate(const float* best, int64_t count, const Shape& s, int64_t unit0, const float* offset,
                     float* q, int64_t unit_stride, Trouble& trouble) {
  const int units = (int)std::min<int64_t>(LANES, s.U - unit0);
  vi bad[LANES] = {};  // lanes that held inf or NaN
  for (int64_t b = 0; b < count; b++)
    for (int64_t p = 0; p < s.Pp; p += W) {
      const vi inside = lanes() < fill((int32_t)(s.P - p));
      for (int v = 0; v < V; v++) {
        vf tile[W];
        for (int i = 0; i < W; i++) tile[i] = load(best + (b * s.P + std::min(p + i, s.P)) * LANES + v * W);
        transpose(tile);
        for (int i = 0; i < W && v * W + i < units; i++) {
          const int u = v * W + i;
          vf y = exponential(tile[i] + offset[u]);
          y = inside ? y : (vf){};
          bad[u] |= ~(y <= FLT_MAX);
          store(q + u * unit_stride + b * s.Pp + p, y);
        }
      }
    }
  for (int u = 0; u < units; u++)
    if (bits(at_least(fill((int32_t)-1), bad[u]))) {
      float largest = -INFINITY;
      for (int64_t i = 0; i < count * s.P; i++) largest = std::max(largest, best[i * LANES + u] + offset[u]);
      trouble.report(unit0 + u, OVERFLOW, largest);
    }
}

inline float dot(const float* a, const float* b, int64_t n) {
  vf acc = (vf){};
  for (int64_t i = 0; i < n; i += W) acc += load(a + i) * load(b + i);
  return sum(acc);
}

}  // namespace
