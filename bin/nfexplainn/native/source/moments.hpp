// Mean and covariance of all windows of a batch, from which a convolution's batch norm follows
// exactly: mean = W mu, variance = W C W', in double, with no pass over the convolution's output.
#pragma once
#include <algorithm>
#include <vector>

#include "vectors.hpp"

namespace {

// covariance (4k, 4k) and mean (4k) in the order c * k + i; divided by B * T.
inline void window_moments(const uint8_t* codes, int64_t B, int64_t L, int k, double* covariance,
                           double* mean) {
  const int64_t T = L - k + 1, words = (B + 63) / 64;
  const int K = 4 * k;
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
          covariance[(size_t)r * K + c] = covariance[(size_t)c * K + r] = v;
        }
  }
  for (int r = 0; r < K; r++) mean[r] = covariance[(size_t)r * K + r];
  for (int r = 0; r < K; r++)
    for (int c = 0; c < K; c++) covariance[(size_t)r * K + c] -= mean[r] * mean[c];
}

// product (4k) = covariance times one filter (4k), both in double.
inline void covariance_times(const double* covariance, const float* filter, int K, double* product) {
  int c = 0;
  constexpr int AT_ONCE = 4 * WD;
  for (; c + AT_ONCE <= K; c += AT_ONCE) {
    vd acc[4] = {};
    for (int r = 0; r < K; r++) {
      const vd w = fill((double)filter[r]);
      for (int v = 0; v < 4; v++) acc[v] += w * load(covariance + (size_t)r * K + c + v * WD);
    }
    for (int v = 0; v < 4; v++) store(product + c + v * WD, acc[v]);
  }
  for (; c < K; c++) {
    double s = 0;
    for (int r = 0; r < K; r++) s += (double)filter[r] * covariance[(size_t)r * K + c];
    product[c] = s;
  }
}

}  // namespace
