#include "ingest/rtmp/server_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ingest/rtmp/limits.h"

namespace butai::ingest::rtmp {
namespace {

constexpr std::uint16_t kStreamBegin = 0;  // user control, section 7.1.7
constexpr std::string_view kApp = "live";

// A peer's word in a sentence of ours: short, and nothing but plain characters.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, kTextShownMax));
  std::ranges::replace_if(
      out, [](unsigned char c) { return c < 0x20 || c > 0x7e || c == '"'; }, '?');
  return out;
}

// Splits at the first ? (or &, which some people write after a key).
std::pair<std::string, std::string> split_query(std::string_view text, std::string_view marks) {
  const std::size_t at = std::min(text.find_first_of(marks), text.size());
  const std::string_view query = text.substr(std::min(at + 1, text.size()));
  return {std::string(text.substr(0, at)), std::string(query)};
}

// How far it is from the clock to a timestamp. 32 bits of milliseconds begin anew after 49 days; the way
// that is shorter is the right one. Some encoders (FFmpeg's are among them) write 31 bits of them, which
// begin anew after 24 days: nothing else steps by so much.
std::int64_t step_to(std::uint32_t timestamp, std::int64_t clock) {
  constexpr std::int64_t kHalf = std::int64_t{1} << 31;
  const std::int64_t step =
      static_cast<std::int32_t>(timestamp - static_cast<std::uint32_t>(clock));
  if (step <= kTwoClocksApart.count() - kHalf) return step + kHalf;
  if (step >= kHalf - kTwoClocksApart.count()) return step - kHalf;
  return step;
}

Amf0Value status(std::string_view level, std::string_view code, std::string_view sentence) {
  return Amf0Value::object({{"level", level}, {"code", code}, {"description", sentence}});
}

}  // namespace

ServerSession::ServerSession(Random& random, ServerListener& listener)
    : RtmpSession(Role::Server, random, HandshakeForm::Plain), listener_(listener) {}

void ServerSession::on_command(const Command& command) {
  if (state_ != State::Publishing && ++commands_ > kCommandsBeforePublishMax) {
    return finish("many commands came and nothing was published");
  }
  const std::string& name = command.name;
  if (name == "connect") return connect(command);
  if (state_ == State::Greeting) return finish("the first command must be connect");
  if (name == "createStream") return create_stream(command);
  if (name == "publish") return publish(command);
  if (name == "releaseStream") return send_result(command, {});
  if (name == "FCPublish") {
    send_command(
        0, {"onFCPublish", 0.0, Amf0Value{}, status("status", "NetStream.Publish.Start", "")});
    return send_result(command, {});
  }
  if (name == "FCUnpublish") {
    send_command(0, {"onFCUnpublish", 0.0, Amf0Value{},
                     status("status", "NetStream.Unpublish.Success", "")});
    unpublish();
    return send_result(command, {});
  }
  if (name == "deleteStream" || name == "closeStream") return unpublish();
  if (name == "play" || name == "play2") {
    stream_id_ = command.stream_id;
    return refuse("NetStream.Play.Failed",
                  "nothing is watched by RTMP here; use the watch page, HLS, DASH or WebSocket");
  }
  // getStreamLength, _checkbw and their like: an answer keeps the encoder from waiting.
  if (command.transaction > 0 && name != "_result" && name != "_error") {
    send_command(command.stream_id,
                 {"_error", command.transaction, Amf0Value{},
                  status("error", "NetConnection.Call.Failed", "there is no such command")});
  }
}

void ServerSession::connect(const Command& command) {
  if (state_ != State::Greeting) return finish("connect came twice");
  auto [app, query] = split_query(command.object.text_of("app"), "?");
  if (app.ends_with('/')) app.pop_back();
  if (app != kApp) {
    const std::string why = fmt::format(
        "there is no \"{}\" here; send to rtmp://HOST/live with the key CHANNEL?token=TOKEN",
        shown(app));
    send_command(0, {"_error", command.transaction, Amf0Value{},
                     status("error", "NetConnection.Connect.Rejected", why)});
    return finish(why);
  }
  app_query_ = std::move(query);
  state_ = State::Connected;
  send_control(MessageType::WindowSize, kWindowBytes);
  send_bandwidth(kWindowBytes);
  send_chunk_size(kServerChunkSize);
  Amf0Value answer = status("status", "NetConnection.Connect.Success", "connected");
  answer.members.push_back({"objectEncoding", 0.0});
  send_command(0, {"_result", command.transaction,
                   Amf0Value::object({{"fmsVer", "FMS/3,5,3,824"}, {"capabilities", 127.0}}),
                   std::move(answer)});
}

void ServerSession::create_stream(const Command& command) {
  if (++streams_ > kStreamsMax) return finish("createStream came too often");
  send_result(command, static_cast<double>(streams_));
}

void ServerSession::publish(const Command& command) {
  if (state_ == State::Publishing) {
    return refuse(kBadName, "this connection publishes already; open another one");
  }
  if (command.stream_id == 0 || command.stream_id > streams_) {
    return finish("publish came without createStream");
  }
  stream_id_ = command.stream_id;
  auto [name, query] = split_query(command.text(0), "?&");
  if (!app_query_.empty()) query += (query.empty() ? "" : "&") + app_query_;
  state_ = State::Asking;
  hold();
  listener_.on_publish({std::move(name), std::move(query)});
}

void ServerSession::accept() {
  if (state_ != State::Asking || over()) return;
  state_ = State::Publishing;
  clock_.reset();
  send_user_control(kStreamBegin, stream_id_);
  send_status(stream_id_, "status", "NetStream.Publish.Start", "publishing");
  release();
}

void ServerSession::refuse(std::string_view code, std::string_view sentence) {
  if (over()) return;
  send_status(stream_id_, "error", code, sentence);
  finish(std::string(sentence));
}

void ServerSession::unpublish() {
  if (state_ != State::Publishing) return;
  state_ = State::Connected;
  commands_ = 0;
  send_status(stream_id_, "status", "NetStream.Unpublish.Success", "no longer publishing");
  listener_.on_unpublish();
}

void ServerSession::on_data(const Amf0Values& values, std::uint32_t stream_id) {
  if (state_ != State::Publishing || stream_id != stream_id_ || values.empty()) return;
  // @setDataFrame onMetaData {…}; some leave the first word out.
  const std::size_t at = values[0].text == "@setDataFrame" ? 1 : 0;
  if (values.size() > at + 1 && values[at].text == "onMetaData") {
    listener_.on_metadata(values[at + 1]);
  }
}

void ServerSession::on_media(Message message) {
  if (state_ != State::Publishing || message.stream_id != stream_id_) return;
  clock_ = clock_ ? *clock_ + step_to(message.timestamp, *clock_) : message.timestamp;
  listener_.on_media(message.type, *clock_, std::move(message.payload));
}

void ServerSession::send_result(const Command& command, Amf0Value value) {
  Amf0Values values{"_result", command.transaction, Amf0Value{}};
  values.push_back(std::move(value));
  send_command(0, values);
}

void ServerSession::send_status(std::uint32_t stream_id, std::string_view level,
                                std::string_view code, std::string_view sentence) {
  send_command(stream_id, {"onStatus", 0.0, Amf0Value{}, status(level, code, sentence)});
}

}  // namespace butai::ingest::rtmp
