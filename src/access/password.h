// Password hashes: Argon2id on threads of its own, because one costs 20 ms and 19 MiB.
//   hash()   for a new password
//   check()  against a stored hash; with an empty hash (nobody has that name) it costs the same
//            and the answer is no
// Passwords never starve the picture: the threads together take at most `cores` of the machine, measured in
// processor time, and never push another thread off its core (SCHED_BATCH). What they did not use while nobody
// signed in is saved up to kPasswordBurst, so that a few people wait for nothing.
// Flow:   Accounts -> bounded queue -> a thread for each started core -> back to the asking loop
// Thread: called from any; `done` is posted to `home`, exactly once. Must die before `home`.
// Limits: kPasswordQueueMax (full: Busy, which is 503), kPasswordBytesMax.
// Spec:   RFC 9106 (Argon2id); parameters as in access/limits.h.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "access/limits.h"
#include "base/executor.h"
#include "base/metrics.h"

namespace butai::access {

enum class PasswordFault { Busy, TooLong };

class Passwords {
 public:
  using HashDone = std::move_only_function<void(std::expected<std::string, PasswordFault>)>;
  using CheckDone = std::move_only_function<void(std::expected<bool, PasswordFault>)>;

  // `cores`: more than 0, at most kPasswordCoresMax.
  explicit Passwords(double cores = kPasswordCoresMax, Metrics* metrics = nullptr);
  ~Passwords();
  Passwords(const Passwords&) = delete;
  Passwords& operator=(const Passwords&) = delete;

  void hash(std::string password, Executor& home, HashDone done);
  void check(std::string password, std::string stored_hash, Executor& home, CheckDone done);

  // On the calling thread: for commands, never on a loop. Empty when memory is short.
  static std::string hash_here(const std::string& password);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace butai::access
