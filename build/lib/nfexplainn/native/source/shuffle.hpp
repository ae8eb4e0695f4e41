// Shuffles that keep every sequence's dinucleotides exactly (Altschul and Erickson, 1985). The
// tree of last edges is drawn by loop-erased random walks (Wilson, 1996), the other edges of each
// base are put into random order, and the path is walked. N counts as a fifth letter.
#pragma once
#include "memory.hpp"

namespace {

// A counter and a key per sequence, mixed to 64 bits (the finaliser of splitmix64).
class Draws {
 public:
  Draws(uint64_t seed, uint64_t sequence) : state_(mix(seed ^ mix(sequence + 0x9E3779B97F4A7C15ull))) {}
  // Uniform on 0 .. n - 1, n < 2**32: the bias of the multiplication is below n / 2**64.
  uint32_t below(uint32_t n) {
    state_ += 0x9E3779B97F4A7C15ull;
    return (uint32_t)(((unsigned __int128)mix(state_) * n) >> 64);
  }

 private:
  static uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
    return x ^ (x >> 31);
  }
  uint64_t state_;
};

inline void shuffle_one(const uint8_t* from, int64_t L, uint8_t* to, uint8_t* edges, Draws draws) {
  constexpr int LETTERS = 5;
  if (L < 4) {
    std::memcpy(to, from, L);
    return;
  }
  int64_t degree[LETTERS] = {0}, first[LETTERS], fill_at[LETTERS];
  const auto letter = [&](int64_t q) { return from[q] < 4 ? from[q] : (uint8_t)4; };
  for (int64_t q = 0; q + 1 < L; q++) degree[letter(q)]++;
  int64_t at = 0;
  for (int c = 0; c < LETTERS; c++) {
    first[c] = fill_at[c] = at;
    at += degree[c];
  }
  for (int64_t q = 0; q + 1 < L; q++) edges[fill_at[letter(q)]++] = letter(q + 1);
  // The last edge of each base but the final one: together a tree towards the final one.
  const int root = letter(L - 1);
  bool in_tree[LETTERS] = {false};
  int64_t last[LETTERS] = {0};
  in_tree[root] = true;
  for (int c = 0; c < LETTERS; c++) {
    if (!degree[c]) continue;
    for (int u = c; !in_tree[u]; u = edges[last[u]]) last[u] = first[u] + draws.below((uint32_t)degree[u]);
    for (int u = c; !in_tree[u]; u = edges[last[u]]) in_tree[u] = true;
  }
  for (int c = 0; c < LETTERS; c++) {
    int64_t n = degree[c];
    uint8_t* e = edges + first[c];
    if (n && c != root) std::swap(e[last[c] - first[c]], e[--n]);
    for (; n > 1; n--) std::swap(e[n - 1], e[draws.below((uint32_t)n)]);
  }
  int here = to[0] = letter(0);
  for (int64_t q = 1; q < L; q++) to[q] = (uint8_t)(here = edges[first[here]++]);
}

inline bool shuffle(const uint8_t* codes, int64_t n, int64_t L, uint64_t seed, int64_t first, int threads,
                    uint8_t* out) {
  constexpr int64_t PART = 256;
  return parallel(threads, (n + PART - 1) / PART, (size_t)L + 64, [&](int64_t part, Scratch& scratch) {
    uint8_t* edges = scratch.take<uint8_t>(L);
    for (int64_t i = part * PART; i < std::min(n, (part + 1) * PART); i++)
      shuffle_one(codes + i * L, L, out + i * L, edges, Draws(seed, (uint64_t)(first + i)));
  });
}

}  // namespace
