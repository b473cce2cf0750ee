// RTMP messages from and to chunks.
// Flow:   bytes after the handshake -> ChunkReader -> RtmpSession; and back through ChunkWriter
// Thread: plain objects of their session.
// Limits: ingest/rtmp/limits.h: bytes of a message by its type, chunk streams, bytes that unfinished
//         messages announce. Memory grows with what really came, not with what was announced.
// Spec:   Adobe RTMP 1.0 (2012), sections 5.3 and 5.4. Set Chunk Size and Abort are obeyed here, at
//         once; everything else is a message for the session.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace butai::ingest::rtmp {

enum class MessageType : std::uint8_t {
  SetChunkSize = 1,
  Abort = 2,
  Acknowledgement = 3,
  UserControl = 4,
  WindowSize = 5,
  PeerBandwidth = 6,
  Audio = 8,
  Video = 9,
  DataAmf3 = 15,
  CommandAmf3 = 17,
  Data = 18,
  Command = 20,
};

struct Message {
  MessageType type = MessageType::Command;
  std::uint32_t chunk_stream = 3;  // 2 to 65599
  std::uint32_t stream_id = 0;     // 0: the connection itself
  std::uint32_t timestamp = 0;     // milliseconds, wraps after 49 days
  Bytes payload;
};

enum class ChunkError : std::uint8_t {
  BadChunkSize,       // 0, or with the highest bit (B1)
  MessageTooLong,     // for its type (B2)
  TooManyStreams,     // chunk streams
  TooMuchUnfinished,  // announced by messages that are not whole yet (B2)
  NothingToContinue,  // a chunk that leans on one that never was (B3)
  ChangedInside,      // a message's head comes again before the message is whole (B3)
  BadControl,         // Set Chunk Size or Abort of another length, or for no stream
};
std::string_view sentence(ChunkError error);

class ChunkReader {
 public:
  ChunkReader();
  // The next whole message; takes what it used off the front of `bytes`. Nothing: all bytes are used
  // and more are needed. After an error the stream cannot be understood any more.
  std::expected<std::optional<Message>, ChunkError> next(ByteView& bytes);
  // Announced lengths of messages that are not whole.
  std::size_t unfinished() const { return unfinished_; }

 private:
  struct Stream {
    std::uint32_t timestamp = 0, delta = 0;
    std::uint32_t extended = 0;  // the field as it came
    bool has_extended = false;
    std::uint32_t length = 0;
    MessageType type = MessageType::Command;
    std::uint32_t stream_id = 0;
    std::vector<std::uint8_t> payload;  // what came of it, behind `room`
    std::size_t room = 0;
    bool inside = false;  // a message has begun and is not whole
  };
  using Done = std::expected<void, ChunkError>;
  // What a chunk's head says so far: how long it is, once that is known.
  struct Head {
    int format = 0;
    std::uint32_t id = 0;
    std::size_t basic = 0;  // bytes of the basic header
    std::size_t size = 0;   // of all of it
    bool extended = false;
  };

  std::optional<Head> gather_head(ByteView& in);
  std::optional<Head> look_at_head() const;
  Done take_head(const Head& head);
  Done begin_message(Stream& stream);
  std::optional<Message> take_payload(ByteView& bytes);
  Done obey(const Message& message);

  std::map<std::uint32_t, Stream> streams_;
  std::uint32_t chunk_size_;
  std::size_t unfinished_ = 0;
  std::array<std::uint8_t, 18> head_{};  // basic header 3, message header 11, extended timestamp 4
  std::size_t head_size_ = 0;
  // Four bytes that were read as an extended timestamp and are not one: they come again.
  std::array<std::uint8_t, 4> again_{};
  std::size_t again_left_ = 0;
  Stream* current_ = nullptr;  // whose payload comes; null: a head comes
  std::uint32_t current_id_ = 0;
  std::size_t chunk_left_ = 0;
};

class ChunkWriter {
 public:
  // Appends the message's chunks to `out`.
  void write(const Message& message, std::vector<std::uint8_t>& out);
  // The control message that says so, and what is written from then on.
  void set_chunk_size(std::uint32_t size, std::vector<std::uint8_t>& out);

 private:
  struct Stream {
    std::uint32_t timestamp = 0;
    std::uint32_t stream_id = 0;
  };
  std::map<std::uint32_t, Stream> streams_;
  std::uint32_t chunk_size_ = 128;
};

}  // namespace butai::ingest::rtmp
