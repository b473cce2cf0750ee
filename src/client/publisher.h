// A running `butai publish`: keeps a connection, keeps the source going meanwhile, and knows when it
// is over.
// Flow:   worker::Line -> Publisher -> Uplink or RtmpUplink (one per connection)
// Thread: one loop.
// Limits: client/limits.h (back-off, flush time, status interval).
//
// 1. Connect. What a person must mend ends the run; anything else is tried again, with back-off.
// 2. The source starts with the first connection, so that a file loses nothing; after that it never
//    waits: what comes while there is no connection is lost, and counted.
// 3. At the end of the source, or when asked to stop: what the socket still holds is sent, then it
//    closes.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/status_line.h"
#include "client/backoff.h"
#include "client/endpoint.h"
#include "client/publish.h"
#include "client/publish_link.h"
#include "client/token_source.h"
#include "client/verdict.h"
#include "net/client.h"
#include "net/loop.h"
#include "worker/line.h"

namespace butai::client {

class Publisher final : public worker::LineListener, public UplinkListener {
 public:
  // `over` gets the exit status, once, and may stop the loop.
  Publisher(net::Loop& loop, const Clock& clock, Random& random, PublishOptions options,
            PublishTarget target, StatusLine& status, std::function<void(int)> over);
  ~Publisher() override;

  void start();
  void stop();  // in order, as at the end of the source

 private:
  void on_tracks(const std::vector<media::Track>& tracks) override;
  void on_frame(media::Frame frame) override;
  void on_picture(media::Picture picture) override;
  void on_loss(const std::string& reason) override;
  void on_complaint(const std::string& sentence) override;
  void on_end() override;

  void on_connected() override;
  void on_key_frame_wanted() override;
  void on_told(std::string_view sentence) override;
  void on_disconnected(std::uint16_t code, std::string_view reason) override;

  void connect();
  void connect_websocket(net::ClientOptions options);
  void connect_rtmp(const net::ClientOptions& options);
  void decide(const Verdict& verdict);
  void start_source();
  void flush();
  void watch_token();
  void show_status();
  void finish(int status);

  net::Loop& loop_;
  const Clock& clock_;
  Random& random_;
  const PublishOptions options_;
  const PublishTarget target_;
  StatusLine& status_;
  std::function<void(int)> over_;
  TokenSource token_;
  Backoff backoff_;
  UplinkTotals totals_;
  std::vector<media::Track> tracks_;
  std::shared_ptr<PublishLink> uplink_;  // also while it is connecting
  std::unique_ptr<worker::Line> line_;
  std::string complaint_;
  TimerHandle retry_, flush_, token_timer_, status_timer_;
  Steady connected_at_{}, shown_at_{}, flush_ends_{};
  std::uint64_t connections_ = 0, shown_frames_ = 0, shown_bytes_ = 0;
  bool media_seen_ = false;
  bool ending_ = false;
};

}  // namespace butai::client
