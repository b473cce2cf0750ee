#include "ingest/websocket/routes.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <map>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/name.h"
#include "ingest/limits.h"
#include "ingest/return_path.h"
#include "media/jpeg.h"

namespace butai::ingest {
namespace {

namespace json = boost::json;

const net::Policy kPolicy{.who = net::Who::Publisher, .late_token = net::LateToken::Allowed};

// How much of what arrives goes back.
enum class Echo : std::uint8_t { None, Seed, WhenEmpty };
enum class Kind : std::uint8_t { Unknown, Pictures, Container };

struct Counters {
  explicit Counters(Metrics& metrics)
      : pictures(metrics.counter("butai_ingest_pictures_total", "JPEG pictures taken in")),
        bytes(metrics.counter("butai_ingest_bytes_total", "bytes of media taken in")),
        bad(metrics.counter("butai_ingest_bad_messages_total", "messages that were no media")) {}
  prometheus::Counter& pictures;
  prometheus::Counter& bytes;
  prometheus::Counter& bad;
};

class PublisherSession final : public net::WebSocketHandler, public net::Movable {
 public:
  PublisherSession(const net::Request& request, const PublisherPorts& ports,
                   std::shared_ptr<Counters> counters)
      : request_(request),
        ports_(ports),
        counters_(std::move(counters)),
        channel_(request.query_value("channel").value_or("main")),
        slot_(request.query_value("input") == "b" ? live::InputSlot::B : live::InputSlot::A) {
    if (request.query.empty()) {
      echo_ = Echo::Seed;
    } else if (request.query_value("echo") == "1") {
      echo_ = Echo::WhenEmpty;
    }
  }

  void on_open(net::WebSocket& socket) override {
    socket_ = &socket;
    ports_.open_sockets.add(socket.loop().index(), *this);
    back_ = std::make_shared<ReturnPath<PublisherSession>>(socket.loop(), *this);
    authority_ = std::make_unique<access::SocketAuthority>(
        ports_.guard, kPolicy, request_, socket.loop(), ports_.clock,
        [this](std::uint16_t code, std::string_view reason) { socket_->close(code, reason); });
    if (authority_->admitted()) begin();
  }

  void on_text(std::string_view text) override {
    boost::system::error_code error;
    const json::value message = json::parse(json::string_view(text.data(), text.size()), error);
    const auto* object = error ? nullptr : message.if_object();
    const auto* type = object != nullptr ? object->if_contains("type") : nullptr;
    if (type == nullptr || !type->is_string())
      return bad("a text message must be JSON with a type");
    if (type->get_string() == "auth") return take_token(*object);
    if (!authority_->admitted()) return socket_->close(4401, "send an auth message first");
    if (type->get_string() == "hello") return greet(*object);
    if (type->get_string() == "done") return take_done(*object);
    // Unknown types are ignored: newer clients talk to older servers.
  }

  void on_binary(Bytes message) override {
    if (!authority_->admitted()) return socket_->close(4401, "send an auth message first");
    echo(message);
    ++messages_;
    counters_->bytes.Increment(static_cast<double>(message.size()));
    if (kind_ == Kind::Unknown && !tell_kind(message)) return;
    acknowledge();
    kind_ == Kind::Pictures ? take_picture(std::move(message)) : hand_over(std::move(message));
  }

  void on_close(std::uint16_t, std::string_view) override {
    ports_.open_sockets.remove(socket_->loop().index(), *this);
    back_->forget_session();
    if (publication_) {
      home_->post([publication = std::move(publication_)] { publication->end(); });
    }
    authority_.reset();
    ack_timer_.reset();
    for (auto& [id, waiting] : std::exchange(pending_, {})) waiting.done("the publisher left");
  }

  // Publishers hold on until the end, so that viewers lose as little as can be.
  void move(Millis) override {}
  void shut() override { socket_->close(1001, "this server is shutting down"); }

  // From here on: called by ReturnPath on this session's loop.

  void taken(std::shared_ptr<Publication> publication, net::Loop& home) {
    publication_ = std::move(publication);
    home_ = &home;
    socket_->resume_reading();
    for (auto& task : std::exchange(early_, {})) task();
  }
  void refused(NotBegun why) {
    switch (why) {
      case NotBegun::NoSuchChannel:
        return socket_->close(4404, "no such channel; it is not configured, or there are too many");
      case NotBegun::TakenByAnother:
        return socket_->close(4409, "this input is taken by another publisher");
      case NotBegun::Ended:
        return socket_->close(4410, "the channel has ended");
    }
  }

  void dismissed(live::Dismissal why) {
    switch (why) {
      case live::Dismissal::TakenOver:
        return socket_->close(4409, "taken over by the same publisher");
      case live::Dismissal::Kicked:
        return socket_->close(4403, "taken off by an operator");
      case live::Dismissal::ChannelEnded:
        return socket_->close(4410, "the channel has ended");
    }
  }

  void consumed(std::size_t bytes) {
    in_flight_ -= std::min(in_flight_, bytes);
    if (paused_ && in_flight_ < kInFlightBytesMax / 2) {
      paused_ = false;
      socket_->resume_reading();
    }
  }

  void complain(const std::string& sentence) { send_error("unusable", sentence); }

  void instruct(const live::Instruction& instruction, live::InstructionDone done) {
    if (!greeted_) {
      // The server's own encoder has obeyed already; nobody else is there to ask.
      const bool ours = kind_ == Kind::Pictures && instruction.act == "key_frame";
      return done(ours ? "" : "this publisher does not take instructions (it sent no hello)");
    }
    const std::uint64_t id = ++instructions_;
    json::object message{{"type", "instruction"}, {"id", id}, {"do", instruction.act}};
    boost::system::error_code error;
    if (!instruction.value.empty()) message["value"] = json::parse(instruction.value, error);
    socket_->send_text(json::serialize(message));
    auto timer = socket_->loop().after(kInstructionTime, [this, id] {
      finish_instruction(id, "the publisher did not answer within 3 s");
    });
    pending_.emplace(id, Pending{std::move(done), std::move(timer)});
  }

 private:
  struct Pending {
    live::InstructionDone done;
    TimerHandle timer;
  };

  void begin() {
    // Nothing is read until the channel has said yes; what is already here waits in early_.
    socket_->pause_reading();
    begin_publication(ports_.channels, channel_, slot_, authority_->principal().subject,
                      ports_.clock, ports_.publication, back_);
  }

  void take_token(const json::object& message) {
    const auto* token = message.if_contains("token");
    if (token == nullptr || !token->is_string()) return bad("an auth message needs a token");
    const bool first = !authority_->admitted();
    const auto& text = token->get_string();
    if (authority_->take_token({text.data(), text.size()}) && first) begin();
  }

  void greet(const json::object& message) {
    greeted_ = true;
    json::object welcome{{"type", "welcome"},
                         {"channel", channel_},
                         {"input", std::string(1, live::letter(slot_))},
                         {"clock", micros_of(ports_.clock.utc())}};
    // A publisher that comes back names itself; the slot was kept by its subject.
    const auto* resume = message.if_contains("resume");
    welcome["resume"] = resume != nullptr && resume->is_string()
                            ? resume->get_string()
                            : json::string(fmt::format("{}-{}", channel_, live::letter(slot_)));
    socket_->send_text(json::serialize(welcome));
  }

  void take_done(const json::object& message) {
    const auto* id = message.if_contains("id");
    if (id == nullptr || !id->is_number()) return;
    boost::system::error_code ignored;
    const auto* error = message.if_contains("error");
    finish_instruction(id->to_number<std::uint64_t>(ignored), error != nullptr && error->is_string()
                                                                  ? std::string(error->get_string())
                                                                  : "");
  }

  void finish_instruction(std::uint64_t id, std::string error) {
    const auto found = pending_.find(id);
    if (found == pending_.end()) return;
    auto done = std::move(found->second.done);
    pending_.erase(found);
    done(std::move(error));
  }

  void echo(const Bytes& message) {
    if (echo_ == Echo::None || (echo_ == Echo::Seed && echoes_ >= kEchoesMax)) return;
    if (socket_->unsent() > 0)
      return;  // a sender that does not read loses its echoes, nothing else
    ++echoes_;
    socket_->send_binary({message});
  }

  // The first bytes say what this publisher sends; false: neither, and it was told so.
  bool tell_kind(const Bytes& message) {
    const ByteView bytes = message;
    if (bytes.size() >= 2 && bytes[0] == 0xFF && bytes[1] == 0xD8) {
      kind_ = Kind::Pictures;
    } else if (looks_like_container(bytes)) {
      kind_ = Kind::Container;
    } else {
      bad("neither a JPEG (FF D8) nor the start of fMP4, WebM, FLV or MPEG-TS");
      return false;
    }
    return true;
  }

  static bool looks_like_container(ByteView bytes) {
    if (bytes.size() < 4) return false;
    const std::string_view text = as_text(bytes);
    return text.starts_with("\x1A\x45\xDF\xA3") || text.starts_with("FLV") || bytes[0] == 0x47 ||
           (text.size() >= 8 && (text.substr(4, 4) == "ftyp" || text.substr(4, 4) == "styp" ||
                                 text.substr(4, 4) == "moov"));
  }

  void take_picture(Bytes message) {
    const auto info = media::inspect_jpeg(message, kJpegBytesMax);
    if (!info) return bad(std::string(media::sentence(info.error())));
    bad_in_row_ = 0;
    counters_->pictures.Increment();
    auto picture = std::make_shared<media::Picture>();
    picture->width = info->width;
    picture->height = info->height;
    picture->captured = info->captured;
    picture->arrived = ports_.clock.utc();
    picture->jpeg = std::move(message);
    const std::size_t bytes = picture->jpeg.size();
    later_or_now(bytes, [this, picture = live::PicturePtr(std::move(picture))] {
      home_->post([publication = publication_, picture] { publication->push_jpeg(picture); });
    });
  }

  void hand_over(Bytes piece) {
    later_or_now(piece.size(), [this, piece] {
      home_->post([publication = publication_, piece] { publication->push_piece(piece); });
    });
  }

  void later_or_now(std::size_t bytes, std::function<void()> task) {
    in_flight_ += bytes;
    if (!publication_) {
      early_.push_back(std::move(task));
    } else {
      task();
    }
    if (!paused_ && publication_ && in_flight_ > kInFlightBytesMax) {
      paused_ = true;
      socket_->pause_reading();
    }
  }

  void acknowledge() {
    bad_in_row_ = kind_ == Kind::Container ? 0 : bad_in_row_;
    if (!greeted_ || ack_timer_) return;
    ack_timer_ = socket_->loop().after(kAckInterval, [this] {
      ack_timer_.reset();
      socket_->send_text(json::serialize(json::object{{"type", "ack"}, {"message", messages_}}));
    });
  }

  void bad(std::string_view sentence) {
    counters_->bad.Increment();
    if (++bad_in_row_ >= kBadFramesMax) return socket_->close(4400, "100 bad messages in a row");
    send_error("bad_message", sentence);
  }

  // The seed's client never reads and expects no text.
  void send_error(std::string_view code, std::string_view sentence) {
    if (echo_ == Echo::Seed || socket_->unsent() > 0) return;
    socket_->send_text(json::serialize(json::object{
        {"type", "error"}, {"code", std::string(code)}, {"message", std::string(sentence)}}));
  }

  net::Request request_;
  const PublisherPorts& ports_;
  std::shared_ptr<Counters> counters_;
  std::string channel_;
  live::InputSlot slot_;
  Echo echo_ = Echo::None;
  Kind kind_ = Kind::Unknown;
  net::WebSocket* socket_ = nullptr;
  std::unique_ptr<access::SocketAuthority> authority_;
  std::shared_ptr<ReturnPath<PublisherSession>> back_;
  std::shared_ptr<Publication> publication_;  // used and let go of on home_ only
  net::Loop* home_ = nullptr;
  std::vector<std::function<void()>> early_;
  std::size_t in_flight_ = 0;
  bool paused_ = false;
  bool greeted_ = false;
  int echoes_ = 0;
  int bad_in_row_ = 0;
  std::uint64_t messages_ = 0;
  std::uint64_t instructions_ = 0;
  std::map<std::uint64_t, Pending> pending_;
  TimerHandle ack_timer_;
};

using Accepted = std::expected<std::unique_ptr<net::WebSocketHandler>, net::Response>;

Accepted accept(const net::Request& request, const PublisherPorts& ports,
                const std::shared_ptr<Counters>& counters) {
  const std::string channel(request.query_value("channel").value_or("main"));
  const std::string_view input = request.query_value("input").value_or("a");
  if (!is_name(channel) || !ports.channels.known(channel)) {
    return std::unexpected(
        net::Response::problem(404, "no such channel; configure it, or switch [channels] auto on"));
  }
  if (input != "a" && input != "b") {
    return std::unexpected(net::Response::problem(400, "input must be a or b"));
  }
  // The channel itself decides later; this only answers the common case before the upgrade.
  const auto* view = ports.channels.find_view(net::Loop::current()->index(), channel);
  if (view != nullptr && !request.principal.subject.empty()) {
    const std::string& holder = view->inputs().subject[input == "b" ? 1 : 0];
    if (!holder.empty() && holder != request.principal.subject) {
      return std::unexpected(net::Response::problem(
          409, fmt::format("input {} of {} is taken by another publisher; use &input={} or wait",
                           input, channel, input == "a" ? "b" : "a")));
    }
  }
  return std::make_unique<PublisherSession>(request, ports, counters);
}

}  // namespace

std::vector<net::Route> routes(PublisherPorts ports) {
  auto shared = std::make_shared<const PublisherPorts>(ports);
  auto counters = std::make_shared<Counters>(ports.metrics);
  net::WebSocketRoute socket{
      .accept = [shared, counters](const net::Request& r) { return accept(r, *shared, counters); },
      .limits = {.message_bytes_max = kMessageBytesMax},
      .subprotocols = {"butai.v1"},
  };
  return {
      {.method = net::Method::Get,
       .pattern = "/ws",
       .policy = kPolicy,
       .handler = std::move(socket),
       .doc = {.summary = "Publish: one JPEG per message, or pieces of fMP4, WebM, FLV, MPEG-TS",
               .request_schema = "",
               .response_schema = ""}}};
}

}  // namespace butai::ingest
