// The client's end: publishes one name to any RTMP server.
// Flow:   client::RtmpUplink -> here -> bytes to send; ClientListener hears what the server says
// Thread: its connection's loop.
// Limits: ingest/rtmp/limits.h.
// Spec:   Adobe RTMP 1.0 (2012), section 7.2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ingest/rtmp/rtmp_session.h"

namespace butai::ingest::rtmp {

class ClientListener {
 public:
  virtual ~ClientListener() = default;
  virtual void on_publishing() = 0;  // from now on media may be sent
  // The server's own code and words; the session is over then.
  virtual void on_refused(std::string_view code, std::string_view sentence) = 0;
};

struct ClientTarget {
  std::string app;   // "live"
  std::string url;   // tcUrl: rtmp://HOST/live
  std::string name;  // with its query, if it has one
};

class ClientSession final : public RtmpSession {
 public:
  ClientSession(Random& random, ClientTarget target, ClientListener& listener,
                HandshakeForm form = HandshakeForm::Plain);

  void send_metadata(const Amf0Value& metadata);
  void send(MessageType type, std::int64_t millis, Bytes body);
  void leave();  // FCUnpublish, deleteStream; then close when the output is sent
  bool publishing() const { return publishing_; }

 private:
  void on_greeted() override;
  void on_command(const Command& command) override;
  void on_data(const Amf0Values&, std::uint32_t) override {}
  void on_media(Message) override {}
  void take_status(const Amf0Value& status);
  void refused(const Amf0Value& status);

  ClientTarget target_;
  ClientListener& listener_;
  std::uint32_t stream_id_ = 0;
  bool publishing_ = false;
};

}  // namespace butai::ingest::rtmp
