// What parent and butai-worker say to each other over their socket pair.
//   message = u32 length of payload | u8 type | payload        (integers are big-endian)
// Flow:   Line -> encode -> socket pair -> MessageReader -> decode -> a job; and back the same way
// Thread: pure values; a MessageReader belongs to whoever reads the socket.
// Limits: worker/limits.h (message, sentence, configuration bytes). The child is not trusted by the
//         parent: every length is checked before anything is allocated for it.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "media/frame.h"
#include "media/loudness.h"
#include "media/track.h"
#include "worker/line.h"

namespace butai::worker {

enum class MessageType : std::uint8_t {
  // parent to child
  Configure = 1,  // first, once: job, encoding, capture
  Open = 2,       // Job::Demux: a container starts with the next Input
  Input = 3,      // bytes of it, or one JPEG
  Finish = 4,     // no more Input
  Anchor = 5,     // where the source's time lies in UTC
  KeyFrame = 6,   // the next encoded frame shall be one
  // child to parent
  Ready = 64,   // configured and sandboxed
  Tracks = 65,  // always before the first frame, and again when they change; Job::Ladder: both ways
  Frame = 66,
  Picture = 67,    // a JPEG of Job::Capture
  Complaint = 68,  // a sentence for the publisher
  Note = 69,       // a sentence for the log
  End = 70,        // all frames are out
  Loudness = 71,   // Job::Meter
};

enum class MessageError : std::uint8_t { TooLong, UnknownType, Truncated, BadValue };
std::string_view sentence(MessageError error);

enum class Container : std::uint8_t { Mp4 = 1, WebM = 2, Flv = 3, MpegTs = 4 };

struct Message {
  MessageType type = MessageType::Note;
  Bytes payload;
};

// A message ready to send: `head` (with the 5 bytes of framing), then `body`, never joined.
struct Wire {
  std::vector<std::uint8_t> head;
  Bytes body;
  std::size_t size() const { return head.size() + body.size(); }
};

struct Configuration {
  Job job = Job::Demux;
  Encoding encoding;
  Capture capture;
  std::vector<Rung> rungs;
  Priority priority = Priority::Usual;
};
struct Input {
  Utc arrived{}, captured{};
  Bytes bytes;
};
struct Anchor {
  std::int64_t pts_micros = 0;
  Utc utc{};
};

Wire encode(MessageType type);  // one without payload
Wire encode(const Configuration& configuration);
Wire encode(Container container);
Wire encode(Input input);
Wire encode(const Anchor& anchor);
Wire encode(const std::vector<media::Track>& tracks);
Wire encode(media::Frame frame);
Wire encode(media::Picture picture);
Wire encode(const media::Loudness& loudness);
Wire encode(MessageType type, std::string_view text);  // Complaint, Note; cut at the limit

template <class T>
using Decoded = std::expected<T, MessageError>;

Decoded<Configuration> decode_configuration(const Bytes& payload);
Decoded<Container> decode_container(const Bytes& payload);
Decoded<Input> decode_input(const Bytes& payload);
Decoded<Anchor> decode_anchor(const Bytes& payload);
Decoded<std::vector<media::Track>> decode_tracks(const Bytes& payload);
Decoded<media::Frame> decode_frame(const Bytes& payload);
Decoded<media::Picture> decode_picture(const Bytes& payload);
Decoded<media::Loudness> decode_loudness(const Bytes& payload);
Decoded<std::string> decode_text(const Bytes& payload);  // unprintable bytes become '?'

// Cuts a byte stream into messages. Small ones are copied out of a fixed buffer, large ones are read
// into their own memory directly.
//   for (;;) { n = read(fd, space()); filled(n); while (message = next()) … }
class MessageReader {
 public:
  MessageReader();
  std::span<std::uint8_t>
  space();  // where the next bytes go; never empty after next() said nothing
  void filled(std::size_t count);
  // A whole message, nothing yet, or an error after which the other side cannot be understood.
  std::expected<std::optional<Message>, MessageError> next();

 private:
  std::vector<std::uint8_t> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::vector<std::uint8_t> large_;  // the payload being read directly; empty: none
  std::size_t large_filled_ = 0;
  MessageType large_type_ = MessageType::Note;
};

}  // namespace butai::worker
