// Links that prove something, sent by mail: good once, until their time is over. The database has an id; what
// stands in the link is that id sealed, made when the letter is written, so a copy of the database opens nothing.
// Thread: values; functions with an Sql are the database's, inside a transaction.
// Limits: kResetLife, kVerifyLife.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "access/secret.h"
#include "base/random.h"
#include "base/time.h"
#include "store/sql.h"

namespace butai::access {

class Proofs {
 public:
  enum class Use : std::uint8_t { Verify, Reset };
  struct Proof {
    std::string account;
    std::string address;  // that it was sent to
  };

  Proofs(const Secret& secret, Random& random)
      : key_(secret.derived("butai proof by mail 1")), random_(random) {}

  // A new one; its id goes into the letter.
  std::string write(store::Sql& sql, Use use, std::string_view account, std::string_view address,
                    Utc until);
  std::string sealed(std::string_view id) const;
  // Once: it is gone then.
  std::optional<Proof> take(store::Sql& sql, Use use, std::string_view sealed, Utc now) const;
  // Every other link of the account is dead.
  static void drop(store::Sql& sql, std::string_view account);

 private:
  Key32 key_;
  Random& random_;
};

}  // namespace butai::access
