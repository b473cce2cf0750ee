#include "load/door_crowd.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "load/fetcher.h"
#include "load/instrument.h"
#include "load/limits.h"
#include "load/playlist.h"

namespace butai::load {
namespace {

namespace json = boost::json;

constexpr std::int64_t kTurnUs = 10'000;
// What the watch page does (web/player/line.ts): 250 ms, doubled up to 8 s, half of it random.
constexpr std::int64_t kPauseFirstUs = 250'000;
constexpr unsigned kPauseDoublings = 5;
// A ticket that was paid a moment ago is asked for again so soon.
constexpr std::int64_t kTicketSoonUs = 300'000;
constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::string_view kPong{"\x8a\x80\0\0\0\0", 6};

std::int64_t micros(auto time) { return std::chrono::duration_cast<Micros>(time).count(); }

// The value of a head's field, whose name is given in lower case with its colon.
std::string field_of(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const std::size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    const bool same =
        line.size() > name.size() &&
        std::ranges::equal(line.substr(0, name.size()), name,
                           [](unsigned char a, unsigned char b) { return std::tolower(a) == b; });
    if (!same) continue;
    const std::size_t from = line.find_first_not_of(' ', name.size());
    return from == std::string_view::npos ? "" : std::string(line.substr(from));
  }
  return {};
}

// A member's text; empty when it is none.
std::string text_of(const json::value& value, std::string_view name) {
  const json::value* found =
      value.is_object() ? value.get_object().if_contains({name.data(), name.size()}) : nullptr;
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : "";
}

json::value parsed(std::string_view body) {
  boost::system::error_code wrong;
  json::value value = json::parse({body.data(), body.size()}, wrong);
  return wrong ? json::value() : value;
}

std::string path_of(const std::string& url) {
  const std::size_t host = url.find("://");
  if (host == std::string::npos) return url;
  const std::size_t path = url.find('/', host + 3);
  return path == std::string::npos ? "/" : url.substr(path);
}

std::string quoted(const std::string& text) {
  return json::serialize(json::string(json::string_view(text.data(), text.size())));
}

}  // namespace

std::string_view name_of(Role role) {
  constexpr std::array<std::string_view, kRoles> kNames{"known", "cold", "buyer", "webhook"};
  return kNames.at(static_cast<std::size_t>(role));
}

std::string_view DoorCrowd::name_of(Step step) {
  constexpr std::array<std::string_view, 17> kNames{
      "page",    "session",  "sign_in", "hold",     "confirm", "pay",
      "play",    "playlist", "media",   "license",  "init",    "segment",
      "webhook", "upgrade",  "frame",   "watching", "done"};
  return kNames.at(static_cast<std::size_t>(step));
}

void DoorTally::add(const DoorTally& others) {
  for (std::size_t i = 0; i < kRoles; ++i) {
    parts[i].came += others.parts[i].came;
    parts[i].first_frames += others.parts[i].first_frames;
    parts[i].segments += others.parts[i].segments;
    parts[i].asked_after += others.parts[i].asked_after;
    parts[i].playing += others.parts[i].playing;
    parts[i].first_segment.add(others.parts[i].first_segment);
    parts[i].first_frame.add(others.parts[i].first_frame);
    parts[i].after_let_in.add(others.parts[i].after_let_in);
  }
  lost += others.lost;
  back_in_time += others.back_in_time;
  back.add(others.back);
  for (const auto& [what, count] : others.answers) answers[what] += count;
  for (const auto& [what, figures] : others.steps) steps[what].add(figures);
  bytes += others.bytes;
  lag.add(others.lag);
  for (std::size_t i = 0; i < findings.size(); ++i) findings[i].add(others.findings[i]);
}

DoorCrowd::DoorCrowd(Options options)
    : CrowdThread(options.visitors.size(), options.joins_per_second),
      options_(std::move(options)),
      guests_(options_.visitors.size()),
      scratch_(256 * 1024) {
  origin_ =
      fmt::format("{}://{}", options_.target.secure ? "https" : "http", options_.target.authority);
  const int quarter = static_cast<int>(options_.kbit_per_second * 1000 / 8 / 4);
  low_water_ = std::clamp(quarter, kLowWaterMin, kLowWaterMax);
  for (std::size_t i = 0; i < guests_.size(); ++i) {
    guests_[i].who = &options_.visitors[i];
    guests_[i].cookie = guests_[i].who->cookie;
    guests_[i].probe = i % 100 < options_.probe_percent;
  }
}

DoorTally DoorCrowd::finish() {
  stop();
  return std::move(tally_);
}

void DoorCrowd::begin(std::int64_t now_us) {
  if (options_.probe_percent > 0) become_instrument();
  pongs_us_ = silent_us_ = now_us;
  seed_ = static_cast<std::uint64_t>(now_us) | 1;
}

void DoorCrowd::end() {
  for (Guest& guest : guests_) guest.link.reset();
}

int DoorCrowd::join(std::size_t index, std::int64_t due_us) {
  Guest& guest = guests_[index];
  guest.due_us = due_us;
  guest.has_come = true;
  guest.step = guest.who->role == Role::Webhook ? Step::Webhook : Step::Page;
  guest.asked_us = due_us;
  ++part_of(guest).came;
  connect(guest);
  return -1;  // connect() watches it
}

void DoorCrowd::connect(Guest& guest) {
  guest.link.emplace();
  guest.open = false;
  guest.answer.clear();
  guest.touched_us = steady_micros();
  const std::size_t index = index_of(guest);
  if (!guest.link->begin(options_.target, &tls_, index)) {
    return lose(guest, std::strerror(errno));
  }
  watch_beginner(guest.link->descriptor(), index);
}

// --- questions ---------------------------------------------------------------------------------

void DoorCrowd::take_step(Guest& guest, Step step) {
  guest.step = step;
  guest.asked_us = steady_micros();
  // The socket has a connection of its own, as a browser's has.
  if (step == Step::Upgrade) return connect(guest);
  ask(guest);
}

void DoorCrowd::ask(Guest& guest) {
  guest.touched_us = steady_micros();
  guest.answer.clear();
  if (!guest.link->write(question(guest))) lose(guest, "takes no request");
}

std::string DoorCrowd::question(const Guest& guest) const {
  const Visitor& who = *guest.who;
  std::string common =
      fmt::format("Host: {}\r\nX-Forwarded-For: {}\r\n", options_.target.authority, who.address);
  if (!guest.cookie.empty()) common += fmt::format("Cookie: {}\r\n", guest.cookie);
  const auto get = [&](std::string_view path, std::string_view more = {}) {
    return fmt::format("GET {} HTTP/1.1\r\n{}{}\r\n", path, common, more);
  };
  const auto post = [&](std::string_view path, std::string_view body, std::string_view more = {},
                        std::string_view type = "application/json") {
    return fmt::format(
        "POST {} HTTP/1.1\r\n{}Origin: {}\r\nX-CSRF-Token: {}\r\nContent-Type: {}\r\n{}"
        "Content-Length: {}\r\n\r\n{}",
        path, common, origin_, guest.csrf, type, more, body.size(), body);
  };
  switch (guest.step) {
    case Step::Page:
      return get("/watch/" + options_.channel, "Accept: text/html\r\nAccept-Encoding: gzip\r\n");
    case Step::Session:
      return get("/api/v1/session");
    case Step::SignIn:
      return post("/api/v1/session", fmt::format(R"({{"email":{},"password":{}}})",
                                                 quoted(who.email), quoted(who.password)));
    case Step::Hold:
      return post("/api/v1/orders",
                  fmt::format(R"({{"ticket_type":{},"quantity":1}})", quoted(who.ticket_type)));
    case Step::Confirm:
      return post(fmt::format("/api/v1/orders/{}/confirm", guest.order), R"({"method":"card"})");
    case Step::Pay:
      return post(guest.path, "card=4242424242424242", "", "application/x-www-form-urlencoded");
    case Step::Play:
      return post("/api/v1/plays",
                  fmt::format(R"({{"channel":{},"device":"bench"}})", quoted(options_.channel)));
    case Step::Playlist:
    case Step::Media:
      return get(guest.path);
    case Step::Init:
      return get(guest.init);
    case Step::Segment:
      return get(guest.segment);
    case Step::License:
      return post(guest.license + "/clearkey", options_.license_body(guest.kid));
    case Step::Webhook:
      return post(who.path, who.body,
                  fmt::format("{}: {}\r\n", who.signature_header, who.signature));
    case Step::Upgrade:
      return get(guest.socket,
                 "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    case Step::FirstFrame:
    case Step::Watching:
    case Step::Done:
      break;
  }
  return {};
}

// --- answers -----------------------------------------------------------------------------------

void DoorCrowd::drive(std::size_t index) {
  Guest& guest = guests_[index];
  if (!guest.link) return;
  if (!guest.open) {
    const Link::State state = guest.link->advance();
    if (state == Link::State::Failed) return lose(guest, "cannot be reached");
    if (state != Link::State::Open) return;
    guest.open = true;
    watch_level(guest.link->descriptor(), index);
    return ask(guest);
  }
  if (guest.step == Step::Watching && !guest.probe) {
    const long got = guest.link->discard();
    if (got < 0) return lose(guest, "closed");
    if (got == 0) return;
    tally_.bytes += static_cast<std::uint64_t>(got);
    guest.touched_us = steady_micros();
    return;
  }
  while (guest.link && guest.open) {
    const Step before = guest.step;
    const long got = guest.link->read(scratch_);
    if (got < 0) return lose(guest, "closed");
    if (got == 0) return;
    guest.touched_us = steady_micros();
    const ByteView bytes = ByteView(scratch_).first(static_cast<std::size_t>(got));
    tally_.bytes += bytes.size();
    if (guest.step == Step::FirstFrame || guest.step == Step::Watching) {
      take_media(guest, bytes);
    } else {
      guest.answer.append(as_text(bytes));
      guest.step == Step::Upgrade ? take_upgrade(guest) : read_answer(guest);
    }
    if (static_cast<std::size_t>(got) < scratch_.size()) return;
    if (before != guest.step && guest.step != Step::Watching) return;
  }
}

void DoorCrowd::read_answer(Guest& guest) {
  const AnswerHead head = read_answer_head(guest.answer);
  if (head.bytes == 0) {
    if (guest.answer.size() > kHeadBytesMax) lose(guest, "answers what is not HTTP");
    return;
  }
  if (head.status == 0) return lose(guest, "answers what is not HTTP");
  if (guest.answer.size() < head.bytes + head.body) return;
  const std::string whole = std::move(guest.answer);
  guest.answer.clear();
  take_answer(guest, head.status, std::string_view(whole).substr(0, head.bytes),
              std::string_view(whole).substr(head.bytes, head.body));
}

void DoorCrowd::take_answer(Guest& guest, int status, std::string_view head,
                            std::string_view body) {
  if (status >= 400) ++tally_.answers[fmt::format("{} {}", name_of(guest.step), status)];
  const bool full = status == 429 || status == 503;
  const bool not_yet = guest.step == Step::Playlist || guest.step == Step::Media;
  if (full || (status == 404 && not_yet)) {
    const std::string said = field_of(head, "retry-after:");
    std::int64_t seconds = 1;
    std::from_chars(said.data(), said.data() + said.size(), seconds);
    return come_back(guest, guest.step, seconds * kSecondUs);
  }
  tally_.steps[std::string(name_of(guest.step))].add(Micros{steady_micros() - guest.asked_us});
  go_on(guest, status, head, body);
}

void DoorCrowd::go_on(Guest& guest, int status, std::string_view head, std::string_view body) {
  const bool good = status < 400;
  const auto begin_anew = [&] { come_back(guest, Step::Play, kSecondUs); };
  switch (guest.step) {
    case Step::Page:
      return good ? take_step(guest, Step::Session) : lose(guest, "no page");
    case Step::Session: {
      if (!good) return lose(guest, "no session");
      guest.csrf = text_of(parsed(body), "csrf");
      return take_step(guest, guest.csrf.empty() ? Step::SignIn : Step::Play);
    }
    case Step::SignIn: {
      if (!good) return come_back(guest, Step::SignIn, 5 * kSecondUs);
      guest.csrf = text_of(parsed(body), "csrf");
      const std::string given = field_of(head, "set-cookie:");
      guest.cookie = given.substr(0, given.find(';'));
      guest.let_in_us = steady_micros();
      return take_step(guest, Step::Play);
    }
    case Step::Hold:
      if (!good) return begin_anew();
      guest.order = text_of(parsed(body), "id");
      return take_step(guest, Step::Confirm);
    case Step::Confirm:
      if (!good) return begin_anew();
      guest.path = path_of(text_of(parsed(body), "pay_url"));
      return take_step(guest, Step::Pay);
    case Step::Pay:
      if (!good) return begin_anew();
      guest.let_in_us = steady_micros();
      return take_step(guest, Step::Play);
    case Step::Play: {
      if (status == 403 && guest.who->role == Role::Buyer) {
        if (guest.let_in_us == 0) return take_step(guest, Step::Hold);
        return come_back(guest, Step::Play, kTicketSoonUs);
      }
      if (!good) return come_back(guest, Step::Session, kSecondUs);
      const json::value play = parsed(body);
      guest.path = path_of(text_of(play, "hls"));
      guest.socket = path_of(text_of(play, "ws")) + "?latency=100";
      guest.license = path_of(text_of(play, "license"));
      return take_step(guest, Step::Playlist);
    }
    case Step::Playlist: {
      const auto lists = good ? media_playlists(body, guest.path) : std::vector<std::string>();
      if (lists.empty()) return begin_anew();
      guest.path = lists.front();
      return take_step(guest, Step::Media);
    }
    case Step::Media: {
      static constexpr std::string_view kKey = "license/identity/";
      if (!good) return begin_anew();
      MediaPlaylist list = read_media_playlist(body, guest.path);
      // A channel that began a moment ago has parts only.
      if (list.segments.empty() || list.init.empty()) {
        return come_back(guest, Step::Media, kSecondUs);
      }
      guest.init = std::move(list.init);
      guest.segment = std::move(list.segments.back());
      const std::size_t at = body.find(kKey);
      if (at == std::string_view::npos) return take_step(guest, Step::Init);  // clear
      guest.kid = body.substr(at + kKey.size(), 32);
      return take_step(guest, Step::License);
    }
    case Step::License:
      return good ? take_step(guest, Step::Init) : begin_anew();
    case Step::Init:
      return good ? take_step(guest, Step::Segment) : begin_anew();
    case Step::Segment:
      if (status == 404) return come_back(guest, Step::Media, kSecondUs);  // too old by now
      return good ? take_segment(guest, body) : begin_anew();
    case Step::Webhook:
      guest.step = Step::Done;
      guest.link.reset();
      if (good) note_first(guest);
      return;
    case Step::Upgrade:
    case Step::FirstFrame:
    case Step::Watching:
    case Step::Done:
      return;
  }
}

void DoorCrowd::take_segment(Guest& guest, std::string_view body) {
  // A box's type stands behind its size (ISO/IEC 14496-12, 4.2).
  const std::string_view type = body.substr(std::min<std::size_t>(body.size(), 4), 4);
  if (type != "moof" && type != "prft" && type != "styp") return lose(guest, "no segment");
  DoorTally::Part& part = part_of(guest);
  if (!std::exchange(guest.has_segment, true)) {
    ++part.segments;
    const auto from = guest.let_in_us != 0 ? guest.let_in_us : guest.due_us;
    part.first_segment.add(Micros{steady_micros() - from});
  }
  take_step(guest, Step::Upgrade);
}

void DoorCrowd::take_upgrade(Guest& guest) {
  const std::size_t end = guest.answer.find("\r\n\r\n");
  if (end == std::string::npos) return;
  const AnswerHead head = read_answer_head(guest.answer);
  if (!guest.answer.starts_with("HTTP/1.1 101")) {
    ++tally_.answers[fmt::format("upgrade {}", head.status)];
    return come_back(guest, Step::Play, kSecondUs);
  }
  tally_.steps["upgrade"].add(Micros{steady_micros() - guest.asked_us});
  guest.step = Step::FirstFrame;
  guest.asked_us = steady_micros();
  guest.reader = std::make_unique<MessageReader>(guest.probe ? MessageReader::Keep::Everything
                                                             : MessageReader::Keep::FirstBytes);
  if (guest.probe) {
    guest.examiner = std::make_unique<Examiner>(
        findings(), guest.kid.empty() ? Examiner::Contents::Marked : Examiner::Contents::Sealed);
  }
  const std::string rest = guest.answer.substr(end + 4);
  guest.answer.clear();
  if (!rest.empty()) take_media(guest, as_bytes(rest));
}

void DoorCrowd::take_media(Guest& guest, ByteView bytes) {
  if (!guest.reader) return;
  const bool sane = guest.reader->feed(bytes, [&](const MessageReader::Message& message) {
    if (message.opcode == net::Opcode::Close) return false;
    if (message.opcode == net::Opcode::Text) {
      const bool gap = as_text(message.bytes).find("\"gap\"") != std::string_view::npos;
      if (gap && guest.examiner) ++findings().told_gaps;
      return true;
    }
    if (message.opcode != net::Opcode::Binary) return true;
    // A newcomer first gets what is older; so does one who comes back.
    const Utc since = utc_now() - Micros{steady_micros() - guest.asked_us};
    if (guest.examiner) guest.examiner->take(message.bytes, utc_now(), since);
    if (guest.step != Step::FirstFrame || !is_frame(message.bytes)) return true;
    watch(guest);
    return guest.probe;
  });
  if (!sane) return lose(guest, "sends what is no WebSocket");
  if (guest.step == Step::Watching && !guest.probe) guest.reader.reset();
}

void DoorCrowd::watch(Guest& guest) {
  tally_.steps["frame"].add(Micros{steady_micros() - guest.asked_us});
  guest.step = Step::Watching;
  guest.failures = 0;
  note_first(guest);
  if (!guest.probe) guest.link->wake_at(low_water_);
}

void DoorCrowd::note_first(Guest& guest) {
  const std::int64_t now = steady_micros();
  if (guest.lost_us != 0) {
    tally_.back.add(Micros{now - guest.lost_us});
    if (now - guest.lost_us <= micros(kBackWithin)) ++tally_.back_in_time;
    guest.lost_us = 0;
  }
  if (guest.settled) return;
  guest.settled = true;
  count_opened();
  DoorTally::Part& part = part_of(guest);
  ++part.first_frames;
  part.first_frame.add(Micros{now - guest.due_us});
  if (guest.let_in_us != 0) part.after_let_in.add(Micros{now - guest.let_in_us});
}

// --- going wrong, and going on -----------------------------------------------------------------

void DoorCrowd::come_back(Guest& guest, Step step, std::int64_t after_us) {
  if (step != guest.step) guest.asked_us = steady_micros() + after_us;
  guest.step = step;
  guest.link.reset();
  guest.open = false;
  guest.reader.reset();
  guest.examiner.reset();
  again_.emplace(steady_micros() + after_us, index_of(guest));
}

void DoorCrowd::lose(Guest& guest, const std::string& why) {
  const bool watched = guest.step == Step::Watching;
  if (watched) {
    ++tally_.lost;
    guest.lost_us = steady_micros();
  }
  ++tally_.answers[fmt::format("{}: {}", name_of(guest.step), why)];
  const bool socket = guest.step == Step::Upgrade || guest.step == Step::FirstFrame;
  // The page connects again at once, and starts a play when that was refused.
  const Step next = watched ? Step::Upgrade : socket ? Step::Play : guest.step;
  const std::int64_t whole = kPauseFirstUs << std::min(guest.failures++, kPauseDoublings);
  seed_ = seed_ * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
  const auto random = static_cast<std::int64_t>((seed_ >> 33) % 1'000);
  come_back(guest, next, whole / 2 + whole / 2 * random / 1'000);
}

std::int64_t DoorCrowd::turn(std::int64_t now_us, std::int64_t due_us) {
  tally_.lag.add(Micros{now_us - due_us});
  if (const Stretch wanted = wanted_.load(std::memory_order_relaxed); wanted != stretch_) {
    stretch_ = wanted;
    for (Guest& guest : guests_) {
      if (guest.examiner) guest.examiner->go_on_with(findings());
    }
  }
  while (!again_.empty() && again_.top().first <= now_us) {
    Guest& guest = guests_[again_.top().second];
    again_.pop();
    if (!guest.link && guest.step != Step::Done) connect(guest);
  }
  look_after_those_who_came(now_us);
  if (now_us - silent_us_ >= kSecondUs) {
    silent_us_ = now_us;
    give_up_silent(now_us);
  }
  if (now_us - pongs_us_ >= micros(kPongEvery)) {
    pongs_us_ = now_us;
    send_pongs();
  }
  return std::max(due_us + kTurnUs, now_us);
}

// In the order in which they came.
void DoorCrowd::look_after_those_who_came(std::int64_t now_us) {
  for (; looked_after_ < begun(); ++looked_after_) {
    Guest& guest = guests_[looked_after_];
    if (now_us < guest.due_us + micros(options_.playing_after)) return;
    DoorTally::Part& part = part_of(guest);
    ++part.asked_after;
    const bool moves = guest.probe || now_us - guest.touched_us < micros(kStillAfter);
    if (guest.step == Step::Done || (guest.step == Step::Watching && moves)) ++part.playing;
  }
}

void DoorCrowd::give_up_silent(std::int64_t now_us) {
  for (Guest& guest : guests_) {
    if (guest.link && now_us - guest.touched_us > micros(kConnectMax)) {
      lose(guest, "no answer in 20 s");
    }
  }
}

void DoorCrowd::send_pongs() {
  for (Guest& guest : guests_) {
    if (guest.step == Step::Watching && guest.link && !guest.link->write(kPong)) {
      lose(guest, "takes no pong");
    }
  }
}

std::size_t DoorCrowd::index_of(const Guest& guest) const {
  return static_cast<std::size_t>(&guest - guests_.data());
}

DoorTally::Part& DoorCrowd::part_of(const Guest& guest) {
  return tally_.parts[static_cast<std::size_t>(guest.who->role)];
}

}  // namespace butai::load
