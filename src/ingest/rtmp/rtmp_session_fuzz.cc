// A whole connection of the server's end. The first byte chooses whether a handshake is put in front
// (so that the fuzzer need not find 3 KiB), and how publish is answered. However the bytes are cut,
// the same is heard; nothing is heard before publishing was accepted, or after the session is over.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "ingest/rtmp/limits.h"
#include "ingest/rtmp/media_path.h"
#include "ingest/rtmp/server_session.h"
#include "ingest/rtmp/testing/server_recorder.h"

namespace {

using namespace butai;
using namespace butai::ingest;
using namespace butai::ingest::rtmp;
using rtmp::testing::ServerRecorder;

void must(bool truth) {
  if (!truth) std::abort();
}

struct Outcome {
  std::string why;
  bool over = false;
  std::vector<std::string> names;
  std::size_t media = 0, answered = 0;
};

Outcome run(ByteView input, std::size_t piece, ServerRecorder::Answer answer) {
  ServerRecorder server(answer);
  MediaPath path;
  Outcome out;
  std::size_t heard = 0;
  for (std::size_t at = 0; at < input.size() && !server.session.over(); at += piece) {
    server.session.take(input.subspan(at, std::min(piece, input.size() - at)));
    out.answered += server.session.take_output().size();
    for (; heard < server.media.size(); ++heard) {
      must(answer == ServerRecorder::Answer::Accept);
      (void)path.take(server.media[heard].type, server.media[heard].millis,
                      server.media[heard].body);
      for (const MediaItem& item : path.take_items()) {
        if (const auto* frame = std::get_if<media::Frame>(&item)) must(!frame->data.empty());
      }
    }
  }
  for (const auto& target : server.targets) out.names.push_back(target.name + "?" + target.query);
  out.media = server.media.size();
  out.over = server.session.over();
  out.why = server.session.why();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  std::vector<std::uint8_t> input;
  if ((bytes[0] & 1) != 0) {
    input.assign(1 + 1536 + 1536, 0);
    input[0] = 3;
  }
  input.insert(input.end(), bytes + 1, bytes + size);
  const auto answer =
      (bytes[0] & 2) != 0 ? ServerRecorder::Answer::Refuse : ServerRecorder::Answer::Accept;
  const Outcome whole = run(input, std::max<std::size_t>(1, input.size()), answer);
  const Outcome cut = run(input, 1 + bytes[0] / 4, answer);
  must(whole.over == cut.over && whole.why == cut.why && whole.names == cut.names);
  must(whole.media == cut.media);
  must(!whole.over || !whole.why.empty());
  return 0;
}
