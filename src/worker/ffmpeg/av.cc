#include "worker/ffmpeg/av.h"

#include <cstring>

namespace butai::worker::av {

PacketPtr packet_of(ByteView bytes) {
  PacketPtr packet = new_packet();
  if (av_new_packet(packet.get(), static_cast<int>(bytes.size())) < 0) return nullptr;
  std::memcpy(packet->data, bytes.data(), bytes.size());
  return packet;
}

}  // namespace butai::worker::av
