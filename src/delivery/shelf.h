// What viewers of one channel ask for on one loop, made once and given to all of them: documents as
// of the newest version, and the newest segments and parts with their heads. It hangs on the loop's
// view of the channel and dies with it.
// Flow:   a handler -> find -> (make -> put) -> net::Exchange::give
// Thread: one loop.
// Limits: one document per kind and track; media as long as the channel's log keeps them.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <vector>

#include "access/edge_links.h"
#include "delivery/document.h"
#include "delivery/hls/hold.h"
#include "live/channel_view.h"

namespace butai::delivery {

struct DocumentKey {
  enum class Kind : std::uint8_t { Multivariant, Playlist, Delta, Manifest } kind;
  media::TrackId track{};         // of Playlist and Delta
  package::KeysWanted keys = {};  // of a protected channel
  friend auto operator<=>(const DocumentKey&, const DocumentKey&) = default;
};

struct MediaKey {
  enum class Kind : std::uint8_t { Init, Segment, Part } kind;
  media::TrackId track{};
  std::int64_t number = 0;  // of an init segment; else the start in ticks
  std::size_t part = 0;
  Right right = Right::InAddress;
  friend auto operator<=>(const MediaKey&, const MediaKey&) = default;
};

// The newest picture of a rendition as JPEG, and who waits for it.
struct Still {
  std::int64_t start = 0;  // of its segment
  Bytes jpeg = {};
  std::vector<net::ExchangePtr> waiting = {};
};

class Shelf final : public live::ViewAttachment {
 public:
  // The view's own, made if need be.
  static Shelf& of(live::ChannelView& view, Executor& loop, const Clock& clock,
                   const access::EdgeLinks* edges = nullptr);

  Shelf(live::ChannelView& view, Executor& loop, const Clock& clock, const access::EdgeLinks* edges)
      : view_(view), edges_(edges), hold_(view, loop, clock) {}

  // Null: there is none, or the channel has changed since it was written.
  Document* find(const DocumentKey& key);
  Document& put(const DocumentKey& key, Document document);

  net::ReadyAnswerPtr find(const MediaKey& key) const;
  const net::ReadyAnswerPtr& put(const MediaKey& key, net::Response response);

  hls::Hold& hold() { return hold_; }
  Still& still(media::TrackId track) { return stills_[track]; }
  // Where media of a segment that begins then is fetched: "/t/RIGHT/live/CHANNEL/" at a CDN's edge; empty:
  // beside the playlist.
  std::string edge_at(Utc start) const;

 private:
  struct Dated {
    std::uint64_t version;
    Document document;
  };
  void drop_old(media::TrackId track);

  live::ChannelView& view_;
  const access::EdgeLinks* edges_;
  std::map<DocumentKey, Dated> documents_;
  std::map<MediaKey, net::ReadyAnswerPtr> media_;
  std::map<media::TrackId, Still> stills_;
  hls::Hold hold_;
};

}  // namespace butai::delivery
