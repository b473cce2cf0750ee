#include <algorithm>
#include <array>

#include "net/http2_session_impl.h"
#include "net/text.h"

namespace butai::net {

namespace {

bool belongs_to_connection(std::string_view name) {
  static constexpr std::array<std::string_view, 6> kNames{
      "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te"};
  return std::ranges::find(kNames, name) != kNames.end();
}

std::string lower_case(std::string_view name) {
  std::string text(name);
  std::ranges::transform(text, text.begin(), lower);
  return text;
}

nghttp2_nv field_of(std::string_view name, std::string_view value, std::uint8_t flags) {
  // nghttp2 takes no const and copies both.
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
          value.size(), flags};
}

}  // namespace

ssize_t Http2Session::Impl::read(StreamId id, std::size_t most, std::uint32_t& flags) {
  Http2Stream* stream = find(id);
  if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  const std::size_t count = std::min(most, stream->waiting);
  if (count == stream->waiting && !stream->more) {
    flags |= NGHTTP2_DATA_FLAG_EOF;
  } else if (count == 0) {
    stream->deferred = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  return static_cast<ssize_t>(count);
}

int Http2Session::Impl::send_data(StreamId id, ByteView head, std::size_t count) {
  if (batch >= batch_max) return NGHTTP2_ERR_WOULDBLOCK;  // asked again with the next batch
  Http2Stream* stream = find(id);
  if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  put_small(head);
  stream->waiting -= count;
  stream->sent += count;
  batch += count;
  sent_uncredited += count;
  controls.give(sent_uncredited / kHttp2BytesPerControl);
  sent_uncredited %= kHttp2BytesPerControl;
  while (count > 0) {
    Bytes& front = stream->queue.front();
    const std::size_t part = std::min(count, front.size());
    pieces.push_back({0, 0, front.slice(0, part)});
    count -= part;
    if (part == front.size()) {
      stream->queue.pop_front();
    } else {
      front = front.slice(part, front.size() - part);
    }
  }
  return 0;
}

void Http2Session::Impl::put_small(ByteView bytes) {
  if (!pieces.empty() && pieces.back().body.empty()) {
    pieces.back().size += bytes.size();
  } else {
    pieces.push_back({small.size(), bytes.size(), {}});
  }
  small.insert(small.end(), bytes.begin(), bytes.end());
  batch += bytes.size();
}

// The answer's own Priority field, if it has one, stands over what the client says (RFC 9218
// section 8); without one nghttp2 follows the client.
void Http2Session::Impl::order(StreamId id, const Http2Stream& stream, const Headers& answer) {
  const auto field = answer.find("Priority");
  if (!field) return;
  const Priority merged = merge(stream.priority, parse_priority(*field));
  const nghttp2_extpri order{
      .urgency = static_cast<std::uint32_t>(merged.urgency.value_or(kUrgencyDefault)),
      .inc = merged.incremental.value_or(false) ? 1 : 0};
  nghttp2_session_change_extpri_stream_priority(session, id, &order, 1);
}

int Http2Session::Impl::frame_sent(const nghttp2_frame& frame) {
  const StreamId id = frame.hd.stream_id;
  const bool answer = frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA;
  if (answer && (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
    const Http2Stream* stream = find(id);
    // Section 8.1: answered before the request was whole; the rest need not come.
    if (stream != nullptr && !stream->asked_all) {
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
    }
  }
  if (frame.hd.type == NGHTTP2_GOAWAY && frame.goaway.error_code != NGHTTP2_NO_ERROR &&
      fault == Http2Fault::None) {
    fault = Http2Fault::Protocol;
  }
  if (frame.hd.type == NGHTTP2_RST_STREAM) {
    const std::uint32_t code = frame.rst_stream.error_code;
    const bool ours =
        code == NGHTTP2_NO_ERROR || code == NGHTTP2_CANCEL || code == NGHTTP2_INTERNAL_ERROR;
    if (!ours && !resets.take(now)) fault_is(Http2Fault::Resets);
  }
  return 0;
}

std::vector<Bytes> Http2Session::take(std::size_t most) {
  Impl& impl = *impl_;
  impl.batch = 0;
  impl.batch_max = most;
  while (impl.batch < most) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t count = nghttp2_session_mem_send(impl.session, &bytes);
    if (count <= 0) break;
    impl.put_small({bytes, static_cast<std::size_t>(count)});
  }
  const Bytes small(std::exchange(impl.small, {}));
  std::vector<Bytes> out;
  out.reserve(impl.pieces.size());
  for (Impl::Piece& piece : impl.pieces) {
    out.push_back(piece.body.empty() ? small.slice(piece.at, piece.size) : std::move(piece.body));
  }
  impl.pieces.clear();
  return out;
}

void Http2Session::invite(StreamId stream) {
  const std::array fields{field_of(":status", "100", NGHTTP2_NV_FLAG_NONE)};
  nghttp2_submit_headers(impl_->session, NGHTTP2_FLAG_NONE, stream, nullptr, fields.data(),
                         fields.size(), nullptr);
}

void Http2Session::answer(StreamId id, int status, const Headers& headers, std::vector<Bytes> body,
                          Body kind) {
  Http2Stream* stream = impl_->find(id);
  if (stream == nullptr || std::exchange(stream->answered, true)) return;
  nghttp2_session_consume_connection(impl_->session, std::exchange(stream->unclaimed, 0));
  const std::string code = std::to_string(status);
  std::vector<std::string> names;
  names.reserve(headers.all().size());
  std::vector<nghttp2_nv> fields{field_of(":status", code, NGHTTP2_NV_FLAG_NONE)};
  for (const auto& [name, value] : headers.all()) {
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) continue;
    names.push_back(lower_case(name));
    if (belongs_to_connection(names.back())) continue;
    // A cookie must not be guessed through the compression's table (RFC 7541 section 7.1).
    const bool secret = names.back() == "set-cookie";
    fields.push_back(
        field_of(names.back(), value, secret ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE));
  }
  stream->more = kind == Body::Pieces;
  impl_->order(id, *stream, headers);
  nghttp2_data_provider source{};
  source.read_callback = [](nghttp2_session*, std::int32_t at, std::uint8_t*, std::size_t most,
                            std::uint32_t* flags, nghttp2_data_source*,
                            void* user) { return Impl::of(user).read(at, most, *flags); };
  write(id, std::move(body));
  nghttp2_submit_response(impl_->session, id, fields.data(), fields.size(),
                          kind == Body::None ? nullptr : &source);
}

void Http2Session::write(StreamId id, std::vector<Bytes> pieces) {
  Http2Stream* stream = impl_->find(id);
  if (stream == nullptr) return;
  for (Bytes& piece : pieces) {
    if (piece.empty()) continue;
    stream->waiting += piece.size();
    stream->queue.push_back(std::move(piece));
  }
  if (stream->waiting > 0) impl_->resume(id, *stream);
}

void Http2Session::finish(StreamId id) {
  Http2Stream* stream = impl_->find(id);
  if (stream == nullptr) return;
  stream->more = false;
  impl_->resume(id, *stream);
}

void Http2Session::reset(StreamId stream, Reset why) {
  nghttp2_submit_rst_stream(impl_->session, NGHTTP2_FLAG_NONE, stream,
                            why == Reset::Cancel ? NGHTTP2_CANCEL : NGHTTP2_INTERNAL_ERROR);
}

}  // namespace butai::net
