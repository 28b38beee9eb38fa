#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <future>
#include <mutex>
#include <vector>

namespace tunegate {

/// Calls work(chunk) once for each chunk below `chunks`, in up to `threads` threads that take the next one in turn;
/// make_work() makes the work of one thread, with what it owns. Of several exceptions the one of the first chunk
/// reaches the caller, whatever the threads did: all chunks before it were taken, and end before this returns.
template <class MakeWork>
void for_each_chunk(std::size_t chunks, std::size_t threads, const MakeWork& make_work) {
  if (chunks == 0) return;
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  std::size_t failed = 0;
  const auto run = [&] {
    std::size_t chunk = 0;
    try {
      auto work = make_work();
      while ((chunk = next.fetch_add(1)) < chunks) work(chunk);
    } catch (...) {
      next = chunks;
      const std::lock_guard lock(mutex);
      if (failure && failed < chunk) return;
      failure = std::current_exception();
      failed = chunk;
    }
  };
  {
    std::vector<std::future<void>> others;  // wait for their threads when they go
    for (std::size_t i = 1; i < std::min(threads, chunks); ++i) others.push_back(std::async(std::launch::async, run));
    run();
  }
  if (failure) std::rethrow_exception(failure);
}

/// What the chunks found, in their order; empties `parts`.
template <class T>
std::vector<T> concatenate(std::vector<std::vector<T>>& parts) {
  std::size_t size = 0;
  for (const auto& part : parts) size += part.size();
  std::vector<T> all;
  all.reserve(size);
  for (auto& part : parts) {
    all.insert(all.end(), part.begin(), part.end());
    std::vector<T>().swap(part);
  }
  return all;
}

}  // namespace tunegate
