// A ServerSession whose listener remembers, and the raw end that talks to it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "access/testing/seeded_random.h"
#include "ingest/rtmp/server_session.h"

namespace butai::ingest::rtmp::testing {

struct Heard {
  MessageType type;
  std::int64_t millis;
  Bytes body;
};

class ServerRecorder final : public ServerListener {
 public:
  // What a publish is answered with; nothing: later, by the test.
  enum class Answer : std::uint8_t { Accept, Refuse, Later };

  explicit ServerRecorder(Answer answer = Answer::Accept) : answer_(answer) {}

  void on_publish(const PublishTarget& target) override {
    targets.push_back(target);
    if (answer_ == Answer::Accept) session.accept();
    if (answer_ == Answer::Refuse) session.refuse(kDenied, "not you");
  }
  void on_media(MessageType type, std::int64_t millis, Bytes body) override {
    media.push_back({type, millis, std::move(body)});
  }
  void on_metadata(const Amf0Value& value) override { metadata.push_back(value); }
  void on_unpublish() override { ++unpublished; }

  std::vector<PublishTarget> targets;
  std::vector<Heard> media;
  std::vector<Amf0Value> metadata;
  int unpublished = 0;

 private:
  access::testing::SeededRandom random_;
  Answer answer_;

 public:
  ServerSession session{random_, *this};
};

// A client without a mind of its own: handshake, then what the test writes.
class RawClient {
 public:
  explicit RawClient(ServerRecorder& server) : server_(server) {
    std::vector<std::uint8_t> hello(1 + 1536 + 1536, 0);
    hello[0] = 3;
    server_.session.take(hello);
    answers();
  }

  void command(const Amf0Values& values, std::uint32_t stream_id = 0) {
    send({MessageType::Command, 3, stream_id, 0, Bytes(encode_amf0(values))});
  }
  void data(const Amf0Values& values, std::uint32_t stream_id = 1) {
    send({MessageType::Data, 5, stream_id, 0, Bytes(encode_amf0(values))});
  }
  void media(MessageType type, std::uint32_t time, std::vector<std::uint8_t> body,
             std::uint32_t stream_id = 1) {
    send({type, type == MessageType::Audio ? 4U : 6U, stream_id, time, Bytes(std::move(body))});
  }
  void send(const Message& message) {
    std::vector<std::uint8_t> bytes;
    writer_.write(message, bytes);
    server_.session.take(bytes);
  }
  void connect(std::string_view app = "live") {
    command({"connect", 1.0, Amf0Value::object({{"app", app}})});
  }
  void publish(std::string_view name) {
    connect();
    command({"createStream", 2.0, Amf0Value{}});
    command({"publish", 3.0, Amf0Value{}, name, "live"}, 1);
  }

  // Messages that the server has sent since the last call.
  std::vector<Message> answers() {
    const auto output = server_.session.take_output();
    ByteView bytes = output;
    if (!shaken_) bytes = bytes.subspan(1 + 1536 + 1536);
    shaken_ = true;
    std::vector<Message> all;
    for (;;) {
      auto next = reader_.next(bytes);
      if (!next || !*next) return all;
      all.push_back(std::move(**next));
    }
  }
  // Of those, the commands.
  std::vector<Amf0Values> commands() {
    std::vector<Amf0Values> all;
    for (const Message& message : answers()) {
      if (message.type != MessageType::Command) continue;
      if (auto values = decode_amf0(message.payload)) all.push_back(std::move(*values));
    }
    return all;
  }
  // The code of the last onStatus or _error, and its sentence.
  std::pair<std::string, std::string> verdict() {
    std::pair<std::string, std::string> last;
    for (const Amf0Values& values : commands()) {
      if (values.size() < 4) continue;
      const std::string_view code = values[3].text_of("code");
      if (!code.empty()) last = {std::string(code), std::string(values[3].text_of("description"))};
    }
    return last;
  }

 private:
  ServerRecorder& server_;
  bool shaken_ = false;
  ChunkWriter writer_;
  ChunkReader reader_;
};

}  // namespace butai::ingest::rtmp::testing
