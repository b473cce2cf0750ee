// What a publisher wrote into its encoder, made into a channel and an input.
// Thread: pure functions, any.
// Limits: names of is_name(); a token of access/limits.h.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "ingest/rtmp/server_session.h"
#include "live/channel_view.h"

namespace butai::ingest::rtmp {

struct Wanted {
  // With a token it is a channel's name, without one a stream key.
  std::string word;
  std::string token;
  live::InputSlot slot = live::InputSlot::A;
};
// The error is a sentence for the publisher.
std::expected<Wanted, std::string_view> read_target(const PublishTarget& target);

}  // namespace butai::ingest::rtmp
