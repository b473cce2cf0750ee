// Every bound of this folder, with its unit and its reason. Tests shorten the deadlines through
// ServerOptions::deadlines; nothing else is configurable.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace butai::net {

// --- HTTP requests (RFC 9112; reliability rows B21, B23) ---
inline constexpr std::size_t kHeadBytesMax =
    32 * 1024;                                       // request line + fields: cookies and a token
inline constexpr std::size_t kHeaderCountMax = 100;  // fields; browsers send 20, proxies add 10
inline constexpr std::size_t kInputBytesMax = 64 * 1024;  // kept while an answer is being made
inline constexpr std::size_t kPipelineUnsentMax =
    1024 * 1024;  // bytes; then the next request waits
inline constexpr std::size_t kBodyBytesPerSecondMin = 16 * 1024;  // slower is an attack, not a line
inline constexpr std::size_t kChunkLineBytesMax =
    4 * 1024;                                              // size line or trailer without progress
inline constexpr std::size_t kTrailerBytesMax = 8 * 1024;  // after a chunked body; ignored
inline constexpr std::size_t kWritePiecesMax = 64;         // iovec entries of one writev

// --- Deadlines: absolute, never reset by a byte ---
inline constexpr Millis kHandshakeDeadline{5'000};  // TLS
inline constexpr Millis kHeadDeadline{5'000};       // first byte to end of head
inline constexpr Millis kIdleDeadline{60'000};      // between two requests of one connection
inline constexpr Millis kBodyGrace{5'000};          // added to size / kBodyBytesPerSecondMin
inline constexpr Millis kStallDeadline{30'000};     // an answer of which the peer takes nothing
inline constexpr Millis kLingerDeadline{2'000};     // after our FIN, for the peer's
inline constexpr Millis kCloseDeadline{2'000};      // WebSocket close frame without an answer

// --- Connections and rates, per address (IPv6: per /64) ---
inline constexpr std::size_t kUnprovenPerAddress = 64;  // connections without a complete request
inline constexpr int kLoginPerMinute = 20;              // password guesses
inline constexpr int kWritesPerMinute = 120;            // API writes of one house
inline constexpr std::size_t kAddressesMax = 65'536;    // remembered at once; full buckets go first
inline constexpr Millis kAcceptPause{100};              // out of descriptors: never spin
inline constexpr int kListenBacklog = 4096;             // ten thousand viewers arrive in a minute
inline constexpr std::size_t kDescriptorsKept = 256;    // for files, workers and the database
inline constexpr std::size_t kSpareConnections = 256;  // beyond the capacity: publishers, operators
inline constexpr int kRetryAfterLeast = 5;             // seconds; a full server is asked again …
inline constexpr int kRetryAfterSpread = 26;           // … at times that differ by so much
inline constexpr std::size_t kLoadSlack = 16;          // connections more than another loop has

// --- Bytes on the way ---
inline constexpr std::size_t kReadBytes = 64 * 1024;       // one recv
inline constexpr int kEventsPerTurn = 64;                  // then timers' and posts' turn
inline constexpr int kReadsPerTurn = 4;                    // then the other connections' turn
inline constexpr std::size_t kTlsRecordBytes = 16 * 1024;  // RFC 8446 section 5.1
// Ciphertext of one send. It stays in a core's second-level cache, and what a full socket does not
// take of it is all that a TLS connection ever keeps.
inline constexpr std::size_t kTlsBatchBytes = 64 * 1024;
inline constexpr std::size_t kJoinedBytesMax =
    16 * 1024;  // of a ready answer's body: a copy behind its head is cheaper than a second piece
// A body that is asked for often is sent from a file in memory: a tenth cheaper from here on, dearer below
// (decision 0014).
inline constexpr std::size_t kBodyFileBytesMin = 39 * 1024;
inline constexpr int kBodyFileAsked = 3;          // making one costs a copy
inline constexpr std::size_t kBodyFilesMax = 32;  // descriptors of a loop: the newest parts
inline constexpr int kNotSentLowWater =
    128 * 1024;  // bytes the kernel keeps unsent; lag is ours to see

// --- HTTP/2 (RFC 9113; B22) ---
inline constexpr std::size_t kHttp2StreamsMax =
    100;  // at once; the least that section 6.5.2 advises
inline constexpr std::size_t kHttp2StreamWindow =
    64 * 1024 - 1;  // bytes of one body on its way: what we are sent is forms and JSON
inline constexpr std::size_t kHttp2UploadWindow =
    1024 * 1024;  // bytes of all unfinished bodies of a connection
inline constexpr std::size_t kHttp2BlockBytesMax =
    8 * kHeadBytesMax;  // unpacked; a larger block is a bomb, a head over kHeadBytesMax only a 431
inline constexpr std::size_t kHttp2ContinuationsMax = 4;  // frames; 32 KiB need two
inline constexpr int kHttp2ResetsMax = 200;  // a page that is left ends its 100 streams at once
inline constexpr int kHttp2ResetsPerSecond = 20;  // a player that seeks
inline constexpr int kHttp2ControlsMax = 500;     // frames that carry no request and no body
inline constexpr int kHttp2ControlsPerSecond = 50;
inline constexpr std::size_t kHttp2BytesPerControl =
    4 * 1024;  // sent bytes that allow one WINDOW_UPDATE more; browsers need one in 32 KiB
inline constexpr std::size_t kHttp2QueueMax =
    1000;  // our frames that wait; one per stream is usual
inline constexpr std::size_t kHttp2SliceBytes = 4 * 1024;    // read between two looks at that queue
inline constexpr std::size_t kHttp2BatchBytes = 256 * 1024;  // of one send: one batch of TLS
inline constexpr int kHttp2BatchesPerTurn = 4;               // then the other connections' turn
inline constexpr std::size_t kHttp2StallBytesMin =
    4 * 1024;  // that a stream without window must have taken in kStallDeadline
inline constexpr Millis kHttp2DrainGrace{1'000};  // between the two GOAWAYs of section 6.8

// --- WebSocket (RFC 6455; B18, B19) ---
inline constexpr std::size_t kControlBytesMax = 125;  // section 5.5
inline constexpr std::size_t kPongUnsentMax =
    64 * 1024;  // bytes; a peer that pings and never reads

inline constexpr std::size_t kUnmaskBytes =
    16 * 1024;  // of a message, made room for in a core's L1

// --- Outgoing HTTPS (license and key services) ---
inline constexpr std::size_t kOutgoingAtOnce = 4096;  // a show's licenses within two seconds
inline constexpr Millis kOutgoingTimeout{10'000};     // a player gives up at about that time

// --- Client ---
inline constexpr std::size_t kFetchBytesMax = 8 * 1024 * 1024;  // of one answer's body

}  // namespace butai::net
