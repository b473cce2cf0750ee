// Stream keys: one opaque word that an encoder's "stream key" field takes, instead of a channel and a
// token. A key may publish on its channel until it is revoked.
//   sk_ + 192 random bits; only their SHA-256 is stored, so the word is shown once
// Flow:   POST /api/v1/channels/{channel}/keys -> make; RTMP publish -> find
// Thread: any loop; answers are posted to `home`.
// Limits: kPublishKeyBytesMax, kPublishKeysMax per channel.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/random.h"
#include "store/database.h"

namespace butai::access {

struct PublishKey {
  std::string id;  // 8 characters; names the key without being it
  std::string channel;
  Utc created;

  // Who publishes with it: two encoders with one key are one publisher that came back.
  std::string subject() const { return "key:" + id; }
};

enum class KeyFault : std::uint8_t { Busy, Broken, TooMany };
std::string_view sentence(KeyFault fault);

class PublishKeys {
 public:
  PublishKeys(store::Database& database, const Clock& clock, Random& random)
      : database_(database), clock_(clock), random_(random) {}

  struct Made {
    PublishKey key;
    std::string text;  // shown once
  };
  template <class T>
  using Done = std::move_only_function<void(std::expected<T, KeyFault>)>;

  void make(const std::string& channel, Executor& home, Done<Made> done);
  void list(const std::string& channel, Executor& home, Done<std::vector<PublishKey>> done);
  // The key that is no more, or nothing when the channel has none of that id.
  void revoke(const std::string& channel, const std::string& id, Executor& home,
              Done<std::optional<PublishKey>> done);
  // Whose key this is; nothing: nobody's.
  void find(std::string_view text, Executor& home, Done<std::optional<PublishKey>> done);

 private:
  template <class T>
  void run(Executor& home, std::move_only_function<T(store::Session&)> work, Done<T> done);

  store::Database& database_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace butai::access
