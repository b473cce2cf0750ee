// `butai watch`: a viewer without a screen, that measures what it is sent.
// Flow:   [POST /api/v1/plays ->] WS /live/CHANNEL/ws -> Downlink -> Seen -> figures
// Thread: the caller's; blocks it until the end.
// Limits: client/limits.h.
#pragma once

#include <cstdint>
#include <string>

#include "client/endpoint.h"

namespace butai::client {

struct WatchOptions {
  std::string url;      // wss://HOST/live/CHANNEL/ws?…, or https://HOST[/watch/CHANNEL]
  std::string channel;  // where the URL names none
  std::string token;    // else token_file, else the environment's BUTAI_TOKEN
  std::string token_file;
  std::uint32_t seconds = 0;  // 0: until SIGINT, SIGTERM or the end of the channel
  bool json = false;          // one object on standard output at the end, nothing else there
  ViewFormat format = ViewFormat::Cmaf;
  std::string save;     // file that gets every init, chunk or picture as it came
  std::string pin;      // SHA-256 of the server's certificate, hex
  std::string ca_file;  // PEM
};

// 0 when media was seen, 1 when none was, 2 when the options make no sense, 3 when the channel is protected
// and could not be opened: no license, or a key that does not fit.
int watch(const WatchOptions& options);

}  // namespace butai::client
