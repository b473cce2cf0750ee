#include "delivery/websocket/init_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "drm/pssh.h"
#include "drm/text.h"
#include "media/track.h"
#include "net/websocket_codec.h"

namespace butai::delivery::websocket {
namespace {

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
std::string protection_of(const live::Presentation& presentation) {
  std::string keys;
  std::string_view scheme;
  for (const live::Rendition& rendition : presentation.renditions) {
    if (rendition.track.id >= media::kFirstRung) continue;  // not in init_all
    if (!rendition.track.protection) return "\"none\"";
    scheme = media::four_characters(rendition.track.protection->scheme);
    keys += fmt::format(R"({}{{"track":{},"kid":"{}","pssh":[{}])", keys.empty() ? "" : ",",
                        rendition.track.id, drm::to_hex(rendition.track.protection->kid),
                        pssh_of(rendition.signals));
    if (rendition.next_kid) {
      keys += fmt::format(R"(,"next":"{}","next_pssh":[{}])", drm::to_hex(*rendition.next_kid),
                          pssh_of(rendition.next_signals));
    }
    keys += "}";
  }
  return fmt::format(R"({{"scheme":"{}","keys":[{}]}})", scheme, keys);
}

std::string text_of(const live::Presentation& presentation, Utc edge) {
  std::string tracks;
  for (const live::Rendition& rendition : presentation.renditions) {
    const media::Track& t = rendition.track;
    if (t.id >= media::kFirstRung) continue;  // not in init_all
    tracks +=
        fmt::format(R"({}{{"id":{},"name":"{}","codec":"{}","timescale":{})",
                    tracks.empty() ? "" : ",", t.id, rendition.name, rendition.codecs, t.timescale);
    tracks += t.id == media::kVideoTrack
                  ? fmt::format(R"(,"width":{},"height":{}}})", t.width, t.height)
                  : fmt::format(R"(,"sample_rate":{},"channels":{}}})", t.sample_rate, t.channels);
  }
  // The codecs parameter of a MIME type stands in quotes of its own.
  std::string mime;
  for (const char c : presentation.mime) mime += c == '"' ? std::string("\\\"") : std::string(1, c);
  return fmt::format(R"({{"type":"init","mime":"{}","tracks":[{}],"edge":{},"protection":{}}})",
                     mime, tracks, micros_of(edge), protection_of(presentation));
}

void append(std::vector<std::uint8_t>& frames, net::Opcode opcode, ByteView payload) {
  const net::FrameHead head = net::frame_head(opcode, payload.size());
  frames.insert(frames.end(), head.view().begin(), head.view().end());
  frames.insert(frames.end(), payload.begin(), payload.end());
}

}  // namespace

Bytes init_frames(const live::Presentation& presentation, Utc edge) {
  std::vector<std::uint8_t> frames;
  append(frames, net::Opcode::Text, as_bytes(text_of(presentation, edge)));
  append(frames, net::Opcode::Binary, presentation.init_all);
  return Bytes(std::move(frames));
}

}  // namespace butai::delivery::websocket
