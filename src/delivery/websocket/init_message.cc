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
Renditions chosen(const live::Presentation& presentation, const Choice& choice) {
  const live::Rendition* sound = find_sound(presentation, choice.sound);
  Renditions all;
  for (const live::Rendition& rendition : presentation.renditions) {
    const bool own = choice.rendition.empty() && rendition.track.id == media::kVideoTrack;
    if (own || rendition.name == choice.rendition) all.push_back(&rendition);
  }
  if (all.empty() && !choice.rendition.empty()) return all;
  const bool alone = !all.empty() && all.front()->track.codec == media::Codec::Aac;
  if (!alone && sound != nullptr) all.push_back(sound);
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

// Where there are two: [{"name":"audio","language":"ja"},…], of which "sound" is the one that comes.
std::string sounds_of(const live::Presentation& presentation, const Renditions& renditions,
                      const Choice& choice) {
  const bool two = std::ranges::any_of(presentation.renditions, [](const auto& each) {
    return each.track.id == media::kSecondSound;
  });
  if (!two) return {};
  std::string all;
  for (const live::Rendition& rendition : presentation.renditions) {
    const bool own = rendition.track.id < media::kFirstRung;
    if (!own || rendition.track.codec != media::Codec::Aac) continue;
    all += fmt::format(R"({}{{"name":"{}","language":"{}"}})", all.empty() ? "" : ",",
                       rendition.name, rendition.track.language);
  }
  const live::Rendition* sound = find_sound(presentation, choice.sound);
  for (const live::Rendition* each : renditions) {
    if (each->track.id == media::kSecondSound) sound = each;
  }
  return fmt::format(R"(,"sounds":[{}],"sound":"{}")", all, sound == nullptr ? "" : sound->name);
}

std::string text_of(const live::Presentation& presentation, const Renditions& renditions,
                    const Choice& choice, Utc edge) {
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
      R"({{"type":"init","mime":"{}","tracks":[{}],"rendition":"{}","edge":{},"protection":{}{}}})",
      mime_of(renditions), tracks, choice.rendition, micros_of(edge), protection_of(renditions),
      sounds_of(presentation, renditions, choice));
}

void append(std::vector<std::uint8_t>& frames, net::Opcode opcode, ByteView payload) {
  const net::FrameHead head = net::frame_head(opcode, payload.size());
  frames.insert(frames.end(), head.view().begin(), head.view().end());
  frames.insert(frames.end(), payload.begin(), payload.end());
}

}  // namespace

const live::Rendition* find_sound(const live::Presentation& presentation, std::string_view name) {
  for (const live::Rendition& rendition : presentation.renditions) {
    const bool own = rendition.track.id < media::kFirstRung;
    if (!own || rendition.track.codec != media::Codec::Aac) continue;
    if (name.empty() || rendition.name == name) return &rendition;
  }
  return nullptr;
}

Bytes init_frames(const live::Presentation& presentation, const Choice& choice, Utc edge) {
  const Renditions renditions = chosen(presentation, choice);
  if (renditions.empty()) return {};
  std::vector<media::Track> tracks;
  for (const live::Rendition* each : renditions) tracks.push_back(each->track);
  std::vector<std::uint8_t> frames;
  append(frames, net::Opcode::Text, as_bytes(text_of(presentation, renditions, choice, edge)));
  append(frames, net::Opcode::Binary,
         choice == Choice() ? presentation.init_all
                            : media::write_init(tracks, package::kids_of(presentation)));
  return Bytes(std::move(frames));
}

}  // namespace butai::delivery::websocket
