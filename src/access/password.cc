#include "access/password.h"

#include <pthread.h>
#include <sodium.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "access/limits.h"
#include "base/clock.h"
#include "base/log.h"

namespace butai::access {
namespace {

bool matches(const std::string& stored_hash, const std::string& password) {
  if (stored_hash.empty()) {
    Passwords::hash_here(password);  // the time it would have taken
    return false;
  }
  return crypto_pwhash_str_verify(stored_hash.c_str(), password.data(), password.size()) == 0;
}

double thread_cpu_seconds() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

void forget(std::string& password) { sodium_memzero(password.data(), password.size()); }

}  // namespace

struct Passwords::Impl {
  const SystemClock clock;  // threads wait for real time
  const double cores;
  prometheus::Counter* hashes = nullptr;
  prometheus::Counter* cpu_seconds = nullptr;
  prometheus::Counter* wanted_seconds = nullptr;

  std::mutex mutex;  // hands jobs from the loops to the threads
  std::condition_variable wake;
  std::deque<Task> queue;
  bool stopping = false;
  std::size_t running = 0;
  double left = burst();  // seconds of processor time that may be used now
  Steady filled = clock.steady(), wanted = clock.steady();
  std::vector<std::thread> threads;

  Impl(double of, Metrics* metrics) : cores(of) {
    if (metrics == nullptr) return;
    hashes = &metrics->counter("butai_password_hashes_total", "Passwords hashed or checked.");
    cpu_seconds = &metrics->counter("butai_password_cpu_seconds_total",
                                    "Processor time that hashing passwords took.");
    wanted_seconds = &metrics->counter("butai_password_wanted_seconds_total",
                                       "Time in which at least one password was to be hashed.");
    metrics->gauge("butai_password_cores", "Cores that hashing passwords may take.").Set(cores);
  }

  static double seconds_between(Steady from, Steady to) {
    return std::chrono::duration<double>(to - from).count();
  }
  static double burst() { return std::chrono::duration<double>(kPasswordBurst).count(); }

  bool submit(Task& task) {
    const std::lock_guard lock(mutex);
    if (queue.size() >= kPasswordQueueMax) return false;
    if (queue.empty() && running == 0) wanted = clock.steady();
    queue.push_back(std::move(task));
    wake.notify_one();
    return true;
  }
  void refill() {
    const Steady at = clock.steady();
    left = std::min(burst(), left + cores * seconds_between(filled, at));
    filled = at;
  }
  // Whoever stops the pool waits for no budget.
  void wait_for_budget(std::unique_lock<std::mutex>& lock) {
    for (refill(); left <= 0 && !stopping; refill()) {
      wake.wait_for(lock, std::chrono::duration<double>(-left / cores + 0.0005));
    }
  }
  void work() {
    const sched_param none{};
    pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
    while (true) {
      std::unique_lock lock(mutex);
      wake.wait(lock, [this] { return stopping || !queue.empty(); });
      wait_for_budget(lock);
      if (queue.empty()) {
        if (stopping) return;
        continue;  // another thread took it
      }
      Task task = std::move(queue.front());
      queue.pop_front();
      ++running;
      lock.unlock();
      const double before = thread_cpu_seconds();
      task();
      const double used = thread_cpu_seconds() - before;
      lock.lock();
      --running;
      left -= used;
      const Steady at = clock.steady();
      if (hashes != nullptr) {
        hashes->Increment();
        cpu_seconds->Increment(used);
        wanted_seconds->Increment(seconds_between(wanted, at));
      }
      wanted = at;
    }
  }
};

Passwords::Passwords(double cores, Metrics* metrics)
    : impl_(std::make_unique<Impl>(std::clamp(cores, 0.05, kPasswordCoresMax), metrics)) {
  if (sodium_init() < 0) log::error("libsodium could not start; no password can be checked");
  const auto machine = std::max(1U, std::thread::hardware_concurrency());
  const auto threads = std::min<double>(std::ceil(impl_->cores), machine);
  for (int i = 0; i < static_cast<int>(threads); ++i) {
    impl_->threads.emplace_back([this] { impl_->work(); });
  }
}

Passwords::~Passwords() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->wake.notify_all();
  for (std::thread& thread : impl_->threads) thread.join();
}

std::string Passwords::hash_here(const std::string& password) {
  std::array<char, crypto_pwhash_STRBYTES> text{};
  if (crypto_pwhash_str_alg(text.data(), password.data(), password.size(), kPasswordPasses,
                            kPasswordMemoryBytes, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return {};
  }
  return text.data();
}

void Passwords::hash(std::string password, Executor& home, HashDone done) {
  const auto answer = [&home](HashDone to, std::expected<std::string, PasswordFault> result) {
    home.post(
        [to = std::move(to), result = std::move(result)]() mutable { to(std::move(result)); });
  };
  if (password.size() > kPasswordBytesMax) {
    return answer(std::move(done), std::unexpected(PasswordFault::TooLong));
  }
  auto shared = std::make_shared<HashDone>(std::move(done));
  Task task = [password = std::move(password), shared, answer]() mutable {
    std::string text = hash_here(password);
    forget(password);
    if (text.empty()) return answer(std::move(*shared), std::unexpected(PasswordFault::Busy));
    answer(std::move(*shared), std::move(text));
  };
  if (!impl_->submit(task)) answer(std::move(*shared), std::unexpected(PasswordFault::Busy));
}

void Passwords::check(std::string password, std::string stored_hash, Executor& home,
                      CheckDone done) {
  const auto answer = [&home](CheckDone to, std::expected<bool, PasswordFault> result) {
    home.post([to = std::move(to), result]() mutable { to(result); });
  };
  if (password.size() > kPasswordBytesMax) {
    return answer(std::move(done), std::unexpected(PasswordFault::TooLong));
  }
  auto shared = std::make_shared<CheckDone>(std::move(done));
  Task task = [password = std::move(password), stored_hash = std::move(stored_hash), shared,
               answer]() mutable {
    const bool same = matches(stored_hash, password);
    forget(password);
    answer(std::move(*shared), same);
  };
  if (!impl_->submit(task)) answer(std::move(*shared), std::unexpected(PasswordFault::Busy));
}

}  // namespace butai::access
