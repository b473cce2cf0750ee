#include "ingest/rtmp/rtmp_connection.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "ingest/limits.h"
#include "ingest/rtmp/limits.h"

namespace butai::ingest::rtmp {

RtmpCounters::RtmpCounters(Metrics& metrics)
    : connections(metrics.gauge("butai_rtmp_connections", "open RTMP and RTMPS connections")),
      bytes(metrics.counter("butai_ingest_bytes_total", "bytes of media taken in")),
      refused(metrics.counter("butai_rtmp_refused_total",
                              "RTMP publications refused or ended with a sentence")) {
  const Metrics::Labels rtmp{{"loop", "rtmp"}};
  traffic.received =
      &metrics.counter("butai_net_received_bytes_total", "bytes read from sockets", rtmp);
  traffic.sent = &metrics.counter("butai_net_sent_bytes_total", "bytes the kernel took", rtmp);
}

RtmpConnection::RtmpConnection(const RtmpPorts& ports, RtmpCounters& counters,
                               net::AddressLimits& limits,
                               std::shared_ptr<net::Transport> transport, net::Address address,
                               bool secure, Gone gone)
    : ports_(ports),
      counters_(counters),
      limits_(limits),
      transport_(std::move(transport)),
      address_(address),
      secure_(secure),
      gone_(std::move(gone)),
      session_(ports.random, *this),
      back_(std::make_shared<ReturnPath<RtmpConnection>>(transport_->loop(), *this)) {}

RtmpConnection::~RtmpConnection() { transport_->detach(); }

void RtmpConnection::start() {
  counters_.connections.Increment();
  ports_.open_sockets.add(transport_->loop().index(), *this);
  counted_ = limits_.enter(address_.limit_key());
  if (!counted_) return cut();
  late(kHandshakeTime, "the handshake took longer than 5 s");
  transport_->start(*this);
}

void RtmpConnection::on_received(ByteView bytes) {
  const auto self = shared_from_this();
  const bool greeted = session_.greeted();
  session_.take(bytes);
  if (!greeted && session_.greeted()) {
    late(kPublishTime, "nothing was published within 10 s");
  }
  settle();
}

void RtmpConnection::on_publish(const PublishTarget& target) {
  auto wanted = read_target(target);
  if (!wanted) return refuse(kBadName, wanted.error());
  wanted_ = std::move(*wanted);
  wanted_.token.empty() ? ask_with_key() : ask_with_token();
}

void RtmpConnection::ask_with_token() {
  net::Request request;
  request.query = {{"channel", wanted_.word}};
  request.peer = {.address = address_.text(),
                  .limit_key = address_.limit_key(),
                  .loopback = address_.loopback(),
                  .secure = secure_,
                  .origin = ""};
  const bool may_be_cut = wanted_.token.size() >= kTokenMayBeCut;
  const auto principal = ports_.guard.admit_token({.who = net::Who::Publisher}, request,
                                                  std::exchange(wanted_.token, ""));
  if (!principal) {
    const auto why = principal.error().refusal;
    const bool cut =
        may_be_cut && (why == access::Refusal::Malformed || why == access::Refusal::BadSignature);
    return refuse(kDenied, principal.error().sentence +
                               (cut ? ". Some encoders cut so long an address: use a stream "
                                      "key (butai channel key CHANNEL)"
                                    : ""));
  }
  begin(wanted_.word, principal->subject);
}

void RtmpConnection::ask_with_key() {
  ports_.publish_keys.find(
      wanted_.word, transport_->loop(),
      [weak = weak_from_this()](
          std::expected<std::optional<access::PublishKey>, access::KeyFault> key) {
        const auto self = weak.lock();
        if (!self || self->over_) return;
        if (!key) {
          self->refuse(kFailed, access::sentence(key.error()));
        } else if (!*key) {
          self->refuse(kDenied,
                       "this is no stream key, or it was revoked; with a channel's name a token is "
                       "needed: CHANNEL?token=TOKEN");
        } else {
          self->begin((*key)->channel, (*key)->subject());
        }
        self->settle();
      });
}

void RtmpConnection::begin(const std::string& channel, const std::string& subject) {
  channel_ = channel;
  begin_publication(ports_.channels, channel, wanted_.slot, subject, ports_.clock,
                    ports_.publication, back_);
}

void RtmpConnection::taken(std::shared_ptr<Publication> publication, net::Loop& home) {
  const auto self = shared_from_this();
  publication_ = std::move(publication);
  home_ = &home;
  media_.take_of_dual_mono(publication_->dual_mono());
  proven();
  last_media_ = ports_.clock.steady();
  watch_media();
  session_.accept();
  settle();
}

void RtmpConnection::refused(NotBegun why) {
  const auto self = shared_from_this();
  switch (why) {
    case NotBegun::NoSuchChannel:
      refuse(kBadName, "no such channel; it is not configured, or there are too many");
      break;
    case NotBegun::TakenByAnother:
      refuse(kBadName, "this input is taken by another publisher; use &input=b or wait");
      break;
    case NotBegun::Ended:
      refuse(kBadName, "the channel has ended");
      break;
  }
  settle();
}

void RtmpConnection::dismissed(live::Dismissal why) {
  const auto self = shared_from_this();
  switch (why) {
    case live::Dismissal::TakenOver:
      refuse(kBadName, "taken over by the same publisher");
      break;
    case live::Dismissal::Kicked:
      refuse(kDenied, "taken off by an operator");
      break;
    case live::Dismissal::ChannelEnded:
      refuse(kFailed, "the channel has ended");
      break;
  }
  settle();
}

void RtmpConnection::refuse(std::string_view code, std::string_view sentence) {
  if (session_.over()) return;
  refused_ = true;
  counters_.refused.Increment();
  log::warning("RTMP publisher refused",
               {{"channel", channel_.empty() ? "?" : channel_}, {"why", sentence}});
  session_.refuse(code, sentence);
}

void RtmpConnection::on_media(MessageType type, std::int64_t millis, Bytes body) {
  media_bytes_ += body.size();
  if (const auto taken = media_.take(type, millis, std::move(body)); !taken) {
    refuse(kFailed, taken.error());
  }
}

void RtmpConnection::on_unpublish() {
  pass_on();
  let_go();
  media_ = MediaPath();
  late(kPublishTime, "nothing was published within 10 s");
}

// What the last bytes brought goes to the channel in one piece, the answers to the peer.
void RtmpConnection::settle() {
  if (over_) return;
  pass_on();
  const auto output = session_.take_output();
  if (!output.empty()) transport_->send(output);
  if (transport_->unsent() > kUnsentBytesMax) return cut();
  if (!session_.over()) return;
  if (!refused_) {
    log::info("RTMP connection closed", {{"channel", channel_}, {"why", session_.why()}});
  }
  transport_->finish();
  over();
}

void RtmpConnection::pass_on() {
  if (media_bytes_ > 0) {
    counters_.bytes.Increment(static_cast<double>(std::exchange(media_bytes_, 0)));
    last_media_ = ports_.clock.steady();
  }
  if (const auto complaint = media_.take_complaint()) complain(*complaint);
  auto items = media_.take_items();
  if (items.empty() || !publication_) return;
  for (const MediaItem& item : items) in_flight_ += size_of(item);
  if (home_ == &transport_->loop()) {
    publication_->push_items(std::move(items));
  } else {
    home_->post([publication = publication_, items = std::move(items)]() mutable {
      publication->push_items(std::move(items));
    });
  }
  if (paused_ || in_flight_ <= kInFlightBytesMax) return;
  paused_ = true;
  transport_->pause();
}

void RtmpConnection::consumed(std::size_t bytes) {
  in_flight_ -= std::min(in_flight_, bytes);
  if (!paused_ || in_flight_ >= kInFlightBytesMax / 2) return;
  paused_ = false;
  last_media_ = ports_.clock.steady();  // we did not listen
  transport_->resume();
}

void RtmpConnection::complain(const std::string& sentence) {
  // The worker that a picture goes to finds the same and says it again.
  if (sentence == complaint_) return;
  complaint_ = sentence;
  log::warning("RTMP publisher",
               {{"channel", channel_}, {"input", live::letter(wanted_.slot)}, {"why", sentence}});
}

void RtmpConnection::instruct(const live::Instruction&, const live::InstructionDone& done) {
  done("RTMP publishers do not take instructions; set the key frame interval in the encoder");
}

void RtmpConnection::late(Millis allowed, std::string_view sentence) {
  deadline_ = transport_->loop().after(allowed, [this, sentence] {
    const auto self = shared_from_this();
    refuse(kFailed, sentence);
    settle();
  });
}

// One timer that looks again, not one per message.
void RtmpConnection::watch_media() {
  const Micros silent = std::chrono::duration_cast<Micros>(ports_.clock.steady() - last_media_);
  if (!paused_ && silent >= kIdleTime) {
    const auto self = shared_from_this();
    refuse(kFailed, "no audio or video came for 5 s");
    return settle();
  }
  const Micros next = paused_ ? Micros{kIdleTime} : kIdleTime - silent;
  deadline_ = transport_->loop().after(next, [this] { watch_media(); });
}

void RtmpConnection::proven() {
  if (std::exchange(counted_, false)) limits_.leave(address_.limit_key());
}

void RtmpConnection::let_go() {
  in_flight_ = 0;
  if (!publication_) return;
  home_->post([publication = std::move(publication_)] { publication->end(); });
}

void RtmpConnection::shut() {
  const auto self = shared_from_this();
  session_.refuse("NetConnection.Connect.AppShutdown", "this server is shutting down");
  settle();
}

void RtmpConnection::cut() {
  const auto self = shared_from_this();
  transport_->drop();
  over();
}

void RtmpConnection::over() {
  if (std::exchange(over_, true)) return;
  const auto self = shared_from_this();
  deadline_.reset();
  proven();
  let_go();
  back_->forget_session();
  transport_->detach();
  ports_.open_sockets.remove(transport_->loop().index(), *this);
  counters_.connections.Decrement();
  gone_(*this);
}

}  // namespace butai::ingest::rtmp
