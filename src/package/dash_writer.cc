#include "package/dash_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <vector>

#include "base/markup.h"
#include "package/captions_writer.h"
#include "package/grid.h"

namespace butai::package {
namespace {

using live::Rendition;
using live::Segment;

// Start and length of a segment, in ticks of its track.
struct Span {
  std::int64_t start = 0, duration = 0;
  std::int64_t end() const { return start + duration; }
};
// One rendition's part of a Period.
struct Row {
  const Rendition* rendition = nullptr;
  Bandwidth bandwidth;
  std::vector<Span> segments;  // complete, with media, never empty
  std::optional<Span> open{};  // the segment that grows, with the length that it will have
};
// All segments since the time line or the init segment changed, by the number of their first.
struct Period {
  std::uint32_t init = 0;
  Ticks start;  // of the picture's first segment, or the sound's where there is no picture
  std::vector<Row> rows;
};
using Periods = std::map<std::uint64_t, Period>;

// xs:duration to the microsecond, without trailing zeros.
std::string xml_duration(Micros duration) {
  const std::int64_t micros = std::max<std::int64_t>(0, duration.count());
  std::string text = fmt::format("{}.{:06}", micros / 1'000'000, micros % 1'000'000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return "PT" + text + "S";
}

// The rendition as it was when `init` was on; codecs and size may have been others.
const Rendition* find_rendition(std::span<const live::PresentationPtr> presentations,
                                std::uint32_t init, media::TrackId track) {
  for (const auto& presentation : presentations) {
    if (presentation->number != init) continue;
    for (const Rendition& rendition : presentation->renditions) {
      if (rendition.track.id == track) return &rendition;
    }
  }
  return nullptr;
}

// The run that each segment of the leading rendition belongs to, by its number: the others' are cut
// alike, but one may have come later.
std::map<std::uint64_t, std::uint64_t> runs_of(const live::SegmentLog& leading) {
  std::map<std::uint64_t, std::uint64_t> runs;
  for (const Segment& segment : leading.segments()) runs[segment.number] = segment.run;
  return runs;
}

Periods collect(std::span<const live::PresentationPtr> presentations,
                std::span<const RenditionLog> logs) {
  Periods periods;
  const auto runs =
      logs.empty() ? std::map<std::uint64_t, std::uint64_t>() : runs_of(*logs.front().log);
  for (const RenditionLog& log : logs) {
    const Bandwidth bandwidth = measure(log);
    const auto& segments = log.log->segments();
    for (std::size_t i = listed_from(*log.log).first; i < segments.size(); ++i) {
      const Segment& segment = segments[i];
      if (!segment.complete || segment.bytes == 0 || segment.duration.value <= 0) continue;
      const Rendition* rendition =
          find_rendition(presentations, segment.init, log.rendition->track.id);
      if (rendition == nullptr) continue;
      const auto run = runs.find(segment.number);
      Period& period = periods[run != runs.end() ? run->second : segment.run];
      if (period.rows.empty()) {
        period.init = segment.init;
        period.start = segment.run_start;
      }
      if (period.rows.empty() || period.rows.back().rendition != rendition) {
        period.rows.push_back({rendition, bandwidth, {}});
      }
      period.rows.back().segments.push_back({segment.start.value, segment.duration.value});
    }
  }
  return periods;
}

// Lists the segments that grow, if they do in every rendition and the picture's end can be told: then
// a manifest changes once for all of them. Sound is cut at the frame next to the picture's cut.
void add_open(Periods& periods, std::span<const RenditionLog> logs) {
  Period& period = periods.rbegin()->second;
  const auto row_of = [&](const RenditionLog& log) {
    return std::ranges::find(period.rows, log.rendition->track.id,
                             [](const Row& row) { return row.rendition->track.id; });
  };
  const auto grows = [&](const RenditionLog& log) {
    const auto& segments = log.log->segments();
    return row_of(log) != period.rows.end() && !segments.empty() && !segments.back().complete &&
           segments.back().run == periods.rbegin()->first &&
           segments.back().number == logs.front().log->segments().back().number;
  };
  const auto end = expected_end(logs.front(), logs.front().rendition->track, kSegment);
  // The ladder is not waited for, nor is a second sound.
  const auto as_required = [&](const RenditionLog& log) {
    return log.rendition->track.id >= media::kSecondSound || grows(log);
  };
  if (!end || !std::ranges::all_of(logs, as_required)) return;
  for (const RenditionLog& log : logs) {
    if (!grows(log)) continue;
    const media::Track& track = log.rendition->track;
    const std::int64_t start = log.log->segments().back().start.value;
    std::int64_t length = end->in(track.timescale).value - start;
    const std::int64_t frame = nominal_frame(track).value;
    if (track.codec == media::Codec::Aac && frame > 0) {
      length = (length + (frame - 1) / 2) / frame * frame;
    }
    if (length > 0) row_of(log)->open = Span{start, length};
  }
}

class Manifest {
 public:
  Manifest(Periods periods, const DashOptions& options)
      : periods_(std::move(periods)), options_(options) {
    for (const auto& [run, period] : periods_) {
      for (const Row& row : period.rows) {
        const std::uint32_t timescale = row.rendition->track.timescale;
        end_ = std::max(end_, Ticks{row.segments.back().end(), timescale}.micros());
        for (const Span& segment : row.segments) {
          longest_ = std::max(longest_, Ticks{segment.duration, timescale}.micros());
        }
        grows_ = grows_ || row.open;
      }
    }
  }

  std::string write() {
    write_head();
    for (auto period = periods_.begin(); period != periods_.end(); ++period) {
      write_period(period->second, std::next(period) == periods_.end());
    }
    line("  {}", utc_timing());
    line("</MPD>");
    return std::move(out_);
  }

 private:
  bool is_protected() const {
    for (const auto& [run, period] : periods_) {
      for (const Row& row : period.rows) {
        if (row.rendition->track.protection) return true;
      }
    }
    return false;
  }
  bool ended() const { return options_.life == DashOptions::Life::Ended; }
  bool low() const { return options_.profile == DashOptions::Profile::Low; }

  std::string utc_timing() const {
    return fmt::format(
        "<UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-xsdate:2014\" value=\"{}\"/>",
        markup_escaped(options_.time_address));
  }

  template <class... T>
  void line(fmt::format_string<T...> format, T&&... values) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<T>(values)...);
    out_ += '\n';
  }

  void write_head() {
    const auto delay = low() ? 3 : kHoldBackSeconds;  // seconds behind
    const int update = low() ? 1 : 2;                 // seconds
    const auto depth = Seconds{kSegmentsListed * (kSegment.count() / 1'000'000)};
    line("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    line("<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"{} type=\"dynamic\"",
         is_protected() ? " xmlns:cenc=\"urn:mpeg:cenc:2013\"" : "");
    line("  profiles=\"urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019{}\"",
         low() ? ",http://www.dashif.org/guidelines/low-latency-live-v5" : "");
    // The manifest changes when a segment is complete, and when the next one begins to grow: the
    // end of the former is its date, on every node.
    const Utc published{end_ + Micros{ended() || grows_ ? 1000 : 0}};
    line("  availabilityStartTime=\"1970-01-01T00:00:00Z\" publishTime=\"{}\"",
         iso_time(published));
    if (ended()) {
      line("  mediaPresentationDuration=\"{}\"", xml_duration(end_));
    } else {
      line("  minimumUpdatePeriod=\"PT{}S\" suggestedPresentationDelay=\"PT{}S\"", update, delay);
    }
    line("  timeShiftBufferDepth=\"{}\" minBufferTime=\"PT2S\" maxSegmentDuration=\"{}\">",
         xml_duration(depth), xml_duration(longest_));
    if (!options_.media_address.empty()) {
      line("  <BaseURL>{}</BaseURL>", markup_escaped(options_.media_address));
    }
    if (!options_.update_address.empty() && !ended()) {
      line("  <Location>{}</Location>", markup_escaped(options_.update_address));
    }
    line("  <ServiceDescription id=\"0\">");
    const media::TrackId leading = periods_.rbegin()->second.rows.front().rendition->track.id;
    line("    <Latency{} target=\"{}\" min=\"{}\" max=\"{}\"/>",
         low() ? fmt::format(" referenceId=\"{}\"", leading) : "", delay * 1000, delay * 500,
         delay * 2000);
    line("    <PlaybackRate min=\"0.96\" max=\"1.04\"/>");
    line("  </ServiceDescription>");
  }

  void write_period(const Period& period, bool last) {
    const Micros start = period.start.micros();
    const std::string duration =
        last && ended() ? fmt::format(" duration=\"{}\"", xml_duration(end_ - start)) : "";
    line("  <Period id=\"{}\" start=\"{}\"{}>", start.count(), xml_duration(start), duration);
    for (const media::Codec codec : {media::Codec::H264, media::Codec::Aac}) {
      write_sets(period, codec);
    }
    for (std::size_t i = 0; i < options_.languages.size(); ++i) write_text(period, i);
    line("  </Period>");
  }

  // All qualities of the picture, or of the sound; those with a key of their own in a set of their
  // own, because players look for the key there, and a second sound, because players switch by
  // themselves inside a set. id: the source's own track, then of the ladder's.
  void write_sets(const Period& period, media::Codec codec) {
    std::vector<std::vector<const Row*>> sets;
    for (const Row& row : period.rows) {
      if (row.rendition->track.codec != codec) continue;
      const auto same = std::ranges::find_if(sets, [&row](const auto& set) {
        return key_of(*set.front()) == key_of(row) && is_second(*set.front()) == is_second(row);
      });
      if (same == sets.end()) {
        sets.push_back({&row});
      } else {
        same->push_back(&row);
      }
    }
    std::vector<media::TrackId> ids;
    for (const auto& set : sets) {
      ids.push_back(ids.empty() ? media::iso_track_id(codec) : set.front()->rendition->track.id);
    }
    for (std::size_t i = 0; i < sets.size(); ++i) write_set(period, sets[i], ids, i);
  }

  static std::optional<media::KeyId> key_of(const Row& row) {
    const auto& protection = row.rendition->track.protection;
    return protection ? std::optional(protection->kid) : std::nullopt;
  }

  static bool is_second(const Row& row) { return row.rendition->track.id == media::kSecondSound; }

  // Which of two sounds it is, in the words of ISO/IEC 23009-1:2022 clause 5.8.5.5.
  static std::string_view role_of(const Period& period, const live::Rendition& rendition) {
    const bool two = std::ranges::any_of(period.rows, is_second);
    if (!two || rendition.track.codec != media::Codec::Aac) return {};
    return rendition.track.id == media::kSecondSound ? "alternate" : "main";
  }

  // The set `own` of `ids`: players may switch to the others, but not to a second sound.
  void write_set(const Period& period, const std::vector<const Row*>& rows,
                 const std::vector<media::TrackId>& ids, std::size_t own) {
    const Rendition& first = *rows.front()->rendition;
    const std::string_view kind = first.track.codec == media::Codec::H264 ? "video" : "audio";
    line(
        "    <AdaptationSet id=\"{}\" contentType=\"{}\" mimeType=\"{}/mp4\"{}"
        " segmentAlignment=\"true\" startWithSAP=\"1\" containerProfiles=\"cmfc\">",
        ids[own], kind, kind,
        first.track.language.empty() ? "" : fmt::format(" lang=\"{}\"", first.track.language));
    for (const auto& each : content_protection(first, options_.keys, options_.license_address)) {
      line("      {}", each);
    }
    for (const media::TrackId other : ids) {
      const bool second = first.track.id == media::kSecondSound || other == media::kSecondSound;
      if (other == ids[own] || second) continue;
      line(
          "      <SupplementalProperty"
          " schemeIdUri=\"urn:mpeg:dash:adaptation-set-switching:2016\" value=\"{}\"/>",
          other);
    }
    if (low()) write_reference_time(period, first.track, ids[own]);
    if (first.track.codec == media::Codec::H264) write_in_band();
    if (const auto role = role_of(period, first); !role.empty()) {
      line("      <Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"{}\"/>", role);
    }
    for (const Row* row : rows) write_representation(period, *row);
    line("    </AdaptationSet>");
  }

  // CEA-608 and 708 in the picture (SCTE 214-1 clause 7.2): "CC1=ja;CC3=en", "1=lang:ja".
  void write_in_band() {
    std::string lines, services;
    for (const live::InBandCaptions& each : options_.in_band) {
      const bool is_line = each.channel.starts_with("CC");
      std::string& list = is_line ? lines : services;
      if (!list.empty()) list += ';';
      list += is_line ? each.channel : each.channel.substr(std::string_view("SERVICE").size());
      if (!each.language.empty()) list += (is_line ? "=" : "=lang:") + each.language;
    }
    for (const auto& [scheme, list] : {std::pair{"608", lines}, std::pair{"708", services}}) {
      if (list.empty()) continue;
      line("      <Accessibility schemeIdUri=\"urn:scte:dash:cc:cea-{}:2015\" value=\"{}\"/>",
           scheme, list);
    }
  }

  // A language's cues: complete segments of the leading row.
  void write_text(const Period& period, std::size_t index) {
    const std::string& language = options_.languages[index];
    const std::string name = captions_name(language);
    Row row = period.rows.front();
    row.open.reset();
    const media::Track& track = row.rendition->track;
    line(
        "    <AdaptationSet id=\"{}\" contentType=\"text\" mimeType=\"application/mp4\" lang=\"{}\""
        " segmentAlignment=\"true\" startWithSAP=\"1\">",
        media::kFirstText + index, language);
    line("      <Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"caption\"/>");
    line("      <Representation id=\"{}\" codecs=\"wvtt\" bandwidth=\"1000\">", name);
    line(
        "        <SegmentTemplate timescale=\"{}\" presentationTimeOffset=\"{}\""
        " initialization=\"{}/init-{}.mp4\" media=\"{}/$Time$.m4s\">",
        track.timescale, offset(period, track), name, track.timescale, name);
    write_timeline(row);
    line("        </SegmentTemplate>");
    line("      </Representation>");
    line("    </AdaptationSet>");
  }

  void write_representation(const Period& period, const Row& row) {
    const Rendition& rendition = *row.rendition;
    const media::Track& track = rendition.track;
    const std::uint32_t bandwidth = std::max<std::uint32_t>(1, row.bandwidth.peak);
    if (track.codec == media::Codec::H264) {
      line(
          "      <Representation id=\"{}\" codecs=\"{}\" bandwidth=\"{}\" width=\"{}\""
          " height=\"{}\"{}>",
          rendition.name, rendition.codecs, bandwidth, track.width, track.height,
          frame_rate(track.frame_rate));
    } else {
      line(
          "      <Representation id=\"{}\" codecs=\"{}\" bandwidth=\"{}\""
          " audioSamplingRate=\"{}\">",
          rendition.name, rendition.codecs, bandwidth, track.sample_rate);
      line(
          "        <AudioChannelConfiguration"
          " schemeIdUri=\"urn:mpeg:mpegB:cicp:ChannelConfiguration\" value=\"{}\"/>",
          track.channels == 8 ? 7 : track.channels);
    }
    line(
        "        <SegmentTemplate timescale=\"{}\" presentationTimeOffset=\"{}\"{}"
        " initialization=\"{}/init-{}.mp4\" media=\"{}/$Time$.m4s\">",
        track.timescale, offset(period, track), low() ? availability(track) : "", rendition.name,
        period.init, rendition.name);
    write_timeline(row);
    line("        </SegmentTemplate>");
    line("      </Representation>");
  }

  static std::int64_t offset(const Period& period, const media::Track& track) {
    return Ticks::from(period.start.micros(), track.timescale).value;
  }

  // Media time is the wall clock of the encoder's output, so the two are equal everywhere.
  void write_reference_time(const Period& period, const media::Track& track, media::TrackId id) {
    line(
        "      <ProducerReferenceTime id=\"{}\" type=\"encoder\" wallClockTime=\"{}\""
        " presentationTime=\"{}\">{}</ProducerReferenceTime>",
        id, iso_time(Utc{period.start.micros()}), offset(period, track), utc_timing());
  }

  // A segment may be asked for once its first chunk is there; the answer grows with it.
  static std::string availability(const media::Track& track) {
    const std::size_t frames = track.codec == media::Codec::H264 ? 1 : kAudioFramesPerChunk;
    const Micros chunk = nominal_frame(track).micros() * static_cast<std::int64_t>(frames);
    return fmt::format(" availabilityTimeOffset=\"{:.6f}\" availabilityTimeComplete=\"false\"",
                       std::chrono::duration<double>(kSegment - chunk).count());
  }

  static std::string frame_rate(media::Rational rate) {
    if (rate.num == 0 || rate.den == 0) return {};
    const std::uint32_t common = std::gcd(rate.num, rate.den);
    if (rate.den == common) return fmt::format(" frameRate=\"{}\"", rate.num / common);
    return fmt::format(" frameRate=\"{}/{}\"", rate.num / common, rate.den / common);
  }

  // S@t where a run begins, S@r for segments of equal length that follow each other.
  void write_timeline(const Row& row) {
    std::vector<Span> segments = row.segments;
    if (row.open) segments.push_back(*row.open);
    line("          <SegmentTimeline>");
    std::optional<std::int64_t> expected;
    for (auto first = segments.begin(); first != segments.end();) {
      auto last = first;
      const auto continues = [&](auto next) {
        return next != segments.end() && next->start == last->end() &&
               next->duration == first->duration;
      };
      while (continues(last + 1)) ++last;
      const std::string t = expected == first->start ? "" : fmt::format(" t=\"{}\"", first->start);
      const std::string r = first == last ? "" : fmt::format(" r=\"{}\"", last - first);
      line("            <S{} d=\"{}\"{}/>", t, first->duration, r);
      expected = last->end();
      first = last + 1;
    }
    line("          </SegmentTimeline>");
  }

  Periods periods_;
  const DashOptions& options_;
  Micros end_{};      // of the newest segment
  Micros longest_{};  // segment
  bool grows_ = false;
  std::string out_;
};

}  // namespace

std::string dash_manifest(std::span<const live::PresentationPtr> presentations,
                          std::span<const RenditionLog> logs, const DashOptions& options) {
  Periods periods = collect(presentations, logs);
  if (periods.empty()) return {};
  const bool live = options.life == DashOptions::Life::Live;
  if (live && options.profile == DashOptions::Profile::Low) add_open(periods, logs);
  return Manifest(std::move(periods), options).write();
}

}  // namespace butai::package
