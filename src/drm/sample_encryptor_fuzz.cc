// A publisher's pictures before encryption: whatever the bytes, either the sample is refused, or its
// plan covers it whole, no slice data beyond the headers stays clear by plan, and an independent
// decryptor gives the sample back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "drm/sample_encryptor.h"
#include "drm/testing/keys.h"
#include "media/testing/tracks.h"

namespace {

using namespace butai;

void must(bool truth) {
  if (!truth) std::abort();
}

void sound_trip(ByteView input, media::Scheme scheme) {
  media::Track track;
  track.codec = media::Codec::Aac;
  const drm::ContentKey key = drm::testing::content_key(drm::TrackUse::Audio);
  auto encryptor = drm::SampleEncryptor::make(track, scheme, key);
  must(encryptor.has_value());
  std::vector<std::uint8_t> sample(input.begin(), input.end());
  encryptor->encrypt(sample, {}, 3);
  must(drm::testing::decrypt(sample, {}, scheme, key, 3, media::Codec::Aac));
  must(as_text(ByteView(sample)) == as_text(input));
}

void round_trip(ByteView input, media::Scheme scheme) {
  media::Track track = media::testing::video_track();
  track.config = media::testing::from_hex(media::testing::kAvcHigh30);
  const drm::ContentKey key = drm::testing::content_key();
  auto encryptor = drm::SampleEncryptor::make(track, scheme, key);
  must(encryptor.has_value());
  std::vector<media::Subsample> plan;
  if (!encryptor->plan(input, plan)) return must(plan.empty());
  std::size_t covered = 0;
  for (const auto& [clear, encrypted] : plan) {
    must(scheme == media::Scheme::Cbcs || encrypted % 16 == 0);
    covered += clear + encrypted;
  }
  must(covered == input.size());
  std::vector<std::uint8_t> sample(input.begin(), input.end());
  encryptor->encrypt(sample, plan, 3);
  must(drm::testing::decrypt(sample, plan, scheme, key, 3));
  must(as_text(ByteView(sample)) == as_text(input));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  for (const media::Scheme scheme : {media::Scheme::Cbcs, media::Scheme::Cenc}) {
    round_trip({bytes, size}, scheme);
    sound_trip({bytes, size}, scheme);
  }
  return 0;
}
