#include "delivery/shelf.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace butai::delivery {

Shelf& Shelf::of(live::ChannelView& view, Executor& loop, const Clock& clock,
                 const access::EdgeLinks* edges) {
  if (view.attachment() == nullptr) view.attach(std::make_unique<Shelf>(view, loop, clock, edges));
  return static_cast<Shelf&>(*view.attachment());
}

std::string Shelf::edge_at(Utc start) const {
  if (edges_ == nullptr || !edges_->any()) return {};
  return fmt::format("/t/{}/live/{}/", edges_->right(view_.name(), start), view_.name());
}

Document* Shelf::find(const DocumentKey& key) {
  const auto found = documents_.find(key);
  if (found == documents_.end() || found->second.version != view_.playlist_version()) {
    return nullptr;
  }
  return &found->second.document;
}

Document& Shelf::put(const DocumentKey& key, Document document) {
  Dated dated{view_.playlist_version(), std::move(document)};
  return documents_.insert_or_assign(key, std::move(dated)).first->second.document;
}

net::ReadyAnswerPtr Shelf::find(const MediaKey& key) const {
  const auto found = media_.find(key);
  return found == media_.end() ? nullptr : found->second;
}

const net::ReadyAnswerPtr& Shelf::put(const MediaKey& key, net::Response response) {
  drop_old(key.track);
  auto answer = std::make_shared<net::ReadyAnswer>(std::move(response));
  return media_.insert_or_assign(key, std::move(answer)).first->second;
}

// What the log has dropped may be in memory no longer.
void Shelf::drop_old(media::TrackId track) {
  const live::SegmentLog* log = view_.log(track);
  if (log == nullptr || log->segments().empty()) return;
  const std::int64_t oldest = log->segments().front().start.value;
  const auto kept = view_.presentations().empty() ? 0 : view_.presentations().front()->number;
  std::erase_if(media_, [&](const auto& entry) {
    const MediaKey& key = entry.first;
    const bool init = key.kind == MediaKey::Kind::Init;
    return key.track == track && key.number < (init ? std::int64_t{kept} : oldest);
  });
}

}  // namespace butai::delivery
