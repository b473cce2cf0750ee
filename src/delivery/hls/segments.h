// {rendition}/{file}: init-N.mp4, START.m4s, START.PART.m4s. HLS and DASH fetch the same bytes.
//   part     at once if it is whole, held if it is the next one (HLS wants it in one piece)
//   segment  whole; while it grows, chunk by chunk to those who found it in a low latency manifest
// Thread: the connection's loop.
#pragma once

#include "delivery/ports.h"

namespace butai::delivery::hls {

void segment_file(const net::Request& request, net::ExchangePtr exchange, const Ports& ports);

}  // namespace butai::delivery::hls
