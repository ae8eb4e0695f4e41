// What edits of a sequence change in every unit's output. Only the pools with a window over a changed base are
// evaluated anew; the sums of all others are made once for the sequence and its edits there.
#pragma once
#include "evaluate.hpp"

extern "C" {
// E edited sequences, in the order of those that they were made of.
struct EditsCall {
  int64_t E;
  const uint8_t* codes;         // (E, L)
  const int64_t* row;           // (E) ascending: which sequence of the call of the units
  const int32_t *first, *last;  // (E) all bases but first .. last - 1 are the sequence's
  float* change;                // (E, U)
};
}

namespace {

constexpr int64_t EDIT_SLOTS = 2048;  // maxima of edits at a time, of 16 units each: 128 KB

// The pools that an edit can change, first to last - 1.
struct Touched {
  int64_t first, last;
  Touched(const UnitsCall& call, const Shape& s, int64_t from, int64_t to) {
    const int64_t least = from - s.k - call.pool + 2;  // of a pool's first window
    first = least <= 0 ? 0 : (least + call.stride - 1) / call.stride;
    last = to <= from ? first : std::min(s.P, (to - 1) / call.stride + 1);
    first = std::min(first, last);
  }
  int64_t count() const { return last - first; }
  bool operator==(const Touched& other) const { return first == other.first && last == other.last; }
};

// A unit's output from the sums of the pools that stay and the maxima of those that do not.
struct Rest {
  const UnitsCall& call;
  const Shape& s;
  const Dense& dense;
  float scale, shift;
  float* common;  // (Hp), or one number

  void start(const float* x, const Touched& t) const {
    if (call.num_fc == 1) {
      float sum = 0;
      for (int64_t p = 0; p < s.P; p++)
        if (p < t.first || p >= t.last) sum += x[p] * dense.turned[p];
      *common = sum;
      return;
    }
    for (int64_t j = 0; j < s.Hp; j += W) {
      vf z = load(dense.shift + j);
      for (int64_t p = 0; p < t.first; p++) z += fill(x[p]) * load(dense.turned + p * s.Hp + j);
      for (int64_t p = t.last; p < s.P; p++) z += fill(x[p]) * load(dense.turned + p * s.Hp + j);
      store(common + j, z);
    }
  }

  // x: maxima of the touched pools, `step` apart.
  float output(const float* x, int64_t step, const Touched& t) const {
    float total;
    if (call.num_fc == 1) {
      total = *common;
      for (int64_t p = 0; p < t.count(); p++) total += x[p * step] * dense.turned[t.first + p];
    } else {
      vf acc = (vf){};
      const float* turned = dense.turned + t.first * s.Hp;
      for (int64_t j = 0; j < s.Hp; j += W) {
        vf z = load(common + j);
        for (int64_t p = 0; p < t.count(); p++) z += fill(x[p * step]) * load(turned + p * s.Hp + j);
        acc += (z > 0 ? z : (vf){}) * load(dense.last + j);
      }
      total = sum(acc);
    }
    return std::max(0.0f, total * scale + shift);
  }
};

inline bool same(const float* x, const float* y, int64_t step, int64_t count) {
  for (int64_t p = 0; p < count; p++)
    if (x[p] != y[p * step]) return false;
  return true;
}

// Edits first .. last - 1 in one unit; q: maxima of the sequences from b0 on; slots: those of the edits.
inline void edit_unit(const UnitsCall& call, const Shape& s, const EditsCall& edits, int64_t first, int64_t last,
                      int64_t unit, int lane, const float* q, int64_t b0, const float* slots, const Rest& rest) {
  const float* y = slots + lane;
  for (int64_t e = first; e < last;) {
    const int64_t b = edits.row[e];
    const Touched t(call, s, edits.first[e], edits.last[e]);
    const float* x = q + (b - b0) * s.Pp;
    float before = 0;
    bool started = false;
    // One run: edits of one sequence in the same pools.
    for (; e < last && edits.row[e] == b && Touched(call, s, edits.first[e], edits.last[e]) == t; e++) {
      float* to = edits.change + e * s.U + unit;
      const float* its = y;
      y += t.count() * LANES;
      if (same(x + t.first, its, LANES, t.count())) {
        *to = 0;
      } else if (call.num_fc == 0) {
        *to = *its - *x;
      } else {
        if (!started) {
          rest.start(x, t);
          before = rest.output(x + t.first, 1, t);
          started = true;
        }
        *to = rest.output(its, LANES, t) - before;
      }
    }
  }
}

// exp(maximum + offset) of the edits' maxima, in place.
inline void activate_slots(float* slots, int64_t count, const float* offset, int64_t unit0, int units,
                           Trouble& trouble) {
  for (int64_t i = 0; i < count; i++)
    for (int v = 0; v < V; v++) {
      float* at = slots + i * LANES + v * W;
      const vf raw = load(at) + load(offset + v * W), y = exponential(raw);
      store(at, y);
      const vi bad = ~(y <= FLT_MAX);
      if (bits(at_least(fill((int32_t)-1), bad)))
        for (int u = 0; u < W && v * W + u < units; u++)
          if (!(at[u] <= FLT_MAX)) trouble.report(unit0 + v * W + u, OVERFLOW, raw[u]);
    }
}

inline size_t edits_bytes(const Shape& s) {
  return evaluate_bytes(s) + sizeof(float) * ((EDIT_SLOTS + s.P) * LANES + s.Hp + 4 * PAD) + 64 * 8;
}

inline void edits_block(const UnitsCall& call, const Shape& s, const EditsCall& edits, const uint16_t* words,
                        const uint16_t* edited, bool has_n, PoolScores pool, int64_t block, Scratch& scratch,
                        Trouble& trouble) {
  EvaluateBlock own(call, s, has_n, block, scratch, trouble);
  float* slots = scratch.take<float>((EDIT_SLOTS + s.P) * LANES);
  float* common = scratch.take<float>(s.Hp + PAD);
  int64_t next = 0;
  for (int64_t b0 = 0; b0 < s.B; b0 += EVALUATE_ROWS) {
    const int64_t end = std::min(s.B, b0 + EVALUATE_ROWS);
    own.rows(call, s, words, pool, b0, trouble);
    while (next < edits.E && edits.row[next] < end) {
      const int64_t first = next;
      int64_t used = 0;
      for (; next < edits.E && edits.row[next] < end; next++) {
        const Touched t(call, s, edits.first[next], edits.last[next]);
        if (used + t.count() > EDIT_SLOTS + s.P) break;
        Pooling pools = s.pooling(call);
        pools.positions = (int)t.count();
        pool(edited + next * s.L + t.first * call.stride, 1, pools, own.tab, slots + used * LANES, nullptr);
        used += t.count();
      }
      activate_slots(slots, used, own.offset, own.unit0, own.units, trouble);
      for (int i = 0; i < own.units; i++) {
        const Rest rest{call, s, own.dense[i], own.scale[i], own.shift[i], common};
        edit_unit(call, s, edits, first, next, own.unit0 + i, i, own.q + i * EVALUATE_ROWS * s.Pp, b0, slots, rest);
      }
    }
  }
}

inline int evaluate_edits(UnitsCall& call, const EditsCall& edits) {
  const Shape s(call);
  std::vector<uint16_t> words((size_t)s.B * s.L + 64), edited((size_t)edits.E * s.L + 64);
  bool has_n = index_words(call.codes, s.B, s.L, words.data());
  has_n |= index_words(edits.codes, edits.E, s.L, edited.data());
  const PoolScores pool = pool_scores_for(s.tables);
  Trouble trouble;
  const bool memory = parallel(call.threads, s.blocks, edits_bytes(s), [&](int64_t block, Scratch& scratch) {
    edits_block(call, s, edits, words.data(), edited.data(), has_n, pool, block, scratch, trouble);
  });
  return trouble.finish(call, memory);
}

}  // namespace
