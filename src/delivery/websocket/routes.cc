#include "delivery/websocket/routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/name.h"
#include "delivery/limits.h"
#include "delivery/websocket/viewer_session.h"

namespace butai::delivery::websocket {
namespace {

const net::Policy kPolicy{.who = net::Who::Viewer, .late_token = net::LateToken::Allowed};

// After `init`, one init segment, then one chunk per message.
class CmafViewer final : public ViewerSession {
 public:
  CmafViewer(const net::Request& request, const Ports& ports, std::string channel, Millis batch,
             std::optional<Utc> after)
      : ViewerSession(request, ports, std::move(channel), batch, kPolicy), after_(after) {}

  void on_chunk() override { something_new(); }

 private:
  const live::Ring<live::ChunkPtr>& ring() { return view().chunks(); }

  void begin() override {
    if (!ring().newest_entry()) return;
    cursor_ = after_ ? entry_before(*after_) : *ring().newest_entry();
  }

  // The newest key frame that is not later than `when`; else the newest of all, and a gap.
  std::uint64_t entry_before(Utc when) {
    const std::uint64_t newest = *ring().newest_entry();
    const auto leading = view().presentation()->renditions.front().track.id;
    for (std::uint64_t at = newest + 1; at-- > ring().first();) {
      const live::Chunk& chunk = *ring().at(at);
      if (chunk.track == leading && chunk.independent && chunk.start.utc() <= when) return at;
    }
    const Utc to = ring().at(newest)->start.utc();
    send_gap(when, to, "resume");
    return newest;
  }

  void jump_if_behind() override {
    if (!cursor_) return begin();
    if (*cursor_ >= ring().end()) return;
    const auto newest = ring().newest_entry();
    const bool lost = *cursor_ < ring().first();
    if (!lost && !behind()) return;
    if (!newest || *newest <= *cursor_) return lost ? cursor_.reset() : void();
    const Utc to = ring().at(*newest)->start.utc();
    // Sound may be ahead of the key frame that is jumped to.
    const Utc from = lost ? last_sent_ : ring().at(*cursor_)->start.utc();
    send_gap(std::min(from, to), to, "slow");
    count_gap();
    cursor_ = newest;
  }

  bool behind() {
    const live::Chunk& next = *ring().at(*cursor_);
    if (view().edge() - next.start.utc() > kBehindMax) return true;
    std::size_t bytes = 0;
    for (std::uint64_t at = *cursor_; at < ring().end() && bytes <= kBehindBytesMax; ++at) {
      bytes += ring().bytes_at(at);
    }
    return bytes > kBehindBytesMax;
  }

  bool send_next() override {
    if (!cursor_ || *cursor_ >= ring().end()) return false;
    const live::ChunkPtr chunk = ring().at((*cursor_)++);
    if (chunk->init != init_sent_ && !send_init(chunk->init)) return true;
    last_sent_ = chunk->start.utc();
    socket_send(chunk->bytes);
    return true;
  }

  bool send_init(std::uint32_t number) {
    const live::PresentationPtr presentation = view().find_presentation(number);
    if (!presentation) return false;
    std::string tracks;
    for (const live::Rendition& rendition : presentation->renditions) {
      const media::Track& t = rendition.track;
      tracks += fmt::format(R"({}{{"id":{},"name":"{}","codec":"{}","timescale":{})",
                            tracks.empty() ? "" : ",", t.id, rendition.name, rendition.codecs,
                            t.timescale);
      tracks +=
          t.id == media::kVideoTrack
              ? fmt::format(R"(,"width":{},"height":{}}})", t.width, t.height)
              : fmt::format(R"(,"sample_rate":{},"channels":{}}})", t.sample_rate, t.channels);
    }
    // The codecs parameter of a MIME type stands in quotes of its own.
    std::string mime;
    for (const char c : presentation->mime)
      mime += c == '"' ? std::string("\\\"") : std::string(1, c);
    send_text(
        fmt::format(R"({{"type":"init","mime":"{}","tracks":[{}],"edge":{},"protection":"none"}})",
                    mime, tracks, micros_of(view().edge())));
    socket_send(presentation->init_all);
    init_sent_ = number;
    return true;
  }

  std::optional<Utc> after_;
  std::optional<std::uint64_t> cursor_;
  std::uint32_t init_sent_ = UINT32_MAX;
  Utc last_sent_{};
};

// One JPEG per message, the publisher's own bytes.
class JpegViewer final : public ViewerSession {
 public:
  JpegViewer(const net::Request& request, const Ports& ports, std::string channel)
      : ViewerSession(request, ports, std::move(channel), Millis{0}, kPolicy) {}

  void on_picture() override { something_new(); }

 private:
  const live::Ring<live::PicturePtr>& ring() { return view().pictures(); }

  void begin() override {
    if (ring().newest_entry()) cursor_ = ring().newest_entry();
  }

  void jump_if_behind() override {
    if (!cursor_) return begin();
    if (*cursor_ >= ring().end()) return;
    const std::uint64_t newest = *ring().newest_entry();
    const bool lost = *cursor_ < ring().first();
    if (!lost && ring().at(newest)->arrived - ring().at(*cursor_)->arrived <= kBehindMax) return;
    send_gap(lost ? last_sent_ : ring().at(*cursor_)->arrived, ring().at(newest)->arrived, "slow");
    count_gap();
    cursor_ = newest;
  }

  bool send_next() override {
    if (!cursor_ || *cursor_ >= ring().end()) return false;
    const live::PicturePtr picture = ring().at((*cursor_)++);
    last_sent_ = picture->arrived;
    socket_send(picture->jpeg);
    return true;
  }

  std::optional<std::uint64_t> cursor_;
  Utc last_sent_{};
};

std::optional<std::int64_t> number(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return value;
}

using Accepted = std::expected<std::unique_ptr<net::WebSocketHandler>, net::Response>;

Accepted accept(const net::Request& request, const Ports& ports) {
  std::string channel(request.arg("channel"));
  if (!is_name(channel) || !ports.channels.known(channel)) {
    return std::unexpected(net::Response::problem(404, "no such channel"));
  }
  const std::string_view format = request.query_value("format").value_or("cmaf");
  if (format == "jpeg") return std::make_unique<JpegViewer>(request, ports, std::move(channel));
  if (format != "cmaf") {
    return std::unexpected(net::Response::problem(400, "format must be cmaf or jpeg"));
  }
  const auto latency = request.query_value("latency");
  const std::int64_t batch = latency ? number(latency).value_or(-1) : 33;
  if (batch != 0 && batch != 33 && batch != 100) {
    return std::unexpected(net::Response::problem(400, "latency must be 0, 33 or 100"));
  }
  std::optional<Utc> after;
  if (const auto micros = number(request.query_value("after"))) after = utc_of(*micros);
  return std::make_unique<CmafViewer>(request, ports, std::move(channel), Millis{batch}, after);
}

}  // namespace

std::vector<net::Route> routes(std::shared_ptr<const Ports> ports) {
  net::WebSocketRoute socket{
      .accept = [ports](const net::Request& request) { return accept(request, *ports); },
      .limits = {},
      .subprotocols = {"butai.v1"},
  };
  return {{.method = net::Method::Get,
           .pattern = "/live/{channel}/ws",
           .policy = kPolicy,
           .handler = std::move(socket),
           .doc = {.summary = "View: CMAF chunks or JPEG pictures, pushed",
                   .request_schema = "",
                   .response_schema = ""}}};
}

}  // namespace butai::delivery::websocket
