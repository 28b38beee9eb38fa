#pragma once
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace tunegate {

/// Objects that are dear to make and that nobody uses at the moment, for threads that need one each for a while.
template <class T>
class SparePool {
 public:
  /// A spare one, or what make() makes where there is none.
  template <class Make>
  std::unique_ptr<T> take(Make make) {
    {
      const std::lock_guard lock(mutex_);
      if (!spare_.empty()) {
        auto object = std::move(spare_.back());
        spare_.pop_back();
        return object;
      }
    }
    return make();
  }

  void give_back(std::unique_ptr<T> object) {
    const std::lock_guard lock(mutex_);
    spare_.push_back(std::move(object));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<T>> spare_;
};

}  // namespace tunegate
