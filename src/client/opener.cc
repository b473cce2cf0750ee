#include "client/opener.h"

#include <utility>
#include <vector>

#include "client/limits.h"
#include "media/aac.h"
#include "media/bit_reader.h"
#include "media/h264.h"

namespace butai::client {
namespace {

// No NAL unit has 00 00 00, 00 00 01 or 00 00 02 in it.
bool has_start_code(ByteView nal) {
  for (std::size_t i = 2; i < nal.size(); ++i) {
    if (nal[i] <= 2 && nal[i - 1] == 0 && nal[i - 2] == 0) return true;
  }
  return false;
}

bool may_be_picture(ByteView sample) {
  const auto nals = media::split_lengths(sample);
  if (!nals) return false;
  for (const ByteView nal : *nals) {
    if (nal[0] >> 7 != 0 || has_start_code(nal)) return false;
  }
  return true;
}

// The first element of a raw_data_block: what it may be with so many channels, and its reserved bit.
bool may_be_sound(ByteView config, ByteView sample) {
  const auto known = media::parse_aac_config(config);
  const int channels = known ? known->channels : 0;
  constexpr std::uint32_t kSingle = 0, kPair = 1, kCoupling = 2, kLow = 3, kEnd = 7;
  media::BitReader bits(sample);
  const std::uint32_t element = bits.bits(3);
  bits.skip(4);  // element_instance_tag
  const bool plain = channels == 1 || channels == 2;
  if (!bits.ok() || element == kEnd || element == kCoupling) return false;
  if (plain && (element == kLow || element == (channels == 1 ? kPair : kSingle))) return false;
  if (element != kSingle && element != kPair) return true;
  const bool common_window = element == kPair && bits.flag();
  if (!common_window) bits.skip(8);  // global_gain
  return !bits.flag() && bits.ok();  // ics_reserved_bit
}

}  // namespace

bool may_be_media(const media::Track& track, ByteView sample) {
  return track.codec == media::Codec::H264 ? may_be_picture(sample)
                                           : may_be_sound(track.config, sample);
}

void Opener::take(const media::Track& track, const Bytes& chunk) {
  const media::KeyId& kid = track.protection->kid;
  if (const auto key = keys_.find(kid); key != keys_.end()) return open(track, chunk, key->second);
  if (refused_.contains(kid) || waiting_bytes_ + chunk.size() > kWaitingBytesMax) {
    return lock(chunk);
  }
  waiting_bytes_ += chunk.size();
  waiting_[kid].push_back({track, chunk});
}

void Opener::take_key(const media::KeyId& kid, const drm::KeyBytes& key) {
  refused_.erase(kid);
  if (keys_.insert_or_assign(kid, key).second) {
    oldest_first_.push_back(kid);
    if (oldest_first_.size() > kKeysOpenMax) {
      keys_.erase(oldest_first_.front());
      oldest_first_.pop_front();
    }
  }
  for (const Waiting& each : std::exchange(waiting_[kid], {})) {
    waiting_bytes_ -= each.chunk.size();
    open(each.track, each.chunk, key);
  }
  waiting_.erase(kid);
}

void Opener::refuse(const media::KeyId& kid) {
  if (keys_.contains(kid)) return;
  if (refused_.size() < kKeysOpenMax) refused_.insert(kid);
  for (const Waiting& each : std::exchange(waiting_[kid], {})) {
    waiting_bytes_ -= each.chunk.size();
    lock(each.chunk);
  }
  waiting_.erase(kid);
}

void Opener::lock(const Bytes& chunk) {
  if (const auto parsed = media::parse_chunk(chunk)) seen_.locked += parsed->samples.size();
}

void Opener::open(const media::Track& track, const Bytes& chunk, const drm::KeyBytes& key) {
  const auto parsed = media::parse_chunk(chunk);
  if (!parsed) return;
  const auto told = media::read_auxiliary(*parsed, track.protection->scheme);
  if (!told) {
    seen_.garbled += parsed->samples.size();
    return;
  }
  drm::SampleDecryptor decryptor(track.codec, *track.protection, key);
  std::span<const media::Subsample> subsamples = told->subsamples;
  for (std::size_t i = 0; i < parsed->samples.size(); ++i) {
    const auto& [iv, count] = told->samples[i];
    const ByteView encrypted = parsed->samples[i].bytes;
    std::vector<std::uint8_t> sample(encrypted.begin(), encrypted.end());
    const bool opened =
        decryptor.decrypt(sample, subsamples.first(count), iv) && may_be_media(track, sample);
    ++(opened ? seen_.opened : seen_.garbled);
    subsamples = subsamples.subspan(count);
  }
}

}  // namespace butai::client
