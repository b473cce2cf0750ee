// One channel as one loop sees it: what is on, the last chunks, the last segments, the last pictures.
// The same updates in the same order give the same view on every loop.
// Flow:   live::Channel -> ViewInbox -> here -> ViewListeners (delivery)
// Thread: one loop; its listeners live on the same.
// Limits: kSegmentsKept, kLogBytesMax, kRing…, kUpdatesWaitingMax (live/limits.h).
//
// While somebody listens every update is taken in at once. While nobody does, what was packaged waits in
// the inbox until somebody looks or kUpdatesWaitingMax have come: most channels have no viewer on most
// loops, and taking sixty in together costs little more than one.
#pragma once

#include <atomic>  // counts that every loop moves and the API reads
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "live/limits.h"
#include "live/options.h"
#include "live/ring.h"
#include "live/segment_log.h"
#include "live/update.h"
#include "live/view_inbox.h"

namespace butai::live {

// Counted on every loop, read by the API and metrics: the reason for atomics.
struct ChannelCounts {
  std::atomic<std::int64_t> viewers{0};  // sockets and JPEG viewers without a play
  std::atomic<std::uint64_t> gaps{0};    // viewers that fell behind and jumped
};

// Told after the view has taken the update in. A listener may remove itself or others meanwhile.
class ViewListener {
 public:
  virtual ~ViewListener() = default;
  virtual void on_presentation() {}
  virtual void on_chunk() {}
  virtual void on_playlist_change() {}  // a part or a segment was closed or opened
  virtual void on_picture() {}
  virtual void on_air_change() {}  // view.on_air() is new
  virtual void on_cues(const Cues&) {}
  virtual void on_end() {}  // last call
};

// What a layer above keeps with a view, on the view's loop; dies with it.
class ViewAttachment {
 public:
  virtual ~ViewAttachment() = default;
};

class ChannelView {
 public:
  ChannelView(std::string name, Latency latency);
  ~ChannelView();
  ChannelView(const ChannelView&) = delete;
  ChannelView& operator=(const ChannelView&) = delete;

  void apply(const Update& update);
  // Takes in what waits in the inbox.
  void catch_up();
  // The same for one who only reads: those who listen are told in tasks of their own.
  void look() {
    if (!has_listeners()) catch_up();
  }

  const std::string& name() const { return name_; }
  Latency latency() const { return latency_; }
  void set_latency(Latency latency) { latency_ = latency; }
  // A channel exists behind this view; without one, viewers wait for a publisher.
  bool opened() const { return counts_ != nullptr; }
  // Without an inbox somebody else calls apply().
  void open(std::shared_ptr<ChannelCounts> counts, std::shared_ptr<ViewInbox> inbox = nullptr);
  const std::shared_ptr<ChannelCounts>& counts() const { return counts_; }

  const OnAir& on_air() const { return on_air_; }
  const InputsTaken& inputs() const { return inputs_; }
  bool ended() const { return ended_; }
  const PresentationPtr& presentation() const { return presentation_; }
  // Moves with every change that a playlist or manifest would show.
  std::uint64_t playlist_version() const { return playlist_version_; }
  // Init segments still referred to by playlists: PRESENTATION.renditions[name].init, or null.
  // All that segments may still refer to, oldest first.
  const std::vector<PresentationPtr>& presentations() const { return presentations_; }
  PresentationPtr find_presentation(std::uint32_t number) const;
  const Bytes* find_init(const std::string& rendition, std::uint32_t number) const;
  const SegmentLog* log(media::TrackId track) const;
  // See SegmentLog::join.
  const Segment* join(media::TrackId track, std::int64_t start);
  const Rendition* rendition(const std::string& name) const;
  // What playlists could still reach, of all tracks.
  struct Held {
    std::uint64_t segments = 0;
    std::uint64_t bytes = 0;
  };
  Held held() const;
  const Ring<ChunkPtr>& chunks() const { return chunks_; }
  const Ring<PicturePtr>& pictures() const { return pictures_; }
  // Cues that came by API; the languages are the configured ones and theirs.
  const CueLog& cues() const { return cues_; }
  std::vector<std::string> caption_languages() const;
  // UTC of the end of the newest chunk of the leading track; epoch before the first.
  Utc edge() const { return edge_; }

  void add(ViewListener& listener);
  void remove(ViewListener& listener);
  bool has_listeners() const;

  ViewAttachment* attachment() const { return attachment_.get(); }
  void attach(std::unique_ptr<ViewAttachment> kept) { attachment_ = std::move(kept); }

 private:
  void take(const PackageEvent& event);
  void take_chunk(const ChunkPtr& chunk);
  SegmentLog& log_of(media::TrackId track);
  void take_cues(const Cues& cues);
  Utc settled() const;
  void tell_playlist_change();
  void tell(void (ViewListener::*what)());

  std::string name_;
  Latency latency_;
  std::shared_ptr<ChannelCounts> counts_;
  OnAir on_air_;
  InputsTaken inputs_;
  bool ended_ = false;
  PresentationPtr presentation_;
  std::vector<PresentationPtr> presentations_;  // as long as a segment refers to them
  std::map<media::TrackId, SegmentLog> logs_;
  Ring<ChunkPtr> chunks_{kRingChunksMax, kRingBytesMax};
  Ring<PicturePtr> pictures_{kRingPicturesMax, kRingPictureBytesMax};
  CueLog cues_;
  Utc edge_{};
  std::uint64_t playlist_version_ = 0;
  std::vector<ViewListener*> listeners_;  // null: removed while being told
  int telling_ = 0;
  std::shared_ptr<ViewInbox> inbox_;  // once a channel stands behind it
  std::vector<Update> taken_;         // of the inbox; empty between calls
  bool catching_up_ = false;
  std::unique_ptr<ViewAttachment> attachment_;  // last: it may use the rest
};

}  // namespace butai::live
