#include "package/hls_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "package/captions_writer.h"
#include "package/grid.h"

namespace butai::package {
namespace {

using live::Rendition;
using live::Segment;

// Durations are written in units of 10 microseconds: five decimals.
constexpr std::uint32_t kDecimals = 100'000;

std::string decimal(std::int64_t value) {
  return fmt::format("{}.{:05}", value / kDecimals, value % kDecimals);
}
// What is rounded is the ends, not the length: however many lengths are added, the sum is right.
std::int64_t length(Ticks start, Ticks duration) {
  const Ticks end{start.value + duration.value, start.timescale};
  return std::max<std::int64_t>(0, end.in(kDecimals).value - start.in(kDecimals).value);
}
std::int64_t rounded_up(Ticks duration) {
  const __int128 product = static_cast<__int128>(duration.value) * kDecimals;
  return static_cast<std::int64_t>((product + duration.timescale - 1) / duration.timescale);
}

class MediaPlaylist {
 public:
  MediaPlaylist(const RenditionLog& own, std::span<const RenditionLog> others,
                const HlsOptions& options)
      : own_(own),
        others_(others),
        options_(options),
        listed_(listed_from(*own.log)),
        part_target_(rounded_up(part_target(own.rendition->track, options.segment))) {
    const auto& segments = own.log->segments();
    // An open segment without a part is not in the playlist yet.
    const bool last_shows = segments.empty() || shows(segments.back());
    shown_ = segments.size() - (last_shows ? 0 : 1);
    skipped_ = may_skip() ? older_than_skip_boundary() : 0;
  }

  std::string write() {
    write_head();
    const auto& segments = own_.log->segments();
    // The open segment is one of those with parts, also at the moment when there is none yet.
    const bool open = shown_ > 0 && !segments[shown_ - 1].complete;
    const std::size_t with_parts = kSegmentsWithParts - (open ? 0 : 1);
    if (skipped_ > 0) line("#EXT-X-SKIP:SKIPPED-SEGMENTS={}", skipped_);
    // The first one after a skip repeats its EXT-X-MAP: not every player keeps it.
    for (std::size_t i = listed_.first + skipped_; i < shown_; ++i) {
      write_segment(segments[i], i + with_parts >= shown_);
    }
    write_tail();
    return std::move(out_);
  }

 private:
  bool low_latency() const { return options_.profile == HlsOptions::Profile::LowLatency; }
  bool ended() const { return options_.life == HlsOptions::Life::Ended; }
  bool is_text() const { return options_.content == HlsOptions::Content::Text; }
  std::string_view extension() const { return is_text() ? "vtt" : "m4s"; }

  template <class... T>
  void line(fmt::format_string<T...> format, T&&... values) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<T>(values)...);
    out_ += '\n';
  }

  bool shows(const Segment& segment) const {
    return segment.complete || (low_latency() && !ended() && !segment.parts.empty());
  }

  bool may_skip() const {
    return low_latency() && !ended() && options_.update == HlsOptions::Update::Delta;
  }

  // How many of the listed segments end at least kSkipBoundarySeconds before the playlist does.
  std::size_t older_than_skip_boundary() const {
    const auto& segments = own_.log->segments();
    double behind = 0;
    std::size_t i = shown_;
    for (; i > listed_.first && behind < static_cast<double>(kSkipBoundarySeconds); --i) {
      const Segment& segment = segments[i - 1];
      behind += segment.duration.seconds();
      if (segment.complete) continue;
      for (const live::Part& part : segment.parts) behind += part.duration.seconds();
    }
    return i - listed_.first;
  }

  // The same in every rendition's playlist, as EXT-X-SERVER-CONTROL must be.
  std::int64_t part_hold_back() const {
    constexpr std::int64_t kPartTargets = 3;
    std::int64_t largest = part_target_;
    for (const RenditionLog& other : others_) {
      largest =
          std::max(largest, rounded_up(part_target(other.rendition->track, options_.segment)));
    }
    return kPartTargets * largest;
  }

  void write_head() {
    line("#EXTM3U");
    line("#EXT-X-VERSION:{}", skipped_ > 0 ? 9 : 6);
    line("#EXT-X-TARGETDURATION:{}", kTargetDurationSeconds);
    if (low_latency()) {  // plain ones keep the default HOLD-BACK
      line(
          "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL={}.0,HOLD-BACK={}.0,"
          "PART-HOLD-BACK={}",
          kSkipBoundarySeconds, kHoldBackSeconds, decimal(part_hold_back()));
      line("#EXT-X-PART-INF:PART-TARGET={}", decimal(part_target_));
    }
    const auto& segments = own_.log->segments();
    line("#EXT-X-MEDIA-SEQUENCE:{}",
         listed_.first < segments.size() ? segments[listed_.first].number : 0);
    if (listed_.discontinuities > 0) {
      line("#EXT-X-DISCONTINUITY-SEQUENCE:{}", listed_.discontinuities);
    }
  }

  void write_segment(const Segment& segment, bool parts_wanted) {
    if (segment.discontinuity) line("#EXT-X-DISCONTINUITY");
    if (map_ != segment.init && !is_text()) {
      write_keys(segment.init);
      line("#EXT-X-MAP:URI=\"init-{}.mp4\"", segment.init);
      map_ = segment.init;
    }
    line("#EXT-X-PROGRAM-DATE-TIME:{}", iso_time(segment.start.utc()));
    const std::string at = media_at(segment.start);
    if (low_latency() && parts_wanted) write_parts(segment, at);
    if (!segment.complete) return;
    if (segment.bytes == 0 && !is_text()) line("#EXT-X-GAP");
    line("#EXTINF:{},", decimal(length(segment.start, segment.duration)));
    line("{}{}.{}", at, segment.start.value, extension());
  }

  // Each line stands for a key system; all are about the same key, which the map behind them names.
  void write_keys(std::uint32_t init) {
    for (const auto& presentation : options_.presentations) {
      if (presentation->number != init) continue;
      for (const Rendition& rendition : presentation->renditions) {
        if (rendition.track.id != own_.rendition->track.id) continue;
        for (const std::string& key : hls_keys(rendition, options_.keys.lines, "../../../")) {
          line("#EXT-X-KEY:{}", key);
        }
      }
    }
  }

  std::string media_at(Ticks start) const {
    return options_.media_at ? options_.media_at(start.utc()) : std::string();
  }

  void write_parts(const Segment& segment, const std::string& at) {
    for (std::size_t i = 0; i < segment.parts.size(); ++i) {
      const live::Part& part = segment.parts[i];
      line("#EXT-X-PART:DURATION={},URI=\"{}{}.{}.{}\"{}",
           decimal(std::min(length(part.start, part.duration), part_target_)), at,
           segment.start.value, i, extension(),
           part.independent || is_text() ? ",INDEPENDENT=YES" : "");
    }
  }

  void write_tail() {
    if (ended()) {
      line("#EXT-X-ENDLIST");
      return;
    }
    if (!low_latency() || is_text()) return;
    if (const auto next = next_part(own_, leading(), options_.segment)) {
      const std::string at = media_at({next->start, own_.rendition->track.timescale});
      line("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{}{}.{}.m4s\"", at, next->start, next->part);
    }
    for (const RenditionLog& other : others_) write_report(other);
  }

  const RenditionLog& leading() const {
    for (const RenditionLog& other : others_) {
      if (other.rendition->track.codec == media::Codec::H264) return other;
    }
    return own_;
  }

  // The last part that the other playlist lists.
  void write_report(const RenditionLog& other) {
    const auto& segments = other.log->segments();
    const auto last = std::find_if(segments.rbegin(), segments.rend(),
                                   [](const Segment& segment) { return !segment.parts.empty(); });
    if (last == segments.rend()) return;
    line("#EXT-X-RENDITION-REPORT:URI=\"../{}/index.m3u8\",LAST-MSN={},LAST-PART={}",
         other.rendition->name, last->number, last->parts.size() - 1);
  }

  const RenditionLog& own_;
  std::span<const RenditionLog> others_;
  const HlsOptions& options_;
  Listed listed_;
  std::int64_t part_target_;
  std::size_t shown_ = 0;             // segments of the log, up to the last that is listed
  std::size_t skipped_ = 0;           // of the listed ones
  std::optional<std::uint32_t> map_;  // the EXT-X-MAP that is in force
  std::string out_;
};

const Rendition* find_codec(const live::Presentation& presentation, media::Codec codec) {
  const auto found = std::ranges::find_if(
      presentation.renditions,
      [codec](const Rendition& rendition) { return rendition.track.codec == codec; });
  return found == presentation.renditions.end() ? nullptr : &*found;
}

Bandwidth bandwidth_of(const Bandwidths& bandwidths, const Rendition* rendition) {
  if (rendition == nullptr) return {};
  const auto found = bandwidths.find(rendition->track.id);
  return found == bandwidths.end() ? Bandwidth{} : found->second;
}

// The sounds of the group "audio". `whole`: the first is what its variant plays, without a picture.
void write_sounds(std::string& out, std::span<const Rendition* const> sounds, bool whole,
                  std::string_view query) {
  const bool alike = sounds.size() == 2 && sounds[0]->track.language == sounds[1]->track.language;
  for (std::size_t i = 0; i < sounds.size(); ++i) {
    const media::Track& track = sounds[i]->track;
    std::string name = track.language.empty() ? "Audio" : track.language;
    if (alike && i == 1) name += " 2";
    fmt::format_to(
        std::back_inserter(out),
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"{}\"{},DEFAULT={},"
        "AUTOSELECT=YES,CHANNELS=\"{}\"{}\n",
        name, track.language.empty() ? "" : fmt::format(",LANGUAGE=\"{}\"", track.language),
        i == 0 ? "YES" : "NO", track.channels,
        whole && i == 0 ? "" : fmt::format(",URI=\"{}/index.m3u8{}\"", sounds[i]->name, query));
  }
}

// What there is to read: lines inside the picture, and playlists of cues. Returns what a variant with a
// picture says of them.
std::string write_captions(std::string& out, const live::Presentation& presentation,
                           std::span<const std::string> languages) {
  const auto append = std::back_inserter(out);
  for (const live::InBandCaptions& each : presentation.captions.in_band) {
    fmt::format_to(append,
                   "#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"cc\",NAME=\"{}\"{},"
                   "AUTOSELECT=YES,INSTREAM-ID=\"{}\"\n",
                   each.channel,
                   each.language.empty() ? "" : fmt::format(",LANGUAGE=\"{}\"", each.language),
                   each.channel);
  }
  for (const std::string& language : languages) {
    fmt::format_to(append,
                   "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"captions\",NAME=\"{}\","
                   "LANGUAGE=\"{}\",AUTOSELECT=YES,"
                   "CHARACTERISTICS=\"public.accessibility.transcribes-spoken-dialog\","
                   "URI=\"{}/index.m3u8\"\n",
                   language, language, captions_name(language));
  }
  return fmt::format("{},CLOSED-CAPTIONS={}", languages.empty() ? "" : ",SUBTITLES=\"captions\"",
                     presentation.captions.in_band.empty() ? "NONE" : "\"cc\"");
}

// SERVICEn needs version 7 (RFC 8216bis clause 8).
int version_of(const live::Presentation& presentation) {
  const auto service = [](const live::InBandCaptions& each) {
    return each.channel.starts_with("SERVICE");
  };
  return std::ranges::any_of(presentation.captions.in_band, service) ? 7 : 6;
}

// `sounds`: of the group that is played beside it, or none. `captions`: what a picture says of them.
// `query`: behind the address.
void write_variant(std::string& out, const Rendition& rendition,
                   std::span<const Rendition* const> sounds, const Bandwidths& bandwidths,
                   std::string_view captions, std::string_view query) {
  const auto append = std::back_inserter(out);
  const bool video = rendition.track.codec == media::Codec::H264;
  const Bandwidth own = video ? bandwidth_of(bandwidths, &rendition) : Bandwidth{};
  Bandwidth sound = video ? Bandwidth{} : bandwidth_of(bandwidths, &rendition);
  std::vector<std::string_view> codecs{rendition.codecs};
  for (const Rendition* each : sounds) {  // the largest of them
    const Bandwidth one = bandwidth_of(bandwidths, each);
    sound = {std::max(sound.peak, one.peak), std::max(sound.average, one.average)};
    if (std::ranges::find(codecs, each->codecs) == codecs.end()) codecs.push_back(each->codecs);
  }
  fmt::format_to(append, "#EXT-X-STREAM-INF:BANDWIDTH={},AVERAGE-BANDWIDTH={},CODECS=\"{}\"",
                 std::uint64_t{own.peak} + sound.peak, std::uint64_t{own.average} + sound.average,
                 fmt::join(codecs, ","));
  const media::Track& track = rendition.track;
  if (video) {
    fmt::format_to(append, ",RESOLUTION={}x{}", track.width, track.height);
    if (track.frame_rate.num > 0) {
      fmt::format_to(append, ",FRAME-RATE={:.3f}",
                     static_cast<double>(track.frame_rate.num) / track.frame_rate.den);
    }
  }
  if (!sounds.empty()) out += ",AUDIO=\"audio\"";
  if (video) out += captions;
  fmt::format_to(append, "\n{}/index.m3u8{}\n", rendition.name, query);
}

// The running keys and those that come next, so that players fetch licenses early and spread out;
// each once, although renditions share them.
void write_session_keys(std::string& out, const live::Presentation& presentation, KeyLines lines) {
  std::set<std::string> written;
  const auto write = [&](const std::vector<std::string>& keys) {
    for (const std::string& key : keys) {
      if (!written.insert(key).second) continue;
      fmt::format_to(std::back_inserter(out), "#EXT-X-SESSION-KEY:{}\n", key);
    }
  };
  for (const Rendition& rendition : presentation.renditions) {
    write(hls_keys(rendition, lines, "../../"));
    write(hls_next_keys(rendition, lines, "../../"));
  }
}

// Where what is there of a segment ends.
std::int64_t end_of(const Segment& segment) {
  if (segment.complete) return segment.start.value + segment.duration.value;
  if (segment.parts.empty()) return segment.start.value;
  return segment.parts.back().start.value + segment.parts.back().duration.value;
}

// Where the open segment will end, in its own ticks: where the picture is cut, or is expected to be.
std::optional<Ticks> cut_after(const RenditionLog& own, const RenditionLog& leading,
                               Micros segment) {
  const Segment& open = own.log->segments().back();
  const auto& cuts = leading.log->segments();
  const auto same = std::ranges::find(cuts, open.number, &Segment::number);
  if (same == cuts.end()) return std::nullopt;
  const std::uint32_t timescale = open.start.timescale;
  if (same->complete) return Ticks{end_of(*same), same->start.timescale}.in(timescale);
  const auto end = expected_end(leading, leading.rendition->track, segment);
  return end ? std::optional(end->in(timescale)) : std::nullopt;
}

std::optional<PartFound> part_of(const live::SegmentLog& log, const Segment& segment,
                                 std::size_t part) {
  if (part < segment.parts.size()) return PartFound{&segment, part};
  if (part > segment.parts.size()) return std::nullopt;
  if (!segment.complete) return PartFound{};
  // It ended sooner: the next one's first part took the place.
  const auto& segments = log.segments();
  const auto next = std::ranges::find(segments, segment.number + 1, &Segment::number);
  if (next == segments.end())
    return &segment == &segments.back() ? std::optional(PartFound{}) : std::nullopt;
  if (next->discontinuity || (next->complete && next->parts.empty())) return std::nullopt;
  return next->parts.empty() ? PartFound{} : PartFound{&*next, 0};
}

}  // namespace

std::string hls_multivariant(const live::Presentation& presentation, const Bandwidths& bandwidths,
                             const HlsOptions& options) {
  const Rendition* video = find_codec(presentation, media::Codec::H264);
  std::vector<const Rendition*> sounds;
  for (const Rendition& each : presentation.renditions) {
    const bool own = each.track.id < media::kFirstRung && each.track.codec == media::Codec::Aac;
    const bool there = sounds.empty() || bandwidths.contains(each.track.id);
    if (own && there) sounds.push_back(&each);
  }
  if (video == nullptr && sounds.size() < 2) sounds.clear();  // it needs no group
  std::string out = fmt::format("#EXTM3U\n#EXT-X-VERSION:{}\n#EXT-X-INDEPENDENT-SEGMENTS\n",
                                version_of(presentation));
  write_session_keys(out, presentation, options.keys.lines);
  const std::string query =
      options.keys.asked ? fmt::format("?keys={}", name_of(options.keys.lines)) : std::string();
  write_sounds(out, sounds, video == nullptr, query);
  const std::string captions = write_captions(out, presentation, options.languages);
  for (const Rendition& rendition : presentation.renditions) {
    const bool rung = rendition.track.id >= media::kFirstRung;
    if (rung && !bandwidths.contains(rendition.track.id)) continue;  // not yet there
    const bool picture = rendition.track.codec == media::Codec::H264;
    const bool in_group = std::ranges::find(sounds, &rendition) != sounds.end();
    if (in_group && (video != nullptr || &rendition != sounds.front())) continue;
    if (rendition.track.id == media::kSecondSound && !in_group) continue;  // not yet there
    const std::span<const Rendition* const> all = sounds;
    write_variant(out, rendition, all.first(picture || in_group ? all.size() : 0), bandwidths,
                  captions, query);
  }
  return out;
}

std::string hls_media(const RenditionLog& own, std::span<const RenditionLog> others,
                      const HlsOptions& options) {
  return MediaPlaylist(own, others, options).write();
}

std::optional<PartAddress> next_part(const RenditionLog& own, const RenditionLog& leading,
                                     Micros segment) {
  if (own.log->segments().empty()) return std::nullopt;
  const Segment& last = own.log->segments().back();
  if (last.complete || last.parts.empty()) return PartAddress{end_of(last), 0};

  const std::int64_t half = half_frame(own.rendition->track).value;
  const std::int64_t end = end_of(last);
  const auto full = cut_after(own, leading, segment);
  const bool segment_is_full = full && end + half >= full->value;
  if (segment_is_full) return PartAddress{end, 0};
  return PartAddress{last.start.value, last.parts.size()};
}

std::optional<PartFound> find_part(const live::SegmentLog& log, PartAddress asked) {
  const auto& segments = log.segments();
  if (segments.empty()) return std::nullopt;
  const std::int64_t near = Ticks::from(kHintError, segments.back().start.timescale).value;
  const auto beside = [&](std::int64_t time) { return std::abs(time - asked.start) <= near; };
  const Segment* segment = log.find(asked.start);
  for (auto each = segments.rbegin(); segment == nullptr && each != segments.rend(); ++each) {
    if (beside(each->start.value)) segment = &*each;
  }
  if (segment != nullptr) return part_of(log, *segment, asked.part);
  // The segment before went on instead.
  if (asked.part > 0) return std::nullopt;
  for (auto each = segments.rbegin(); each != segments.rend(); ++each) {
    for (std::size_t i = 0; i < each->parts.size(); ++i) {
      if (each->parts[i].start.value == asked.start) return PartFound{&*each, i};
    }
  }
  if (beside(end_of(segments.back()))) return PartFound{};
  return std::nullopt;
}

}  // namespace butai::package
