// Mean and covariance of all windows of a batch, from which a convolution's batch norm follows
// exactly: mean = W mu, variance = W C W', in double, with no pass over the convolution's output.
#pragma once
#include <algorithm>
#include <vector>

#include "vectors.hpp"

namespace {

// covariance (4k, ld), columns past 4k zero, and mean (4k), in the order c * k + i; divided by B * T.
inline void window_moments(const uint8_t* codes, int64_t B, int64_t L, int k, int ld,
                           double* covariance, double* mean) {
  const int64_t T = L - k + 1, words = (B + 63) / 64;
  const int K = 4 * k;
  std::fill(covariance, covariance + (size_t)K * ld, 0.0);
  // A bit per sequence: base c at position q. How often base a at q meets base b at q + d is then
  // the number of bits that two rows share.
  std::vector<uint64_t> mask((size_t)L * 4 * words, 0);
  for (int64_t b = 0; b < B; b++)
    for (int64_t q = 0; q < L; q++) {
      const unsigned c = codes[b * L + q];
      if (c < 4) mask[(q * 4 + c) * words + (b >> 6)] |= 1ull << (b & 63);
    }
  const double n = (double)B * (double)T;
  std::vector<int64_t> before((size_t)(L + 1) * 16);
  for (int d = 0; d < k; d++) {
    std::fill(before.begin(), before.begin() + 16, 0);
    for (int64_t q = 0; q + d < L; q++) {
      const uint64_t *x = &mask[q * 4 * words], *y = &mask[(q + d) * 4 * words];
      const int64_t* from = &before[q * 16];
      int64_t* to = &before[(q + 1) * 16];
      for (int a = 0; a < 4; a++)
        for (int b = 0; b < 4; b++) {
          int64_t s = 0;
          for (int64_t w = 0; w < words; w++) s += __builtin_popcountll(x[a * words + w] & y[b * words + w]);
          to[a * 4 + b] = from[a * 4 + b] + s;
        }
    }
    for (int i = 0; i + d < k; i++)
      for (int a = 0; a < 4; a++)
        for (int b = 0; b < 4; b++) {
          const double v = (double)(before[(i + T) * 16 + a * 4 + b] - before[i * 16 + a * 4 + b]) / n;
          const int r = a * k + i, c = b * k + i + d;
          covariance[(size_t)r * ld + c] = covariance[(size_t)c * ld + r] = v;
        }
  }
  for (int r = 0; r < K; r++) mean[r] = covariance[(size_t)r * ld + r];
  for (int r = 0; r < K; r++)
    for (int c = 0; c < K; c++) covariance[(size_t)r * ld + c] -= mean[r] * mean[c];
}

// product (ld) = covariance (4k, ld) times one filter (4k), in double; ld a multiple of 8.
template <int VB>
void covariance_times_part(const double* covariance, const float* filter, int K, int ld, double* product) {
  vd acc[VB] = {};
  for (int r = 0; r < K; r++) {
    const vd w = fill((double)filter[r]);
    for (int v = 0; v < VB; v++) acc[v] += w * load(covariance + (size_t)r * ld + v * WD);
  }
  for (int v = 0; v < VB; v++) store(product + v * WD, acc[v]);
}

inline void covariance_times(const double* covariance, const float* filter, int K, int ld, double* product) {
  int c = 0;
  for (; c + 10 * WD <= ld; c += 10 * WD)
    covariance_times_part<10>(covariance + c, filter, K, ld, product + c);
  for (; c + 4 * WD <= ld; c += 4 * WD) covariance_times_part<4>(covariance + c, filter, K, ld, product + c);
  for (; c < ld; c += WD) covariance_times_part<1>(covariance + c, filter, K, ld, product + c);
}

}  // namespace
