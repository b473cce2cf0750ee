#include "package/dash_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <vector>

namespace butai::package {
namespace {

using live::Rendition;
using live::Segment;

// One rendition's part of a Period.
struct Row {
  const Rendition* rendition = nullptr;
  Bandwidth bandwidth;
  std::vector<const Segment*> segments;  // complete, with media, never empty
};
// All segments since the time line or the init segment changed, by the number of their first.
struct Period {
  std::uint32_t init = 0;
  Ticks start;  // of the picture's first segment, or the sound's where there is no picture
  std::vector<Row> rows;
};
using Periods = std::map<std::uint64_t, Period>;

std::string escape_xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// xs:duration to the microsecond, without trailing zeros.
std::string xml_duration(Micros duration) {
  const std::int64_t micros = std::max<std::int64_t>(0, duration.count());
  std::string text = fmt::format("{}.{:06}", micros / 1'000'000, micros % 1'000'000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return "PT" + text + "S";
}

Micros end_of(const Segment& segment) {
  return Ticks{segment.start.value + segment.duration.value, segment.start.timescale}.micros();
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

Periods collect(std::span<const live::PresentationPtr> presentations,
                std::span<const RenditionLog> logs) {
  Periods periods;
  for (const RenditionLog& log : logs) {
    const Bandwidth bandwidth = measure(log);
    const auto& segments = log.log->segments();
    for (std::size_t i = listed_from(*log.log).first; i < segments.size(); ++i) {
      const Segment& segment = segments[i];
      if (!segment.complete || segment.chunks.empty() || segment.duration.value <= 0) continue;
      const Rendition* rendition =
          find_rendition(presentations, segment.init, log.rendition->track.id);
      if (rendition == nullptr) continue;
      Period& period = periods[segment.run];
      if (period.rows.empty()) {
        period.init = segment.init;
        period.start = segment.run_start;
      }
      if (period.rows.empty() || period.rows.back().rendition != rendition) {
        period.rows.push_back({rendition, bandwidth, {}});
      }
      period.rows.back().segments.push_back(&segment);
    }
  }
  return periods;
}

class Manifest {
 public:
  Manifest(Periods periods, const DashOptions& options)
      : periods_(std::move(periods)), options_(options) {
    for (const auto& [run, period] : periods_) {
      for (const Row& row : period.rows) {
        end_ = std::max(end_, end_of(*row.segments.back()));
        for (const Segment* segment : row.segments) {
          longest_ = std::max(longest_, segment->duration.micros());
        }
      }
    }
  }

  std::string write() {
    write_head();
    for (auto period = periods_.begin(); period != periods_.end(); ++period) {
      write_period(period->second, std::next(period) == periods_.end());
    }
    line("  <UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-xsdate:2014\" value=\"{}\"/>",
         escape_xml(options_.time_address));
    line("</MPD>");
    return std::move(out_);
  }

 private:
  bool ended() const { return options_.life == DashOptions::Life::Ended; }

  template <class... T>
  void line(fmt::format_string<T...> format, T&&... values) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<T>(values)...);
    out_ += '\n';
  }

  void write_head() {
    const bool low = options_.profile == DashOptions::Profile::Low;
    const int delay = low ? 4 : 10;  // seconds behind: two segments; DESIGN decision 10
    const int update = low ? 1 : 2;  // seconds
    const auto depth = Seconds{kSegmentsListed * (kSegment.count() / 1'000'000)};
    line("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    line("<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"dynamic\"");
    line("  profiles=\"urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019\"");
    // The manifest changes only when a segment is complete: its end is its date, on every node.
    const Utc published{end_ + Micros{ended() ? 1000 : 0}};
    line("  availabilityStartTime=\"1970-01-01T00:00:00Z\" publishTime=\"{}\"",
         iso_time(published));
    if (ended()) {
      line("  mediaPresentationDuration=\"{}\"", xml_duration(end_));
    } else {
      line("  minimumUpdatePeriod=\"PT{}S\" suggestedPresentationDelay=\"PT{}S\"", update, delay);
    }
    line("  timeShiftBufferDepth=\"{}\" minBufferTime=\"PT2S\" maxSegmentDuration=\"{}\">",
         xml_duration(depth), xml_duration(longest_));
    line("  <ServiceDescription id=\"0\">");
    line("    <Latency target=\"{}\" min=\"{}\" max=\"{}\"/>", delay * 1000, delay * 500,
         delay * 2000);
    line("    <PlaybackRate min=\"0.96\" max=\"1.04\"/>");
    line("  </ServiceDescription>");
  }

  void write_period(const Period& period, bool last) {
    const Micros start = period.start.micros();
    const std::string duration =
        last && ended() ? fmt::format(" duration=\"{}\"", xml_duration(end_ - start)) : "";
    line("  <Period id=\"{}\" start=\"{}\"{}>", start.count(), xml_duration(start), duration);
    for (const Row& row : period.rows) write_row(period, row);
    line("  </Period>");
  }

  void write_row(const Period& period, const Row& row) {
    const Rendition& rendition = *row.rendition;
    const media::Track& track = rendition.track;
    const bool video = track.codec == media::Codec::H264;
    line(
        "    <AdaptationSet id=\"{}\" contentType=\"{}\" mimeType=\"{}/mp4\""
        " segmentAlignment=\"true\" startWithSAP=\"1\" containerProfiles=\"cmfc\">",
        track.id, video ? "video" : "audio", video ? "video" : "audio");
    line(
        "      <SegmentTemplate timescale=\"{}\" presentationTimeOffset=\"{}\""
        " initialization=\"{}/init-{}.mp4\" media=\"{}/$Time$.m4s\">",
        track.timescale, Ticks::from(period.start.micros(), track.timescale).value, rendition.name,
        period.init, rendition.name);
    write_timeline(row);
    line("      </SegmentTemplate>");
    const std::uint32_t bandwidth = std::max<std::uint32_t>(1, row.bandwidth.peak);
    if (video) {
      line(
          "      <Representation id=\"{}\" codecs=\"{}\" bandwidth=\"{}\" width=\"{}\""
          " height=\"{}\"{}/>",
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
      line("      </Representation>");
    }
    line("    </AdaptationSet>");
  }

  static std::string frame_rate(media::Rational rate) {
    if (rate.num == 0 || rate.den == 0) return {};
    const std::uint32_t common = std::gcd(rate.num, rate.den);
    if (rate.den == common) return fmt::format(" frameRate=\"{}\"", rate.num / common);
    return fmt::format(" frameRate=\"{}/{}\"", rate.num / common, rate.den / common);
  }

  // S@t where a run begins, S@r for segments of equal length that follow each other.
  void write_timeline(const Row& row) {
    line("        <SegmentTimeline>");
    std::optional<std::int64_t> expected;
    for (std::size_t i = 0; i < row.segments.size();) {
      const std::int64_t start = row.segments[i]->start.value;
      const std::int64_t duration = row.segments[i]->duration.value;
      std::size_t next = i + 1;
      while (next < row.segments.size() && row.segments[next]->duration.value == duration &&
             row.segments[next]->start.value ==
                 start + static_cast<std::int64_t>(next - i) * duration) {
        ++next;
      }
      const std::size_t repeats = next - i - 1;
      const std::string t = expected == start ? "" : fmt::format(" t=\"{}\"", start);
      const std::string r = repeats == 0 ? "" : fmt::format(" r=\"{}\"", repeats);
      line("          <S{} d=\"{}\"{}/>", t, duration, r);
      expected = start + static_cast<std::int64_t>(next - i) * duration;
      i = next;
    }
    line("        </SegmentTimeline>");
  }

  Periods periods_;
  const DashOptions& options_;
  Micros end_{};      // of the newest segment
  Micros longest_{};  // segment
  std::string out_;
};

}  // namespace

std::string dash_manifest(std::span<const live::PresentationPtr> presentations,
                          std::span<const RenditionLog> logs, const DashOptions& options) {
  Periods periods = collect(presentations, logs);
  if (periods.empty()) return {};
  return Manifest(std::move(periods), options).write();
}

}  // namespace butai::package
