// A request that waits for something to appear on a channel: a blocking playlist reload, a hinted
// part. It answers as soon as it can, or 503 after kHoldMax.
// Flow:   a handler that cannot answer yet -> hold() -> live::ChannelView tells -> respond
// Thread: one loop.
#pragma once

#include <functional>
#include <optional>

#include "live/channel_view.h"
#include "net/http.h"

namespace butai::delivery {

// `answer` is asked now and after each change of the view's playlists; nothing means: wait on.
void hold(live::ChannelView& view, net::ExchangePtr exchange,
          std::function<std::optional<net::Response>(const live::ChannelView&)> answer);

}  // namespace butai::delivery
