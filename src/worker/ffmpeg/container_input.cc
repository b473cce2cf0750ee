#include "worker/ffmpeg/container_input.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace butai::worker {
namespace {

constexpr int kReadBufferBytes = 32 * 1024;

}  // namespace

std::optional<Container> ContainerInput::next() {
  piece_ = {};  // what a damaged container left
  while (!opened_ && !finished_) receive();
  ended_ = false;
  return std::exchange(opened_, std::nullopt);
}

av::Own<AVIOContext> ContainerInput::reader() {
  auto* buffer = static_cast<unsigned char*>(av_malloc(kReadBufferBytes));
  return av::Own<AVIOContext>(avio_alloc_context(buffer, kReadBufferBytes, 0, this,
                                                 &ContainerInput::read, nullptr, nullptr));
}

void ContainerInput::receive() {
  Message message = parent_.receive();
  switch (message.type) {
    case MessageType::Input:
      if (auto input = decode_input(message.payload)) piece_ = std::move(input->bytes);
      break;
    case MessageType::Open:
      if (auto container = decode_container(message.payload)) opened_ = *container;
      break;
    case MessageType::Anchor:
      if (auto anchor = decode_anchor(message.payload)) anchor_ = *anchor;
      break;
    case MessageType::KeyFrame:
      key_frame_ = true;
      break;
    case MessageType::Finish:
      finished_ = true;
      break;
    default:
      break;
  }
}

int ContainerInput::read(void* self, std::uint8_t* to, int size) {
  auto& input = *static_cast<ContainerInput*>(self);
  while (input.piece_.empty() && !input.opened_ && !input.finished_) input.receive();
  if (input.piece_.empty()) {
    input.ended_ = true;
    return AVERROR_EOF;
  }
  const std::size_t count = std::min(static_cast<std::size_t>(size), input.piece_.size());
  std::memcpy(to, input.piece_.data(), count);
  input.piece_ = input.piece_.slice(count, input.piece_.size() - count);
  return static_cast<int>(count);
}

}  // namespace butai::worker
