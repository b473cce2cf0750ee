// Opens what a protected channel sends, with the keys of licenses of our own, and looks whether media comes
// out: a key that does not fit is noticed by what it makes of the sound, and of the picture's NAL units.
//   1. Samples wait for the license of their key, as in a browser, up to kWaitingBytesMax.
//   2. With the key they are decrypted and counted as opened, or as garbled when no media came out.
//   3. Without one (refused, or nobody was asked) they are counted as locked.
// Flow:   Downlink (init, chunks), LicenseAsker (keys) -> Opener -> Seen
// Thread: the loop of its owner.
// Limits: kWaitingBytesMax, kKeysOpenMax.
// Spec:   ISO/IEC 14496-3:2019 clause 4.4.2.1 (raw_data_block), ITU-T H.264 (08/2021) clause 7.4.1.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>

#include "base/bytes.h"
#include "client/seen.h"
#include "drm/content_key.h"
#include "drm/sample_decryptor.h"
#include "media/box_reader.h"
#include "media/track.h"

namespace butai::client {

class Opener {
 public:
  explicit Opener(Seen& seen) : seen_(seen) {}

  // A chunk of a protected track.
  void take(const media::Track& track, const Bytes& chunk);
  void take_key(const media::KeyId& kid, const drm::KeyBytes& key);
  // There will be no key for it: what waits for it, and what still comes, stays locked.
  void refuse(const media::KeyId& kid);

 private:
  struct Waiting {
    media::Track track;
    Bytes chunk;
  };
  void open(const media::Track& track, const Bytes& chunk, const drm::KeyBytes& key);
  void lock(const Bytes& chunk);

  Seen& seen_;
  std::map<media::KeyId, drm::KeyBytes> keys_;
  std::deque<media::KeyId> oldest_first_;
  std::set<media::KeyId> refused_;
  std::map<media::KeyId, std::deque<Waiting>> waiting_;
  std::size_t waiting_bytes_ = 0;
};

// Whether these bytes can be a sample of such a track, as far as its syntax tells at a glance. Encrypted
// sound passes for one in less than half of all cases.
bool may_be_media(const media::Track& track, ByteView sample);

}  // namespace butai::client
