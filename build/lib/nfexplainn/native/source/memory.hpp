// Scratch memory that survives calls, and threads that do not.
#pragma once
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

namespace {

// One thread's working memory: parts are taken from one aligned block, which is kept for the next
// call (fresh pages from the system would cost as much as the arithmetic).
class Scratch {
 public:
  void reserve(size_t bytes) {
    used_ = 0;
    if (bytes <= size_) return;
    std::free(block_);
    size_ = (bytes + 4095) / 4096 * 4096;
    block_ = static_cast<char*>(std::aligned_alloc(4096, size_));
    if (!block_) {
      size_ = 0;
      throw std::bad_alloc();
    }
  }
  template <typename T>
  T* take(size_t n) {
    char* at = block_ + used_;
    used_ += (n * sizeof(T) + 63) / 64 * 64;
    return used_ <= size_ ? reinterpret_cast<T*>(at) : throw std::bad_alloc();
  }
  // What is taken while a mark lives is free again after it.
  class Mark {
   public:
    explicit Mark(Scratch& scratch) : scratch_(scratch), used_(scratch.used_) {}
    ~Mark() { scratch_.used_ = used_; }

   private:
    Scratch& scratch_;
    size_t used_;
  };
  ~Scratch() { std::free(block_); }

 private:
  char* block_ = nullptr;
  size_t size_ = 0, used_ = 0;
};

class ScratchShelf {
 public:
  Scratch* borrow() {
    const std::lock_guard<std::mutex> guard(mutex_);
    if (free_.empty()) return new Scratch();
    Scratch* s = free_.back();
    free_.pop_back();
    return s;
  }
  void give_back(Scratch* s) {
    const std::lock_guard<std::mutex> guard(mutex_);
    free_.push_back(s);
  }

 private:
  std::mutex mutex_;
  std::vector<Scratch*> free_;
};

inline ScratchShelf& shelf() {
  static ScratchShelf* s = new ScratchShelf();  // never destroyed: threads may outlive main
  return *s;
}

// work(item, scratch) for every item, on up to `threads` threads, each with `bytes` of scratch.
// An item is done by one thread alone, so that results do not depend on the number of threads.
// False if memory ran out.
template <typename Work>
bool parallel(int threads, int64_t items, size_t bytes, const Work& work) {
  std::atomic<int64_t> next{0};
  std::atomic<bool> failed{false};
  const auto run = [&]() {
    Scratch* scratch = nullptr;
    try {
      scratch = shelf().borrow();
      for (int64_t i; !failed && (i = next++) < items;) {
        scratch->reserve(bytes);
        work(i, *scratch);
      }
    } catch (const std::bad_alloc&) {
      failed = true;
    }
    if (scratch) shelf().give_back(scratch);
  };
  std::vector<std::thread> others;
  for (int64_t t = 1; t < threads && t < items; t++) {
    try {
      others.emplace_back(run);
    } catch (const std::system_error&) {
      break;  // no more threads to be had: those that there are do the work
    }
  }
  run();
  for (std::thread& t : others) t.join();
  return !failed;
}

}  // namespace
