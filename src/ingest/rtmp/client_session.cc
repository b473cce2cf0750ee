#include "ingest/rtmp/client_session.h"

#include <utility>

#include "ingest/rtmp/limits.h"

namespace butai::ingest::rtmp {
namespace {

// Transactions: one of each is under way at most, so each has its number.
constexpr double kConnect = 1, kRelease = 2, kFcPublish = 3, kCreate = 4, kPublish = 5;

}  // namespace

ClientSession::ClientSession(Random& random, ClientTarget target, ClientListener& listener,
                             HandshakeForm form)
    : RtmpSession(Role::Client, random, form), target_(std::move(target)), listener_(listener) {}

void ClientSession::on_greeted() {
  send_chunk_size(kClientChunkSize);
  send_command(0, {"connect", kConnect,
                   Amf0Value::object({{"app", std::string_view(target_.app)},
                                      {"type", "nonprivate"},
                                      {"flashVer", "FMLE/3.0 (compatible; butai)"},
                                      {"tcUrl", std::string_view(target_.url)}})});
}

void ClientSession::on_command(const Command& command) {
  const Amf0Value nothing;
  const std::string_view name = target_.name;
  if (command.name == "_result" && command.transaction == kConnect) {
    send_command(0, {"releaseStream", kRelease, nothing, name});
    send_command(0, {"FCPublish", kFcPublish, nothing, name});
    return send_command(0, {"createStream", kCreate, nothing});
  }
  if (command.name == "_result" && command.transaction == kCreate) {
    const bool numbered =
        !command.arguments.empty() && command.arguments[0].kind == Amf0Value::Kind::Number;
    if (!numbered) return finish("the server's createStream has no number");
    stream_id_ = static_cast<std::uint32_t>(command.arguments[0].number);
    return send_command(stream_id_, {"publish", kPublish, nothing, name, std::string_view("live")});
  }
  // Servers may not know releaseStream and FCPublish; that is no harm.
  const bool vital = command.transaction == kConnect || command.transaction == kCreate;
  if (command.name == "_error" && vital) {
    return refused(command.arguments.empty() ? nothing : command.arguments[0]);
  }
  if (command.name == "onStatus" && !command.arguments.empty()) take_status(command.arguments[0]);
}

void ClientSession::take_status(const Amf0Value& status) {
  if (status.text_of("level") == "error") return refused(status);
  if (status.text_of("code") == "NetStream.Publish.Start" && !std::exchange(publishing_, true)) {
    listener_.on_publishing();
  }
}

void ClientSession::refused(const Amf0Value& status) {
  if (over()) return;
  publishing_ = false;
  const std::string_view sentence = status.text_of("description");
  finish(sentence.empty() ? "the server refused without a word" : std::string(sentence));
  listener_.on_refused(status.text_of("code"), why());
}

void ClientSession::send_metadata(const Amf0Value& metadata) {
  send_data(stream_id_, {"@setDataFrame", "onMetaData", metadata});
}

void ClientSession::send(MessageType type, std::int64_t millis, Bytes body) {
  if (publishing_)
    send_media(type, stream_id_, static_cast<std::uint32_t>(millis), std::move(body));
}

void ClientSession::leave() {
  if (!std::exchange(publishing_, false)) return;
  const std::string_view name = target_.name;
  send_command(0, {"FCUnpublish", 6.0, Amf0Value{}, name});
  send_command(0, {"deleteStream", 7.0, Amf0Value{}, static_cast<double>(stream_id_)});
}

}  // namespace butai::ingest::rtmp
