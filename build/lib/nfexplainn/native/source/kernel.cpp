// The kernel's C interface. One object per instruction set; the caller picks.
#include "adam.hpp"
#include "backward.hpp"
#include "edits.hpp"
#include "evaluate.hpp"
#include "forward.hpp"
#include "scan.hpp"
#include "shuffle.hpp"

#define NFX_API extern "C" __attribute__((visibility("default")))

NFX_API int nfx_width() { return W; }

NFX_API int64_t nfx_saved_bytes(const UnitsCall* call) {
  return (int64_t)Saved(Shape(*call), call->num_fc, nullptr).bytes;
}

NFX_API int nfx_forward(UnitsCall* call) {
  try {
    return call->training ? forward(*call) : evaluate(*call);
  } catch (const std::bad_alloc&) {
    return NO_MEMORY;
  }
}

NFX_API int nfx_edits(UnitsCall* call, const EditsCall* edits) {
  try {
    return evaluate_edits(*call, *edits);
  } catch (const std::bad_alloc&) {
    return NO_MEMORY;
  }
}

NFX_API int nfx_backward(const UnitsCall* call, const UnitsGradient* gradient) {
  return backward(*call, *gradient);
}

NFX_API int nfx_scan(const ScanCall* call) {
  try {
    return scan(*call) ? OK : NO_MEMORY;
  } catch (const std::bad_alloc&) {
    return NO_MEMORY;
  }
}

NFX_API int nfx_shuffle(const uint8_t* codes, int64_t n, int64_t length, uint64_t seed, int64_t first,
                        int32_t threads, uint8_t* out) {
  return shuffle(codes, n, length, seed, first, threads, out) ? OK : NO_MEMORY;
}

NFX_API void nfx_adam(int64_t n, float* weights, const float* gradients, float* means, float* squares, double rate,
                      double root, double epsilon) {
  adam(n, weights, gradients, means, squares, rate, root, epsilon);
}
