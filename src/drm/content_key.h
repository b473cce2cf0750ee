// A content key: sixteen bytes that are wiped when they are dropped, and the key periods that keys
// belong to.
// Flow:   keys (vault, SPEKE) -> KeyProvider -> KeySchedule -> TrackProtector, licenses
// Thread: immutable and shared, but for ContentKey::ivs, which belongs to the channel's loop.
// Spec:   DESIGN decision 11.
#pragma once

#include <openssl/crypto.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "media/protection.h"

namespace butai::drm {

class KeyBytes {
 public:
  static constexpr std::size_t kSize = 16;
  KeyBytes() = default;
  explicit KeyBytes(const std::array<std::uint8_t, kSize>& bytes) : bytes_(bytes) {}
  KeyBytes(const KeyBytes&) = default;
  KeyBytes& operator=(const KeyBytes&) = default;
  ~KeyBytes() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

  const std::array<std::uint8_t, kSize>& view() const { return bytes_; }
  std::array<std::uint8_t, kSize>& fill() { return bytes_; }
  friend bool operator==(const KeyBytes&, const KeyBytes&) = default;

 private:
  std::array<std::uint8_t, kSize> bytes_{};
};

// The IVs of cenc under one key, over all tracks and presentations that use it: each is given out
// once. A key is never used by two runs of the server, so a restart cannot repeat one.
class IvSequence {
 public:
  explicit IvSequence(std::uint64_t first) : next_(first) {}
  std::uint64_t take() { return next_++; }

 private:
  std::uint64_t next_;
};

// Sound, and pictures of two sizes, have keys of their own: real systems ask more of a device for
// the better picture (SPEKE 2.0: AUDIO, SD up to 589824 pixels, HD above).
enum class TrackUse : std::uint8_t { Audio, Sd, Hd };
inline constexpr std::array kTrackUses = {TrackUse::Audio, TrackUse::Sd, TrackUse::Hd};
std::string_view name_of(TrackUse use);  // AUDIO, SD, HD

struct ContentKey {
  TrackUse use = TrackUse::Audio;
  media::KeyId kid{};
  KeyBytes key;
  std::array<std::uint8_t, 16> constant_iv{};
  std::shared_ptr<IvSequence> ivs;
  std::vector<media::KeySystemSignal> signals;
};

// From one segment on, until the next: one key per use.
struct KeyPeriod {
  std::string channel;
  std::uint64_t index = 0;  // rises by one, over restarts too
  media::Scheme scheme = media::Scheme::Cbcs;
  std::vector<ContentKey> keys;  // one of each use

  const ContentKey& key_for(TrackUse use) const;
};
using KeyPeriodPtr = std::shared_ptr<const KeyPeriod>;

}  // namespace butai::drm
