// Chunks, cut anywhere: the same messages and the same error come out however the bytes are cut; what
// is unfinished stays bounded; messages that are written again are read the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <vector>

#include "ingest/rtmp/chunk_codec.h"
#include "ingest/rtmp/limits.h"

namespace {

using namespace butai;
using namespace butai::ingest::rtmp;

void must(bool truth) {
  if (!truth) std::abort();
}

struct Read {
  std::vector<Message> messages;
  std::optional<ChunkError> error;
};

Read read(ByteView input, std::size_t piece) {
  ChunkReader reader;
  Read out;
  for (std::size_t at = 0; at < input.size(); at += piece) {
    ByteView view = input.subspan(at, std::min(piece, input.size() - at));
    for (;;) {
      auto next = reader.next(view);
      must(reader.unfinished() <= kReassemblyBytesMax);
      if (!next) {
        out.error = next.error();
        return out;
      }
      if (!*next) break;
      out.messages.push_back(std::move(**next));
    }
    must(view.empty());
  }
  return out;
}

void same(const Read& a, const Read& b) {
  must(a.error == b.error && a.messages.size() == b.messages.size());
  for (std::size_t i = 0; i < a.messages.size(); ++i) {
    must(a.messages[i].type == b.messages[i].type);
    must(a.messages[i].timestamp == b.messages[i].timestamp);
    must(a.messages[i].stream_id == b.messages[i].stream_id);
    must(a.messages[i].payload.text() == b.messages[i].payload.text());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const ByteView input{bytes, size};
  const Read whole = read(input, std::max<std::size_t>(1, size));
  same(whole, read(input, size > 0 ? 1 + bytes[0] % 16 : 1));
  ChunkWriter writer;
  std::vector<std::uint8_t> written;
  for (const Message& message : whole.messages) writer.write(message, written);
  Read again = read(written, 997);
  again.error = whole.error;
  same(whole, again);
  return 0;
}
