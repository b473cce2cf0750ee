// What HLS requests get from this loop's view of a channel, or nothing as long as they must wait.
// Flow:   routes.cc and Hold -> here -> Shelf, package/hls_writer, package/reload_policy
// Thread: the view's loop.
// Spec:   draft-pantos-hls-rfc8216bis-22 clauses 6.2.5 and 6.2.6.
#pragma once

#include <optional>
#include <span>

#include "delivery/hls/hold.h"
#include "delivery/shelf.h"

namespace butai::delivery::hls {

// The playlist once `what` is in it; the part once it is whole.
std::optional<Reply> reply(live::ChannelView& view, Shelf& shelf, const Awaited& what,
                           const Wish& wish);

// The media playlist as it is.
Reply playlist(live::ChannelView& view, Shelf& shelf, media::TrackId track, const Wish& wish);
Reply multivariant(live::ChannelView& view, Shelf& shelf, const Document::Form& form,
                   package::KeysWanted keys);

// A head for media that never changes. `tag` names it among all that ever had this address.
net::Response media_head(const live::Rendition& rendition, std::string_view tag, Right right);

}  // namespace butai::delivery::hls
