// The kernel without Python: fixed inputs through every pass, all results as text. Compiled for two
// kinds of processors by test_other_processors.py, which compares what they print.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "kernel.cpp"

namespace {

uint64_t state = 1;

float number() {  // between -1 and 1
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (float)((int64_t)(state >> 33) - (1 << 30)) / (float)(1 << 30);
}

std::vector<float> numbers(size_t n, float scale = 1, float middle = 0) {
  std::vector<float> r(n);
  for (float& x : r) x = middle + scale * number();
  return r;
}

template <class T>
void print(const char* name, const std::vector<T>& values) {
  for (T x : values) std::printf("%s %.9g\n", name, (double)x);
}

struct Arrays {
  std::vector<float> weight, bias, gamma, beta, mean, variance;
  Arrays(size_t weights, size_t n)
      : weight(numbers(weights, 0.3f)), bias(numbers(n, 0.1f)), gamma(numbers(n, 0.2f, 1)), beta(numbers(n, 0.2f)),
        mean(numbers(n, 0.1f)), variance(numbers(n, 0.2f, 1)) {}
  Layer layer() {
    return {weight.data(), bias.data(), gamma.data(), beta.data(), mean.data(), variance.data(), 1e-5, 0.1};
  }
};

}  // namespace

int main() {
  const int64_t B = 37, L = 61, U = 21;
  const int k = 9, pool = 7, stride = 7, P = (int)((L - k + 1 - pool) / stride + 1), H = 33;
  std::vector<uint8_t> codes(B * L);
  for (uint8_t& c : codes) {
    const float x = number();
    c = x > 0.98f ? 4 : (uint8_t)((x + 1) * 2) & 3;
  }
  for (int num_fc = 0; num_fc <= 2; num_fc++) {
    state = 7 + num_fc;
    Arrays convolution(U * 4 * k, U), first(U * H * P, U * H), last(U * (num_fc == 1 ? P : H), U);
    std::vector<float> output(B * U), gradient = numbers(B * U);
    UnitsCall call{B,   L,  U, k,   pool, stride,       P, H, num_fc, 2, 1, num_fc == 2 ? 0.3 : 0.0, 5,
                   codes.data(), convolution.layer(), first.layer(), last.layer(), output.data(), nullptr, 0, 0};
    const size_t bytes = ((size_t)nfx_saved_bytes(&call) + 127) / 64 * 64;
    call.saved = (char*)std::aligned_alloc(64, bytes);
    if (const int status = nfx_forward(&call)) return status;
    print("trained", output);
    print("mean", convolution.mean);
    print("variance", convolution.variance);
    std::vector<float> g[9];
    const size_t sizes[] = {(size_t)U * 4 * k, (size_t)U, (size_t)U, (size_t)U * H * P, (size_t)U * H, (size_t)U * H,
                            last.weight.size(), (size_t)U, (size_t)U};
    for (int i = 0; i < 9; i++) g[i].assign(sizes[i], 0);
    const UnitsGradient into{gradient.data(), g[0].data(), g[1].data(), g[2].data(), g[3].data(),
                             g[4].data(),     g[5].data(), g[6].data(), g[7].data(), g[8].data()};
    if (const int status = nfx_backward(&call, &into)) return status;
    for (const auto& one : g) print("gradient", one);
    std::free(call.saved);
    call.saved = nullptr;
    call.training = 0;
    if (const int status = nfx_forward(&call)) return status;
    print("evaluated", output);
    if (num_fc) continue;
    std::vector<float> best(B * U), offset = numbers(U), threshold(U, 1.0f);
    std::vector<int64_t> counts(U * k * 5), sites(U);
    std::vector<uint8_t> activated(B * U);
    ScanCall scanned{B, L, U, L - k + 1, k, 2, codes.data(), convolution.weight.data(), offset.data(), best.data(),
                     nullptr, nullptr, nullptr, nullptr};
    if (const int status = nfx_scan(&scanned)) return status;
    print("best", best);
    scanned.best = nullptr;
    scanned.threshold = threshold.data();
    scanned.counts = counts.data();
    scanned.sites = sites.data();
    scanned.activated = activated.data();
    if (const int status = nfx_scan(&scanned)) return status;
    print("sites", sites);
    print("counts", counts);
    std::vector<float> weights = numbers(101), slopes = numbers(101), means = numbers(101, 0.1f),
                       squares = numbers(101, 0.1f, 0.2f);
    nfx_adam(101, weights.data(), slopes.data(), means.data(), squares.data(), 0.003, 0.9, 1e-8);
    print("adam", weights);
  }
  std::vector<uint8_t> shuffled(B * L);
  if (const int status = nfx_shuffle(codes.data(), B, L, 11, 0, 2, shuffled.data())) return status;
  print("shuffled", shuffled);
}
