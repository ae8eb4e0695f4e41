// One step of Adam over all parameters (Kingma and Ba 2014, algorithm 1).
#pragma once
#include <cmath>
#include <cstdint>

namespace {

// `rate` is the learning rate over the first moment's bias correction, `root` the square root of the second's.
inline void adam(int64_t n, float* weights, const float* gradients, float* means, float* squares, double rate,
                 double root, double epsilon) {
  const float step = (float)rate, inverse = (float)(1 / root), small = (float)epsilon;
  for (int64_t i = 0; i < n; i++) {
    const float g = gradients[i];
    const float mean = means[i] + 0.1f * (g - means[i]);
    const float square = 0.999f * squares[i] + 0.001f * g * g;
    means[i] = mean;
    squares[i] = square;
    weights[i] -= step * mean / (std::sqrt(square) * inverse + small);
  }
}

}  // namespace
