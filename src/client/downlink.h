// One connection of a viewer without a screen: takes what the server sends apart, checks it, counts.
// Flow:   WS /live/CHANNEL/ws -> net::WebSocket -> Downlink -> Seen, and a file if one is wanted
// Thread: the loop of the connection.
// Limits: kMessageBytesMax per message; nothing received is kept.
// Spec:   DESIGN section 5, "viewer ←" and "Binary, viewing".
//
// Latency is now minus the capture time that travels with a frame (prft, else the SEI, else the JPEG
// comment), counted only for what is live: a new viewer first gets what is up to a key frame
// interval old, and that age says nothing about the line. Live is what begins at or after the `edge`
// that init names; for JPEG everything after the first picture.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "client/continuity.h"
#include "client/endpoint.h"
#include "client/seen.h"
#include "media/box_reader.h"
#include "net/websocket.h"

namespace butai::client {

// How a connection ended. `moved_to`: the server named another address before.
struct Ending {
  std::uint16_t code = 0;
  std::string reason;
  std::string moved_to;
};

class Downlink final : public net::WebSocketHandler {
 public:
  struct Hooks {
    std::function<void(ByteView)> save;  // each init, chunk or picture as it came
    std::function<void()> first_frame;   // once: decoding can start
    std::function<void(const std::vector<std::string>& kids)> keys;  // that an init names
    // A chunk of a protected track, as it came.
    std::function<void(const media::Track&, const Bytes&)> encrypted;
    std::function<void(const std::string& url, Millis within)> moved;
    std::function<void(Ending)> ended;  // last
  };

  // `began`: when connecting started.
  Downlink(const Clock& clock, ViewFormat format, Steady began, Seen& seen, Hooks hooks)
      : clock_(clock), format_(format), began_(began), seen_(seen), hooks_(std::move(hooks)) {}

  void close(std::string_view reason);
  void renew(std::string_view token);
  // End of the newest video frame (CMAF), where another connection may go on (&after=).
  std::optional<Utc> edge() const { return newest_; }

  void on_open(net::WebSocket& socket) override;
  void on_text(std::string_view text) override;
  void on_binary(Bytes message) override;
  void on_close(std::uint16_t code, std::string_view reason) override;

 private:
  struct TrackState {
    media::Track track;
    Continuity continuity;
  };

  void take_protection(const boost::json::object& message);
  void take_init(const Bytes& message);
  void take_chunk(const Bytes& message);
  void take_picture(const Bytes& message);
  void count_latency(Utc captured);
  void note_first_frame();
  bool leading(media::TrackId id) const;

  const Clock& clock_;
  const ViewFormat format_;
  const Steady began_;
  Seen& seen_;
  Hooks hooks_;
  net::WebSocket* socket_ = nullptr;
  bool init_is_next_ = false;
  bool first_frame_seen_ = false;
  Utc live_from_{};      // `edge` of the first init; epoch: not told
  Utc last_captured_{};  // JPEG
  std::optional<Utc> newest_;
  std::map<media::TrackId, TrackState> tracks_;
  std::string moved_to_;
};

}  // namespace butai::client
