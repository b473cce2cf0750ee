// `butai publish`: a camera, file, test picture or standard input to a server's /ws.
// Flow:   worker::Line (capture, a process of its own) -> Publisher -> Uplink -> wss://
// Thread: the caller's; blocks it until the end.
// Limits: client/limits.h.
#pragma once

#include <cstdint>
#include <string>

#include "worker/line.h"

namespace butai::client {

struct PublishOptions {
  std::string source = "test";  // camera[:DEV] | file:PATH | test | -
  std::string url;              // wss://… or ws://…
  std::string token;            // else token_file, else the environment's BUTAI_TOKEN
  std::string token_file;       // read again while running, so that a token can be renewed
  worker::Capture::Format format = worker::Capture::Format::H264;
  std::uint16_t width = 1280, height = 720;  // pixels
  std::uint32_t frames_per_second = 30;
  std::uint32_t video_bitrate = 2'500'000;  // bits per second, H.264
  bool loop = false;                        // file: start again at its end
  std::string pin;      // SHA-256 of the server's certificate, hex, as `butai serve` prints it
  std::string ca_file;  // PEM
  std::string worker;   // path of butai-worker; empty: beside the running program
};

// Runs until the source ends, SIGINT or SIGTERM (0), or until something that a person must mend (1)
// or wrote wrongly (2); the sentence for that goes to standard error.
int publish(const PublishOptions& options);

// butai-worker beside the running program.
std::string worker_beside();

}  // namespace butai::client
