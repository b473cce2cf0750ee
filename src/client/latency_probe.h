// Behind `./dev bench latency`: publishes and watches at once, in one process and on one clock, and
// prints what lies between the call that sends a frame and its reception.
// Flow:   Recording -> Uplink -> server -> Downlink -> LatencyFigures -> one JSON line
// Thread: the caller's; blocks it until the end.
// Limits: kProbeWarmUp is not counted; frames that never come are told as lost.
#pragma once

#include <cstdint>
#include <string>

namespace butai::client {

enum class Probe : std::uint8_t {
  JpegToJpeg,  // JPEG publisher -> JPEG viewer
  H264ToWs,    // H.264 publisher -> CMAF viewer
  JpegToWs,    // JPEG publisher -> the server's encoder -> CMAF viewer
  Echo,        // round trips of /ws?echo=1, or of any server that sends back what it gets
  FirstFrame,  // H.264 publisher; viewers come one after another
};

struct ProbeOptions {
  Probe probe = Probe::JpegToJpeg;
  std::string publish_url;  // ws(s)://HOST/ws?channel=NAME; for Echo the one to send to
  std::string watch_url;    // ws(s)://HOST/live/NAME/ws; not for Echo
  std::string token;        // else the environment's BUTAI_TOKEN
  std::string pin, ca_file;
  std::string worker;  // butai-worker; empty: beside the running program
  std::uint32_t seconds = 10;
  std::uint16_t width = 1280, height = 720;
  std::uint32_t frames_per_second = 30;
};

// One JSON object on standard output: probe, p50_ms, p99_ms, max_ms, count, and what belongs to the
// probe. 0 when something was measured, 1 when not (a sentence on standard error), 2 for options
// that make no sense.
int bench_latency(const ProbeOptions& options);

}  // namespace butai::client
