// Makes the N-th statement from now on fail, once or from then on, as a broken disk or network would.
// Thread: the session's.
#pragma once

#include <soci/soci.h>

#include <string>

namespace butai::store::testing {

class FailingStatements {
 public:
  enum class Lasts { Once, FromThenOn };
  void attach(soci::session& session) { session.set_logger(soci::logger(new Watch(*this))); }
  // 0: none fails.
  void fail_at(int number, Lasts lasts = Lasts::Once) { left_ = number, lasts_ = lasts; }
  int seen() const { return seen_; }
  bool failed() const { return failed_; }
  void reset() { left_ = 0, seen_ = 0, failed_ = false; }

 private:
  class Watch final : public soci::logger_impl {
   public:
    explicit Watch(FailingStatements& owner) : owner_(owner) {}
    void start_query(const std::string&) override {
      ++owner_.seen_;
      if (owner_.left_ == 0 || --owner_.left_ > 0) return;
      if (owner_.lasts_ == Lasts::FromThenOn) owner_.left_ = 1;
      owner_.failed_ = true;
      throw soci::soci_error("the disk is broken (planted)");
    }

   private:
    soci::logger_impl* do_clone() const override { return new Watch(owner_); }
    FailingStatements& owner_;
  };

  int left_ = 0;
  Lasts lasts_ = Lasts::Once;
  int seen_ = 0;
  bool failed_ = false;
};

}  // namespace butai::store::testing
