#include "package/captions_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "media/wvtt_writer.h"

namespace butai::package {
namespace {

// Cue text may hold neither an arrow nor an empty line; what looks like a tag is text.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c != '\n' || (!out.empty() && out.back() != '\n')) {
      out += c;
    }
  }
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

std::string clock(Micros since) {
  const std::int64_t millis = std::chrono::round<Millis>(since).count();
  return fmt::format("{:02}:{:02}:{:02}.{:03}", millis / 3'600'000, millis / 60'000 % 60,
                     millis / 1000 % 60, millis % 1000);
}

}  // namespace

std::string captions_name(std::string_view language) {
  return fmt::format("captions-{}", language);
}

std::string webvtt_segment(const CuesSeen& cues, Ticks start, Ticks duration) {
  constexpr std::int64_t kMpegClock = 90'000;  // Hz
  constexpr std::int64_t kMpegWrap = std::int64_t{1} << 33;
  const Utc begin = start.utc(), end = begin + duration.micros();
  const Utc midnight = std::chrono::floor<std::chrono::days>(begin);
  std::string out = fmt::format("WEBVTT\nX-TIMESTAMP-MAP=LOCAL:{},MPEGTS:{}\n",
                                clock(begin - midnight), start.in(kMpegClock).value % kMpegWrap);
  for (const live::Cue* cue : cues) {
    fmt::format_to(std::back_inserter(out), "\n{} --> {}\n{}\n",
                   clock(std::max(cue->start, begin) - midnight),
                   clock(std::min(cue->end, end) - midnight), escaped(cue->text));
  }
  return out;
}

Bytes wvtt_segment(const CuesSeen& cues, Ticks start, Ticks duration) {
  const std::uint32_t timescale = start.timescale;
  const std::int64_t end = start.value + duration.in(timescale).value;
  const auto clipped = [&](Utc when) {
    const std::int64_t ticks = Ticks::from(when.time_since_epoch(), timescale).value;
    return std::clamp(ticks, start.value, end);
  };
  std::set<std::int64_t> changes{start.value, end};
  for (const live::Cue* cue : cues) {
    changes.insert(clipped(cue->start));
    changes.insert(clipped(cue->end));
  }
  std::vector<media::WvttSample> samples;
  for (auto from = changes.begin(); std::next(from) != changes.end(); ++from) {
    media::WvttSample sample{*std::next(from) - *from, {}};
    for (const live::Cue* cue : cues) {
      if (clipped(cue->start) <= *from && clipped(cue->end) > *from) {
        sample.payloads.push_back(escaped(cue->text));
      }
    }
    samples.push_back(std::move(sample));
  }
  const auto sequence = static_cast<std::uint32_t>(start.in(1000).value);
  return media::write_wvtt_segment(start.value, samples, sequence);
}

}  // namespace butai::package
