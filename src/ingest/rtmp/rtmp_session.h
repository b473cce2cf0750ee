// What both ends of an RTMP connection do alike, without a socket: handshake, chunks, control
// messages, commands. server_session.h and client_session.h say what they talk about.
// Flow:   bytes of a connection -> take() -> on_command, on_data, on_media of the end
//         take_output() -> bytes to send, after every call
// Thread: its connection's loop.
// Limits: ingest/rtmp/limits.h. What cannot be understood ends the session with a sentence.
// Spec:   Adobe RTMP 1.0 (2012), sections 5.4, 6.2, 7.1 and 7.2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "ingest/rtmp/amf0_codec.h"
#include "ingest/rtmp/chunk_codec.h"
#include "ingest/rtmp/handshake.h"

namespace butai::ingest::rtmp {

// An invocation: name, transaction, command object, arguments.
struct Command {
  std::string name;
  double transaction = 0;
  Amf0Value object;
  Amf0Values arguments;
  std::uint32_t stream_id = 0;
  // An argument's text; empty when it is not there or no text.
  std::string_view text(std::size_t argument) const;
};

class RtmpSession {
 public:
  RtmpSession(Role role, Random& random, HandshakeForm form);
  virtual ~RtmpSession() = default;
  RtmpSession(const RtmpSession&) = delete;
  RtmpSession& operator=(const RtmpSession&) = delete;

  // Bytes from the peer. Nothing is taken any more once it is over().
  void take(ByteView bytes);
  // What is to be sent since the last call.
  std::vector<std::uint8_t> take_output() { return std::exchange(output_, {}); }
  // The connection is to be closed when the output is sent; the sentence says why.
  bool over() const { return over_; }
  const std::string& why() const { return why_; }
  bool greeted() const { return greeted_; }  // the handshake is done

 protected:
  virtual void on_greeted() = 0;
  virtual void on_command(const Command& command) = 0;
  virtual void on_data(const Amf0Values& values, std::uint32_t stream_id) = 0;
  virtual void on_media(Message message) = 0;  // Audio or Video

  // While true, take() only keeps what comes (kHeldBytesMax); release() goes on with it.
  void hold() { holding_ = true; }
  void release();
  void finish(std::string sentence);  // over, once

  void send_command(std::uint32_t stream_id, const Amf0Values& values);
  void send_data(std::uint32_t stream_id, const Amf0Values& values);
  void send_media(MessageType type, std::uint32_t stream_id, std::uint32_t timestamp,
                  Bytes payload);
  void send_control(MessageType type, std::uint32_t value);
  void send_user_control(std::uint16_t event, std::uint32_t value);
  void send_chunk_size(std::uint32_t size) { writer_.set_chunk_size(size, output_); }
  void send_bandwidth(std::uint32_t window);

 private:
  void proceed(ByteView bytes);
  void take_message(Message message);
  void take_control(const Message& message);
  void take_user_control(ByteView payload);
  void take_command(const Message& message, ByteView payload);
  void take_data(const Message& message, ByteView payload);
  void acknowledge();

  Handshake handshake_;
  bool greeted_ = false;
  ChunkReader reader_;
  ChunkWriter writer_;
  std::vector<std::uint8_t> output_;
  std::vector<std::uint8_t> held_;
  bool holding_ = false;
  std::uint64_t received_ = 0, acknowledged_ = 0;  // bytes
  std::uint32_t window_;                           // the peer wants to hear of this many
  bool over_ = false;
  std::string why_;
};

}  // namespace butai::ingest::rtmp
