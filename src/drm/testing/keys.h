// Keys for tests, and what a player makes of samples that were encrypted with them.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "drm/content_key.h"
#include "drm/sample_decryptor.h"
#include "drm/text.h"

namespace butai::drm::testing {

inline ContentKey content_key(TrackUse use = TrackUse::Sd) {
  ContentKey key;
  key.use = use;
  key.kid = *from_uuid("00112233-4455-6677-8899-aabbccddeeff");
  key.kid[15] = static_cast<std::uint8_t>(0xff - static_cast<int>(use));
  key.key = KeyBytes(*from_uuid("ffeeddccbbaa99887766554433221100"));
  key.constant_iv = *from_uuid("ef3d3e5cb12f6a4f14d3ad58de4e4247");
  key.ivs = std::make_shared<IvSequence>(7);
  return key;
}

inline KeyPeriodPtr key_period(media::Scheme scheme, std::uint64_t index = 1) {
  auto period = std::make_shared<KeyPeriod>();
  period->channel = "main";
  period->index = index;
  period->scheme = scheme;
  for (const TrackUse use : kTrackUses) {
    ContentKey key = content_key(use);
    key.kid[0] = static_cast<std::uint8_t>(index);
    period->keys.push_back(std::move(key));
  }
  return period;
}

// As a player would, with the key and IVs that it is told.
inline bool decrypt(std::span<std::uint8_t> sample, std::span<const media::Subsample> subsamples,
                    media::Scheme scheme, const ContentKey& key, std::uint64_t iv,
                    media::Codec codec = media::Codec::H264) {
  SampleDecryptor decryptor(codec, {scheme, key.kid, key.constant_iv}, key.key);
  return decryptor.decrypt(sample, subsamples, iv);
}

}  // namespace butai::drm::testing
