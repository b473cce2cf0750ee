#include "keys/built_in.h"

#include <utility>

namespace butai::keys {

std::vector<drm::ContentKey> make_keys(Random& random) {
  std::vector<drm::ContentKey> keys;
  for (const drm::TrackUse use : drm::kTrackUses) {
    drm::ContentKey key;
    key.use = use;
    random.fill(key.kid);
    random.fill(key.key.fill());
    random.fill(key.constant_iv);
    // Version and variant of a random UUID (RFC 4122 clause 4.4).
    key.kid[6] = static_cast<std::uint8_t>((key.kid[6] & 0x0f) | 0x40);
    key.kid[8] = static_cast<std::uint8_t>((key.kid[8] & 0x3f) | 0x80);
    std::uint64_t first = 0;
    for (int i = 0; i < 2; ++i) first = first << 32 | random.number(std::uint64_t{1} << 32);
    key.ivs = std::make_shared<drm::IvSequence>(first);
    keys.push_back(std::move(key));
  }
  return keys;
}

void BuiltInKeys::fetch(const drm::KeyRequest& request, Executor& home, Done done) {
  vault_.begin(
      request.channel, request.scheme, home,
      [this, request, &home, done = std::move(done)](Expected<std::uint64_t> index) mutable {
        if (!index) return done(std::unexpected(index.error()));
        auto period = std::make_shared<drm::KeyPeriod>();
        period->channel = request.channel;
        period->index = *index;
        period->scheme = request.scheme;
        period->keys = make_keys(random_);
        for (drm::ContentKey& key : period->keys) {
          key.signals = drm::make_signals(key, request.scheme, systems_);
        }
        vault_.keep(period, Maker::BuiltIn, home,
                    [period, done = std::move(done)](Expected<void> kept) mutable {
                      if (!kept) return done(std::unexpected(kept.error()));
                      done(period);
                    });
      });
}

}  // namespace butai::keys
