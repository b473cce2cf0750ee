// What an admitted publisher sends as H.264, in our own process: configurations and access units of either
// wrapping, in any order. The input is a list of acts: what (1 byte), how long (2 bytes), the bytes.
//   A unit has a slice, no delimiter, no empty NAL unit, and slices and SEI as they came, in their order.
//   A key frame has no parameter sets left in it; they are in the configuration, which can be read, is
//   written the same again, and begins with the SPS that the picture is coded by.
//   What came out goes through unchanged, as the same bytes, where that configuration was told.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "media/limits.h"
#include "worker/avc_units.h"

namespace {

using namespace butai;
using namespace butai::worker;
using media::NalType;

void must(bool truth) {
  if (!truth) std::abort();
}

bool is_slice(ByteView nal) {
  return media::nal_type(nal) >= NalType::Slice && media::nal_type(nal) <= NalType::Idr;
}
bool is_set(ByteView nal) {
  return media::nal_type(nal) == NalType::Sps || media::nal_type(nal) == NalType::Pps;
}

// The SPS of this record that a key frame with this slice is coded by.
std::optional<media::Sps> used_by(ByteView idr, const media::AvcConfig& config) {
  const auto slice = media::parse_slice_start(idr);
  for (const Bytes& set : config.pps) {
    const auto pps = media::parse_pps(set);
    if (!slice || pps->id != slice->pps_id) continue;
    for (const Bytes& other : config.sps) {
      if (const auto sps = media::parse_sps(other); sps->id == pps->sps_id) return *sps;
    }
  }
  return std::nullopt;
}

void check_configuration(const AvcUnits& units) {
  if (!units.ready()) return;
  const auto config = media::parse_avc_config(units.config());
  must(config && config->length_size == 4);
  must(config->sps.size() < media::kParameterSetsMax &&
       config->pps.size() < media::kParameterSetsMax);
  must(media::make_avc_config(*config)->text() == units.config().text());
  const auto sps = media::sps_of(units.config());
  must(sps && sps->width == units.sps().width && sps->height == units.sps().height);
  media::Track track;
  units.describe(track);
  must(track.width == sps->width && track.config.text() == units.config().text());
}

void check_key(const AvcUnits& units, const media::NalUnits& nals, const Bytes& data) {
  if (!units.ready()) return;
  const auto config = media::parse_avc_config(units.config());
  const auto idr = std::ranges::find(nals, NalType::Idr, media::nal_type);
  if (const auto sps = used_by(*idr, *config)) must(sps->id == units.sps().id);
  AvcUnits next;
  next.start(units.config());
  must(next.ready());
  const auto again = next.take(data);
  must(again && again->key && again->data.data() == data.data());
}

void check(const AvcUnits& units, const AvcUnits::Unit& unit) {
  const auto nals = media::split_lengths(unit.data);
  must(nals && std::ranges::any_of(*nals, is_slice));
  bool key = false;
  for (const ByteView nal : *nals) {
    must(!nal.empty() && media::nal_type(nal) != NalType::Delimiter);
    must(!unit.key || !is_set(nal));
    key = key || media::nal_type(nal) == NalType::Idr;
  }
  must(key == unit.key && !(unit.recovers && unit.key));
  must(!unit.configured || (unit.key && units.ready()));
  check_configuration(units);
  if (unit.key) check_key(units, *nals, unit.data);
}

// Slices and SEI of a packet whose wrapping is known.
std::vector<std::string> content_of(const media::NalUnits& nals) {
  std::vector<std::string> content;
  for (const ByteView nal : nals) {
    if (is_slice(nal) || media::nal_type(nal) == NalType::Sei) content.emplace_back(as_text(nal));
  }
  return content;
}

void check_content(ByteView packet, const AvcUnits::Unit& unit) {
  const auto came_out = content_of(media::split_lengths(unit.data).value());
  bool same = content_of(media::split_start_codes(packet)) == came_out;
  for (const std::size_t size : {1, 2, 4}) {
    const auto nals = media::split_lengths(packet, size);
    same = same || (nals && content_of(*nals) == came_out);
  }
  must(same);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  ByteView input{bytes, size};
  AvcUnits units;
  while (input.size() >= 3) {
    const std::uint8_t act = input[0] % 4;
    const std::size_t length =
        std::min(input.size() - 3, std::size_t{input[1]} << 8 | std::size_t{input[2]});
    const ByteView part = input.subspan(3, length);
    input = input.subspan(3 + length);
    if (act == 0) {
      units.start(part);
    } else if (act == 1) {
      units.update(part);
    } else {
      AvcUnits twin = units;
      const Bytes owner = Bytes::copy_of(part);
      const auto unit = units.take(owner), copied = twin.take(part);
      must(unit.has_value() == copied.has_value());
      if (!unit) continue;
      must(unit->data.text() == copied->data.text() && unit->configured == copied->configured);
      check(units, *unit);
      check_content(part, *unit);
    }
    check_configuration(units);
  }
  return 0;
}
