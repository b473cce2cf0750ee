// Thousands of people at the door on one thread, each doing what a browser does until the picture is there,
// and then watching. Whoever is cut off comes back as the page would.
// Flow:   Visitor -> page -> session -> (sign in | buy) -> play -> playlists -> license -> init segment and
//         newest whole segment over HLS -> WebSocket -> Tally
// Thread: as crowd_thread.h says; turn_to() from the thread that made it.
// Limits: load/limits.h.
//
// Open loop: a visitor's first frame is timed from when they were due at the door. A server that is full
// (429, 503) is asked again when it said; one that is gone, after a pause that grows as the page's does.
#pragma once

#include <array>
#include <atomic>  // which stretch is being measured
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "base/latency_figures.h"
#include "load/crowd_thread.h"
#include "load/examiner.h"
#include "load/link.h"
#include "load/message_reader.h"
#include "load/target.h"

namespace butai::load {

enum class Role : std::uint8_t { Known, Cold, Buyer, Webhook };
inline constexpr std::size_t kRoles = 4;
std::string_view name_of(Role role);

struct Visitor {
  Role role = Role::Known;
  std::string address;          // as a proxy in front would tell it: limits are counted by it
  std::string cookie;           // butai_session=…; of who has no cookie: e-mail and password
  std::string email, password;  //
  std::string ticket_type;      // what a buyer wants
  std::string path, signature_header, signature, body;  // of a webhook
};

struct DoorTally {
  struct Part {
    std::uint64_t came = 0, first_frames = 0;
    std::uint64_t segments = 0;                  // visitors who have got a whole one
    std::uint64_t asked_after = 0, playing = 0;  // playing_after from the door
    LatencyFigures first_segment;  // from the door, or since one was let in, to its last byte
    LatencyFigures first_frame;    // the WebSocket's, which comes behind it
    LatencyFigures after_let_in;   // since the sign-in or the purchase was answered
  };
  std::array<Part, kRoles> parts;
  std::uint64_t lost = 0, back_in_time = 0;  // of those who watched; within kBackWithin
  LatencyFigures back;
  std::map<std::string, std::uint64_t> answers;  // "step status", but for the usual ones
  std::map<std::string, LatencyFigures> steps;   // wait for each step's answer, once it was given
  std::uint64_t bytes = 0;
  LatencyFigures lag;
  std::array<Findings, 4> findings;  // of probes, by stretch

  void add(const DoorTally& others);
};

class DoorCrowd final : public CrowdThread {
 public:
  enum class Stretch : std::uint8_t { Joining, Calm, Rush, After };
  struct Options {
    Target target;
    std::string channel;
    std::vector<Visitor> visitors;
    double joins_per_second = 800;
    unsigned probe_percent = 0;
    Seconds playing_after{30};  // from the door; then it is asked whether a visitor watches
    std::uint32_t kbit_per_second = 600;
    // The body that asks for one key id's license (hexadecimal digits).
    std::function<std::string(const std::string& kid)> license_body;
  };
  explicit DoorCrowd(Options options);
  ~DoorCrowd() override { stop(); }

  void turn_to(Stretch stretch) { wanted_.store(stretch); }
  DoorTally finish();

 private:
  enum class Step : std::uint8_t {
    Page,
    Session,
    SignIn,
    Hold,
    Confirm,
    Pay,
    Play,
    Playlist,
    Media,
    License,
    Init,
    Segment,
    Webhook,
    Upgrade,
    FirstFrame,
    Watching,
    Done
  };
  static std::string_view name_of(Step step);
  struct Guest {
    const Visitor* who = nullptr;
    std::optional<Link> link;
    Step step = Step::Page;
    bool open = false, probe = false, has_come = false, settled = false, has_segment = false;
    std::int64_t due_us = 0;      // at the door
    std::int64_t asked_us = 0;    // this step, first
    std::int64_t touched_us = 0;  // bytes came, or a question was put
    std::int64_t let_in_us = 0, lost_us = 0;
    unsigned failures = 0;
    std::string answer;
    std::string cookie, csrf, order, path, socket, license, kid;
    std::string init, segment;  // of the newest whole segment in the media playlist
    std::unique_ptr<MessageReader> reader;
    std::unique_ptr<Examiner> examiner;
  };

  int join(std::size_t index, std::int64_t due_us) override;
  void drive(std::size_t index) override;
  void begin(std::int64_t now_us) override;
  std::int64_t turn(std::int64_t now_us, std::int64_t due_us) override;
  void end() override;

  void connect(Guest& guest);
  void take_step(Guest& guest, Step step);
  void ask(Guest& guest);
  std::string question(const Guest& guest) const;
  void read_answer(Guest& guest);
  void take_answer(Guest& guest, int status, std::string_view head, std::string_view body);
  void go_on(Guest& guest, int status, std::string_view head, std::string_view body);
  void take_segment(Guest& guest, std::string_view body);
  void take_upgrade(Guest& guest);
  void take_media(Guest& guest, ByteView bytes);
  void note_first(Guest& guest);
  void watch(Guest& guest);
  void come_back(Guest& guest, Step step, std::int64_t after_us);
  void lose(Guest& guest, const std::string& why);
  void look_after_those_who_came(std::int64_t now_us);
  void give_up_silent(std::int64_t now_us);
  void send_pongs();
  std::size_t index_of(const Guest& guest) const;
  DoorTally::Part& part_of(const Guest& guest);
  Findings& findings() { return tally_.findings[static_cast<std::size_t>(stretch_)]; }

  const Options options_;
  std::string origin_;
  int low_water_ = 1;
  std::vector<Guest> guests_;
  using Due = std::pair<std::int64_t, std::size_t>;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> again_;
  std::size_t looked_after_ = 0;  // guests whose time to be playing has come
  std::int64_t pongs_us_ = 0, silent_us_ = 0;
  std::uint64_t seed_ = 1;
  std::atomic<Stretch> wanted_{Stretch::Joining};
  Stretch stretch_ = Stretch::Joining;
  TlsClient tls_;
  DoorTally tally_;
  std::vector<std::uint8_t> scratch_;
};

}  // namespace butai::load
