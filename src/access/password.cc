#include "access/password.h"

#include <sodium.h>

#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "access/limits.h"
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

void forget(std::string& password) { sodium_memzero(password.data(), password.size()); }

}  // namespace

struct Passwords::Impl {
  std::mutex mutex;  // hands jobs from the loops to the threads
  std::condition_variable wake;
  std::deque<Task> queue;
  bool stopping = false;
  std::vector<std::thread> threads;

  bool submit(Task& task) {
    const std::lock_guard lock(mutex);
    if (queue.size() >= kPasswordQueueMax) return false;
    queue.push_back(std::move(task));
    wake.notify_one();
    return true;
  }
  void work() {
    while (true) {
      std::unique_lock lock(mutex);
      wake.wait(lock, [this] { return stopping || !queue.empty(); });
      if (queue.empty()) return;
      Task task = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      task();
    }
  }
};

Passwords::Passwords() : impl_(std::make_unique<Impl>()) {
  if (sodium_init() < 0) log::error("libsodium could not start; no password can be checked");
  for (std::size_t i = 0; i < kPasswordThreads; ++i) {
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
