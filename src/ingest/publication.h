// One publisher's media on its channel's loop: JPEG pictures straight to the channel, frames of RTMP
// straight to its input, and everything else through a worker.
// Flow:   websocket/publisher_session (its own loop) -> here -> worker::Line -> live::Input
//         rtmp/rtmp_connection (likewise)            ->      ├────────────────────┘
//                                                            └──> live::Channel::push_picture
// Thread: the channel's loop; what goes back to the connection is posted by the Connection port.
// Limits: kInFlightBytesMax; JPEGs never wait, pieces of a container and frames that come faster than
//         they play slow their sender down.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ingest/media_item.h"
#include "live/channel.h"
#include "live/publisher.h"
#include "media/frame.h"
#include "net/loop.h"
#include "worker/line.h"

namespace butai::ingest {

// What a publication tells its connection; every call is made on the channel's loop and must post.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual void dismissed(live::Dismissal why) = 0;
  virtual void consumed(std::size_t bytes) = 0;  // room for as many again
  virtual void complain(std::string sentence) = 0;
  // `done` is to be called on the channel's loop.
  virtual void instruct(live::Instruction instruction, live::InstructionDone done) = 0;
};

class Publication final : public live::Publisher,
                          public worker::LineListener,
                          public std::enable_shared_from_this<Publication> {
 public:
  struct Options {
    std::string worker_executable;
    worker::Encoding encoding;
  };

  // Takes the slot; the error when it may not.
  static std::expected<std::shared_ptr<Publication>, live::TakeError> begin(
      live::Channel& channel, live::InputSlot slot, const std::string& subject, net::Loop& loop,
      const Clock& clock, Options options, std::shared_ptr<Connection> connection);
  ~Publication() override;

  // What the channel takes of dual mono; the same as long as this lives, so any thread may ask.
  media::DualMono dual_mono() const { return options_.encoding.dual_mono; }

  void push_jpeg(live::PicturePtr picture);
  void push_piece(Bytes piece);
  // Media that needs no worker, in order (media_item.h).
  void push_items(std::vector<MediaItem> items);
  // The connection is gone. What it brought still plays: the slot is free when that is over, or when
  // the publisher takes it again.
  void end();

  void dismiss(live::Dismissal why) override;
  void instruct(const live::Instruction& instruction, live::InstructionDone done) override;

  void on_tracks(const std::vector<media::Track>& tracks) override;
  void on_frame(media::Frame frame) override;
  void on_loss(const std::string& reason) override;
  void on_complaint(const std::string& sentence) override;
  void on_writable() override;
  void on_end() override;

 private:
  Publication(live::Channel& channel, live::InputSlot slot, std::string subject, net::Loop& loop,
              const Clock& clock, Options options, std::shared_ptr<Connection> connection);
  worker::Line& line(worker::Job job);
  void drain_items();
  bool takes_more() const;
  std::size_t push_item(MediaItem item);
  void hand_over(const Handover& handover);
  bool already_passed(media::Frame& frame);
  void leave();

  live::Channel* channel_;  // null once dismissed
  live::InputSlot slot_;
  std::string subject_;
  net::Loop& loop_;
  const Clock& clock_;
  Options options_;  // as they were at the beginning
  std::shared_ptr<Connection> connection_;
  live::Input* input_ = nullptr;
  std::unique_ptr<worker::Line> line_;
  std::deque<Bytes> waiting_;    // pieces the worker had no room for
  std::deque<MediaItem> items_;  // that came faster than they play
  std::size_t consumed_ = 0;     // bytes of items that the connection was not told of yet
  // Of frames that went past the worker, by TrackId: those up to here are not taken from it again.
  std::array<std::optional<std::int64_t>, media::kFirstRung> passed_;  // dts
  std::int64_t base_millis_ = 0;                               // of what the worker was handed over
  std::array<std::uint32_t, media::kFirstRung> timescales_{};  // of the worker's tracks, by TrackId
  bool pictures_ = false;                                      // JPEG, not a container
  bool ending_ = false;
  std::shared_ptr<Publication> until_left_;  // nobody else holds it while it plays out
  TimerHandle leave_timer_;
};

}  // namespace butai::ingest
