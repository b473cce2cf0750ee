#include "net/http2_session_impl.h"
#include "net/text.h"

namespace butai::net {

std::optional<Http2Fault> Http2Session::Impl::spend(const FrameHead& frame) {
  continuations = frame.type == NGHTTP2_CONTINUATION ? continuations + 1 : 0;
  if (continuations > kHttp2ContinuationsMax) return Http2Fault::Headers;
  const bool carries = frame.type == NGHTTP2_HEADERS || frame.type == NGHTTP2_CONTINUATION ||
                       (frame.type == NGHTTP2_DATA &&
                        (frame.length > 0 || (frame.flags & NGHTTP2_FLAG_END_STREAM) != 0));
  if (carries) return std::nullopt;
  const bool reset = frame.type == NGHTTP2_RST_STREAM;
  if ((reset ? resets : controls).take(now)) return std::nullopt;
  return reset ? Http2Fault::Resets : Http2Fault::Controls;
}

int Http2Session::Impl::begin_headers(const nghttp2_frame& frame) {
  open_block = frame.hd.stream_id;
  if (frame.headers.cat == NGHTTP2_HCAT_REQUEST) streams.try_emplace(frame.hd.stream_id);
  return 0;
}

int Http2Session::Impl::header(StreamId id, std::string_view name, std::string_view value) {
  Http2Stream* stream = find(id);
  if (stream == nullptr) return 0;
  stream->block_bytes += name.size() + value.size() + 32;  // as section 6.5.2 counts
  if (stream->block_bytes > kHttp2BlockBytesMax) {
    fault_is(Http2Fault::Headers);
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }
  if (stream->told || stream->refused) return 0;  // trailers mean nothing here
  if (stream->block_bytes > kHeadBytesMax) {
    stream->refused = HttpError::HeadTooLarge;
  } else if (stream->head.headers.all().size() >= kHeaderCountMax) {
    stream->refused = HttpError::TooManyFields;
  } else {
    add_field(*stream, name, value);
  }
  return 0;
}

void Http2Session::Impl::add_field(Http2Stream& stream, std::string_view name,
                                   std::string_view value) {
  MessageHead& head = stream.head;
  if (name == ":method") {
    head.method = value;
  } else if (name == ":path") {
    head.target = value;
  } else if (name == ":scheme") {
    stream.scheme = value;
  } else if (name == ":authority") {
    stream.authority = value;
  } else if (const auto before = head.headers.find("cookie"); name == "cookie" && before) {
    head.headers.set("cookie", std::string(*before) + "; " + std::string(value));  // 8.2.3
  } else {
    if (name == "content-length") head.length = number_of(value);
    if (name == "priority") stream.priority = parse_priority(value);
    head.headers.add(std::string(name), std::string(value));
  }
}

int Http2Session::Impl::frame_received(const nghttp2_frame& frame) {
  const StreamId id = frame.hd.stream_id;
  const bool ended = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (frame.hd.type == NGHTTP2_HEADERS) open_block = 0;
  Http2Stream* stream = find(id);
  if (stream == nullptr) return 0;
  if (frame.hd.type == NGHTTP2_HEADERS && !stream->told) return head_complete(id, *stream, ended);
  if ((frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA) && ended) {
    body_complete(id, *stream);
  }
  return 0;
}

int Http2Session::Impl::head_complete(StreamId id, Http2Stream& stream, bool ended) {
  MessageHead head = std::exchange(stream.head, {});
  const auto host = head.headers.find("host");
  const bool two_names = host && !stream.authority.empty() && *host != stream.authority;
  if (!stream.refused && (two_names || stream.scheme != "https")) {  // section 8.3.1
    return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_PROTOCOL_ERROR);
  }
  if (!host && !stream.authority.empty()) head.headers.add("host", stream.authority);
  head.version = 20;
  stream.told = true;
  stream.asked_all = ended;
  const auto coming = ended ? BodyComing::No : BodyComing::Yes;
  if (stream.refused) {
    user.on_head(id, std::unexpected(*stream.refused), coming);
  } else {
    user.on_head(id, std::move(head), coming);
  }
  return 0;
}

void Http2Session::Impl::body_complete(StreamId id, Http2Stream& stream) {
  stream.asked_all = true;
  nghttp2_session_consume_connection(session, std::exchange(stream.unclaimed, 0));
  if (!stream.answered) user.on_body_end(id);
}

int Http2Session::Impl::body(StreamId id, ByteView bytes) {
  nghttp2_session_consume_stream(session, id, bytes.size());
  Http2Stream* stream = find(id);
  if (stream == nullptr || stream->answered) {
    nghttp2_session_consume_connection(session, bytes.size());
    return 0;
  }
  stream->unclaimed += bytes.size();
  user.on_body(id, bytes);
  return 0;
}

void Http2Session::Impl::closed(StreamId id) {
  if (id == open_block) open_block = 0;
  const auto at = streams.find(id);
  if (at == streams.end()) return;
  const bool told = at->second.told;
  nghttp2_session_consume_connection(session, at->second.unclaimed);
  streams.erase(at);
  if (told) user.on_closed(id);
}

}  // namespace butai::net
