#include "drm/track_protector.h"

#include <cassert>
#include <utility>

namespace butai::drm {

TrackUse use_of(const media::Track& track) {
  constexpr std::uint32_t kSdPixels = 589'824;  // 1024 x 576; SPEKE 2.0
  if (track.codec == media::Codec::Aac) return TrackUse::Audio;
  return std::uint32_t{track.width} * track.height <= kSdPixels ? TrackUse::Sd : TrackUse::Hd;
}

media::Track protected_track(media::Track track, const KeyPeriod& period) {
  const ContentKey& key = period.key_for(use_of(track));
  track.protection = media::TrackProtection{period.scheme, key.kid, key.constant_iv};
  return track;
}

std::expected<TrackProtector, DrmError> TrackProtector::make(const media::Track& track,
                                                             KeyPeriodPtr period) {
  const ContentKey& key = period->key_for(use_of(track));
  auto encryptor = SampleEncryptor::make(track, period->scheme, key);
  if (!encryptor) return std::unexpected(encryptor.error());
  return TrackProtector(track, std::move(period), std::move(*encryptor));
}

TrackProtector::TrackProtector(media::Track track, KeyPeriodPtr period, SampleEncryptor encryptor)
    : track_(protected_track(std::move(track), *period)),
      period_(std::move(period)),
      ivs_(period_->key_for(use_of(track_)).ivs),
      encryptor_(std::move(encryptor)) {
  auxiliary_.scheme = period_->scheme;
}

std::expected<void, DrmError> TrackProtector::add(const media::Frame& frame) {
  const std::size_t before = auxiliary_.subsamples.size();
  if (auto planned = encryptor_.plan(frame.data, auxiliary_.subsamples); !planned) return planned;
  const std::uint64_t iv = period_->scheme == media::Scheme::Cenc ? ivs_->take() : 0;
  auxiliary_.samples.push_back({iv, auxiliary_.subsamples.size() - before});
  return {};
}

Bytes TrackProtector::write(std::span<const media::Frame> frames, std::uint32_t sequence) {
  assert(frames.size() == auxiliary_.samples.size());
  media::ChunkLayout chunk = media::lay_out_chunk(track_, frames, sequence, auxiliary_);
  std::span<std::uint8_t> left = std::span(chunk.bytes).subspan(chunk.media);
  std::span<const media::Subsample> subsamples = auxiliary_.subsamples;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const auto& sample = auxiliary_.samples[i];
    encryptor_.encrypt(left.first(frames[i].data.size()), subsamples.first(sample.subsamples),
                       sample.iv);
    left = left.subspan(frames[i].data.size());
    subsamples = subsamples.subspan(sample.subsamples);
  }
  auxiliary_.clear();
  return Bytes(std::move(chunk.bytes));
}

}  // namespace butai::drm
