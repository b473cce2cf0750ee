// The server's end: takes one publisher in, as OBS, vMix, ffmpeg, GStreamer and hardware come.
// Flow:   RtmpSession -> here -> ServerListener (rtmp_server, or a test)
// Thread: its connection's loop.
// Limits: ingest/rtmp/limits.h.
// Spec:   Adobe RTMP 1.0 (2012), section 7.2; FCPublish, releaseStream and FCUnpublish are Flash Media
//         Server's, and every encoder sends them.
//
//   connect {app: "live"} → _result      releaseStream, FCPublish → _result, onFCPublish
//   createStream → _result 1             publish NAME → the listener decides → onStatus
//   audio, video, @setDataFrame          FCUnpublish, deleteStream, closeStream → onStatus, again free
//   play → refused: nothing is watched by RTMP
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/rtmp/rtmp_session.h"

namespace butai::ingest::rtmp {

// What a publisher asks for, unverified. rtmp://HOST/live/NAME?QUERY; either part may bring the query.
struct PublishTarget {
  std::string name;   // a channel, or a stream key
  std::string query;  // without ?, undecoded: token=…&input=b
};

class ServerListener {
 public:
  virtual ~ServerListener() = default;
  // To be answered with accept() or refuse(), now or later; nothing else comes until then.
  virtual void on_publish(const PublishTarget& target) = 0;
  // Times in milliseconds, without wraps: they go on where 32 bits begin anew.
  virtual void on_media(MessageType type, std::int64_t millis, Bytes body) = 0;
  virtual void on_metadata(const Amf0Value& metadata) = 0;
  virtual void on_unpublish() = 0;  // in order; the connection may publish again
};

// Codes of onStatus that encoders know.
inline constexpr std::string_view kBadName = "NetStream.Publish.BadName";
inline constexpr std::string_view kDenied = "NetStream.Publish.Denied";
inline constexpr std::string_view kFailed = "NetStream.Publish.Failed";

class ServerSession final : public RtmpSession {
 public:
  ServerSession(Random& random, ServerListener& listener);

  void accept();
  // Says why, and is over. Also later: dismissed, idle, a codec that is not taken.
  void refuse(std::string_view code, std::string_view sentence);
  bool publishing() const { return state_ == State::Publishing; }

 private:
  enum class State : std::uint8_t { Greeting, Connected, Asking, Publishing };

  void on_greeted() override {}
  void on_command(const Command& command) override;
  void on_data(const Amf0Values& values, std::uint32_t stream_id) override;
  void on_media(Message message) override;

  void connect(const Command& command);
  void create_stream(const Command& command);
  void publish(const Command& command);
  void unpublish();
  void send_result(const Command& command, Amf0Value value);
  void send_status(std::uint32_t stream_id, std::string_view level, std::string_view code,
                   std::string_view sentence);

  ServerListener& listener_;
  State state_ = State::Greeting;
  std::size_t commands_ = 0;  // before something was published
  std::uint32_t streams_ = 0;
  std::uint32_t stream_id_ = 0;  // of what is published, or asked for
  std::string app_query_;
  std::optional<std::int64_t> clock_;  // of the last media message
};

}  // namespace butai::ingest::rtmp
