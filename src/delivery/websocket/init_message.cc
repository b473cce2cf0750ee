#include "delivery/websocket/init_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "drm/pssh.h"
#include "drm/text.h"
#include "media/cmaf_writer.h"
#include "media/track.h"
#include "net/websocket_codec.h"
#include "package/presentation.h"

namespace butai::delivery::websocket {
namespace {

using Renditions = std::vector<const live::Rendition*>;

// The boxes that real key systems are given, in base64: they stand in what DASH says.
std::string pssh_of(const std::vector<media::KeySystemSignal>& signals) {
  constexpr std::string_view kBegin = "<cenc:pssh", kEnd = "</cenc:pssh>";
  std::string boxes;
  for (const media::KeySystemSignal& signal : signals) {
    if (signal.system_id == drm::kCommonSystem) continue;  // in the init segment
    std::string_view text = signal.content_protection;
    const std::size_t begin = text.find('>', std::min(text.find(kBegin), text.size()));
    const std::size_t end = text.find(kEnd);
    if (begin >= end || end == text.npos) continue;
    const std::string_view box = text.substr(begin + 1, end - begin - 1);
    if (!drm::from_base64(box)) continue;  // a key service's words do not become ours unseen
    boxes += fmt::format(R"({}"{}")", boxes.empty() ? "" : ",", box);
  }
  return boxes;
}

// "none", or {"scheme":"cbcs","keys":[{"track":1,"kid":"…","pssh":["…"],"next":"…","next_pssh":["…"]}]}:
// what a player needs to ask for licenses, and a period ahead.
std::string protection_of(const Renditions& renditions) {
  std::string keys;
  std::string_view scheme;
  for (const live::Rendition* rendition : renditions) {
    if (!rendition->track.protection) return "\"none\"";
    scheme = media::four_characters(rendition->track.protection->scheme);
    keys += fmt::format(R"({}{{"track":{},"kid":"{}","pssh":[{}])", keys.empty() ? "" : ",",
                        media::iso_track_id(rendition->track.codec),
                        drm::to_hex(rendition->track.protection->kid), pssh_of(rendition->signals));
    if (rendition->next_kid) {
      keys += fmt::format(R"(,"next":"{}","next_pssh":[{}])", drm::to_hex(*rendition->next_kid),
                          pssh_of(rendition->next_signals));
    }
    keys += "}";
  }
  return fmt::format(R"({{"scheme":"{}","keys":[{}]}})", scheme, keys);
}

// The picture and the sound that the viewer gets.
Renditions chosen(const live::Presentation& presentation, std::string_view name) {
  Renditions all;
  bool own_sound = false;
  for (const live::Rendition& rendition : presentation.renditions) {
    const bool source = rendition.track.id < media::kFirstRung;
    if (name.empty() ? source : rendition.name == name) all.push_back(&rendition);
    own_sound = own_sound || (!all.empty() && all.back()->track.codec == media::Codec::Aac);
  }
  if (name.empty() || all.empty() || own_sound) return all;
  for (const live::Rendition& rendition : presentation.renditions) {
    if (rendition.track.id == media::kAudioTrack) all.push_back(&rendition);
  }
  return all;
}

// The source's own has its MIME type; what the ladder makes is named likewise.
std::string mime_of(const Renditions& renditions) {
  std::string codecs;
  for (const live::Rendition* each : renditions) {
    codecs += (codecs.empty() ? "" : ",") + each->codecs;
  }
  const bool video = renditions.front()->track.codec == media::Codec::H264;
  // The codecs parameter of a MIME type stands in quotes of its own.
  return fmt::format(R"({}/mp4; codecs=\"{}\")", video ? "video" : "audio", codecs);
}

std::string text_of(const Renditions& renditions, std::string_view name, Utc edge) {
  std::string tracks;
  for (const live::Rendition* rendition : renditions) {
    const media::Track& t = rendition->track;
    tracks += fmt::format(R"({}{{"id":{},"name":"{}","codec":"{}","timescale":{})",
                          tracks.empty() ? "" : ",", media::iso_track_id(t.codec), rendition->name,
                          rendition->codecs, t.timescale);
    tracks += t.codec == media::Codec::H264
                  ? fmt::format(R"(,"width":{},"height":{}}})", t.width, t.height)
                  : fmt::format(R"(,"sample_rate":{},"channels":{}}})", t.sample_rate, t.channels);
  }
  return fmt::format(
      R"({{"type":"init","mime":"{}","tracks":[{}],"rendition":"{}","edge":{},"protection":{}}})",
      mime_of(renditions), tracks, name, micros_of(edge), protection_of(renditions));
}

void append(std::vector<std::uint8_t>& frames, net::Opcode opcode, ByteView payload) {
  const net::FrameHead head = net::frame_head(opcode, payload.size());
  frames.insert(frames.end(), head.view().begin(), head.view().end());
  frames.insert(frames.end(), payload.begin(), payload.end());
}

}  // namespace

Bytes init_frames(const live::Presentation& presentation, std::string_view rendition, Utc edge) {
  const Renditions renditions = chosen(presentation, rendition);
  if (renditions.empty()) return {};
  std::vector<media::Track> tracks;
  for (const live::Rendition* each : renditions) tracks.push_back(each->track);
  std::vector<std::uint8_t> frames;
  append(frames, net::Opcode::Text, as_bytes(text_of(renditions, rendition, edge)));
  append(frames, net::Opcode::Binary,
         rendition.empty() ? presentation.init_all
                           : media::write_init(tracks, package::kids_of(presentation)));
  return Bytes(std::move(frames));
}

}  // namespace butai::delivery::websocket
