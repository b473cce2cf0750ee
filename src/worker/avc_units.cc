#include "worker/avc_units.h"

#include <algorithm>
#include <vector>

#include "media/limits.h"

namespace butai::worker {
namespace {

using media::NalType;

bool is_parameter_set(NalType type) { return type == NalType::Sps || type == NalType::Pps; }

// The id of a parameter set, or nothing if it cannot be read.
std::optional<std::uint32_t> id_of(ByteView nal) {
  if (media::nal_type(nal) == NalType::Sps) {
    const auto sps = media::parse_sps(nal);
    return sps ? std::optional(sps->id) : std::nullopt;
  }
  const auto pps = media::parse_pps(nal);
  return pps ? std::optional(pps->id) : std::nullopt;
}
std::optional<std::uint32_t> id_of_set(const Bytes& set) { return id_of(set); }

}  // namespace

void AvcUnits::start(ByteView extradata) {
  *this = AvcUnits();
  update(extradata);
  reconfigure();
}

void AvcUnits::update(ByteView extradata) {
  if (extradata.empty()) return;
  if (extradata[0] != 1) {
    for (const ByteView nal : media::split_start_codes(extradata)) merge(nal);
    return;
  }
  const auto config = media::parse_avc_config(extradata);
  if (!config) return;
  length_size_ = config->length_size;
  for (const auto* list : {&config->sps, &config->pps}) {
    for (const Bytes& set : *list) merge(set);
  }
}

// Some muxers describe lengths and write start codes. A length of 256 to 511 bytes looks like a start
// code (00 00 01 xx), so lengths that fit the packet exactly come first.
bool AvcUnits::has_lengths(ByteView packet) const {
  return length_size_ != 0 && media::split_lengths(packet, length_size_).has_value();
}

std::optional<media::NalUnits> AvcUnits::split(ByteView packet) const {
  if (length_size_ != 0) {
    if (auto nals = media::split_lengths(packet, length_size_)) return std::move(*nals);
    const bool start_code = packet.size() > 4 && packet[0] == 0 && packet[1] == 0 &&
                            (packet[2] == 1 || (packet[2] == 0 && packet[3] == 1));
    if (!start_code) return std::nullopt;
  }
  return media::split_start_codes(packet);
}

void AvcUnits::merge(ByteView nal) {
  const NalType type = media::nal_type(nal);
  const auto id = is_parameter_set(type) ? id_of(nal) : std::nullopt;
  if (!id) return;
  std::vector<Bytes>& list = type == NalType::Sps ? sets_.sps : sets_.pps;
  const auto same = std::ranges::find(list, id, id_of_set);
  if (same != list.end() && same->text() == as_text(nal)) return;
  sets_changed_ = true;
  if (same != list.end()) {
    *same = Bytes::copy_of(nal);
    return;
  }
  constexpr std::size_t kMost = media::kParameterSetsMax - 1;  // what fits both counts of a record
  if (list.size() >= kMost) list.erase(list.begin() + 1);
  list.push_back(Bytes::copy_of(nal));
}

// The first SPS of a configuration describes the track; it must be the one that the picture is coded by.
void AvcUnits::put_used_first(ByteView idr) {
  const auto slice = media::parse_slice_start(idr);
  if (!slice) return;
  const auto pps = std::ranges::find(sets_.pps, std::optional(slice->pps_id), id_of_set);
  if (pps == sets_.pps.end()) return;
  const auto used = std::optional(media::parse_pps(*pps)->sps_id);
  const auto sps = std::ranges::find(sets_.sps, used, id_of_set);
  if (sps == sets_.sps.end() || sps == sets_.sps.begin()) return;
  std::rotate(sets_.sps.begin(), sps, sps + 1);
  sets_changed_ = true;
}

bool AvcUnits::reconfigure() {
  if (!sets_changed_) return false;
  const auto record = media::make_avc_config(sets_);
  if (!record) return false;
  const auto sps = media::sps_of(*record);
  if (!sps) return false;
  sets_changed_ = false;
  config_ = *record;
  sps_ = *sps;
  return true;
}

std::optional<AvcUnits::Unit> AvcUnits::take(ByteView packet, const Bytes* owner) {
  const auto nals = split(packet);
  if (!nals) return std::nullopt;
  Unit unit;
  bool has_slice = false, as_it_is = length_size_ == 4 && has_lengths(packet);
  std::size_t lengths_bytes = 0;
  ByteView idr;
  for (const ByteView nal : *nals) {
    const NalType type = media::nal_type(nal);
    if (type == NalType::Idr && idr.empty()) idr = nal;
    unit.recovers = unit.recovers || (type == NalType::Sei && media::has_recovery_point(nal));
    has_slice = has_slice || (type >= NalType::Slice && type <= NalType::Idr);
    merge(nal);
    lengths_bytes += 4 + nal.size();
    as_it_is = as_it_is && type != NalType::Delimiter && !is_parameter_set(type);
  }
  if (!has_slice) return std::nullopt;
  unit.key = !idr.empty();
  unit.recovers = unit.recovers && !unit.key;
  // New sets inside a group of pictures stay where they are: an init segment starts at a key frame.
  const bool strip_sets = unit.key || !sets_changed_;
  if (unit.key) {
    put_used_first(idr);
    unit.configured = reconfigure();
  }
  if (as_it_is && lengths_bytes == packet.size()) {
    unit.data = owner != nullptr ? *owner : Bytes::copy_of(packet);
    return unit;
  }
  media::NalUnits kept;
  for (const ByteView nal : *nals) {
    const NalType type = media::nal_type(nal);
    if (type == NalType::Delimiter || (strip_sets && is_parameter_set(type)) || nal.empty())
      continue;
    kept.push_back(nal);
  }
  unit.data = media::join_lengths(kept);
  return unit;
}

void AvcUnits::describe(media::Track& track) const {
  track.id = media::kVideoTrack;
  track.codec = media::Codec::H264;
  track.config = config_;
  track.width = sps_.width;
  track.height = sps_.height;
  if (sps_.frame_rate.num > 0) track.frame_rate = sps_.frame_rate;
}

}  // namespace butai::worker
