// One connection of a publisher, whatever it speaks: uplink.h over WebSocket, rtmp_uplink.h over RTMP.
// Thread: the loop of the connection.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "media/frame.h"
#include "media/track.h"

namespace butai::client {

// Of all connections of one run.
struct UplinkTotals {
  std::string resume;  // the name that welcome gave us
  std::uint64_t frames = 0, sounds = 0, bytes = 0, dropped = 0;
  Micros round_trip{0};  // of the newest ack
};

class UplinkListener {
 public:
  virtual ~UplinkListener() = default;
  virtual void on_connected() = 0;
  virtual void on_key_frame_wanted() = 0;
  virtual void on_told(std::string_view sentence) = 0;  // the server's error message
  // With a close code of DESIGN section 5; 1006: the line broke.
  virtual void on_disconnected(std::uint16_t code, std::string_view reason) = 0;
};

class PublishLink {
 public:
  virtual ~PublishLink() = default;
  virtual void set_tracks(const std::vector<media::Track>& tracks) = 0;
  virtual void send_frame(media::Frame frame) = 0;
  // One JPEG. Gets the capture time as a comment unless it has one.
  virtual void send_picture(const Bytes& jpeg, Utc captured) = 0;
  virtual void renew(std::string_view token) = 0;
  virtual void close(std::string_view reason) = 0;  // on_disconnected follows
  virtual bool open() const = 0;
  virtual std::size_t unsent() const = 0;  // bytes
};

}  // namespace butai::client
