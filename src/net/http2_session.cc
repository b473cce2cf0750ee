#include "net/http2_session.h"

#include <algorithm>
#include <array>

#include "net/http2_session_impl.h"

namespace butai::net {

std::string_view name_of(Http2Fault fault) {
  static constexpr std::array<std::string_view, kHttp2FaultCount> kNames{
      "none", "protocol", "headers", "resets", "controls", "stalled", "late"};
  return kNames[static_cast<std::size_t>(fault)];
}

// --- what nghttp2 calls ---

nghttp2_session_callbacks* Http2Session::Impl::make_callbacks() {
  nghttp2_session_callbacks* made = nullptr;
  nghttp2_session_callbacks_new(&made);
  nghttp2_session_callbacks_set_on_begin_headers_callback(
      made, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        return of(user).begin_headers(*frame);
      });
  nghttp2_session_callbacks_set_on_header_callback(
      made, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
               std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
               std::uint8_t, void* user) {
        return of(user).header(frame->hd.stream_id, as_text({name, name_size}),
                               as_text({value, value_size}));
      });
  // nghttp2 would leave such a field out; what two servers could read differently is refused.
  nghttp2_session_callbacks_set_on_invalid_header_callback(
      made,
      [](nghttp2_session*, const nghttp2_frame*, const std::uint8_t*, std::size_t,
         const std::uint8_t*, std::size_t, std::uint8_t,
         void*) -> int { return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; });
  nghttp2_session_callbacks_set_on_frame_recv_callback(
      made, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        return of(user).frame_received(*frame);
      });
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
      made, [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
               std::size_t size, void* user) { return of(user).body(id, {bytes, size}); });
  nghttp2_session_callbacks_set_on_frame_send_callback(
      made, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        return of(user).frame_sent(*frame);
      });
  nghttp2_session_callbacks_set_on_stream_close_callback(
      made, [](nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
        of(user).closed(id);
        return 0;
      });
  nghttp2_session_callbacks_set_send_data_callback(
      made, [](nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* head, std::size_t size,
               nghttp2_data_source*,
               void* user) { return of(user).send_data(frame->hd.stream_id, {head, 9}, size); });
  return made;
}

nghttp2_option* Http2Session::Impl::make_options() {
  nghttp2_option* made = nullptr;
  nghttp2_option_new(&made);
  nghttp2_option_set_no_auto_window_update(made, 1);
  nghttp2_option_set_no_closed_streams(made, 1);
  // nghttp2 counts each time that it looks for one: a head that comes byte by byte nine times. We
  // count frames.
  nghttp2_option_set_max_continuations(made, 10 * kHttp2ContinuationsMax);
  nghttp2_option_set_builtin_recv_extension_type(made, NGHTTP2_PRIORITY_UPDATE);
  return made;
}

Http2Session::Impl::Impl(Http2User& told) : user(told) {
  static nghttp2_session_callbacks* const kCallbacks = make_callbacks();
  static nghttp2_option* const kOptions = make_options();
  nghttp2_session_server_new2(&session, kCallbacks, this, kOptions);
  const std::array<nghttp2_settings_entry, 4> settings{{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kHttp2StreamsMax},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kHttp2StreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, kHeadBytesMax},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kHttp2UploadWindow);
}

// --- the session ---

Http2Session::Http2Session(Http2User& user) : impl_(std::make_unique<Impl>(user)) {}
Http2Session::~Http2Session() = default;

void Http2Session::receive(ByteView bytes, Steady now) {
  impl_->now = now;
  while (!bytes.empty() && !impl_->dead && impl_->fault == Http2Fault::None) {
    // nghttp2 does not tell of frames that it ignores: each is looked at before it.
    std::optional<Http2Fault> spent;
    const std::size_t size =
        impl_->frames.read(bytes.first(std::min(bytes.size(), kHttp2SliceBytes)),
                           [&](const FrameHead& head) { return !(spent = impl_->spend(head)); });
    const ByteView slice = bytes.first(size);
    bytes = bytes.subspan(slice.size());
    const ssize_t taken = nghttp2_session_mem_recv(impl_->session, slice.data(), slice.size());
    if (nghttp2_session_get_outbound_queue_size(impl_->session) > kHttp2QueueMax) {
      impl_->fault_is(Http2Fault::Controls);
    }
    if (spent) impl_->fault_is(*spent);
    if (taken >= 0) continue;
    impl_->dead = true;
    if (taken == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS) impl_->fault_is(Http2Fault::Headers);
    if (taken == NGHTTP2_ERR_FLOODED) impl_->fault_is(Http2Fault::Controls);
    impl_->fault_is(Http2Fault::Protocol);
  }
}

std::size_t Http2Session::waiting(StreamId id) const {
  const Http2Stream* stream = impl_->find(id);
  return stream != nullptr ? stream->waiting : 0;
}

bool Http2Session::blocked(StreamId id) const {
  return waiting(id) > 0 &&
         (nghttp2_session_get_remote_window_size(impl_->session) <= 0 ||
          nghttp2_session_get_stream_remote_window_size(impl_->session, id) <= 0);
}

std::uint64_t Http2Session::sent(StreamId id) const {
  const Http2Stream* stream = impl_->find(id);
  return stream != nullptr ? stream->sent : 0;
}

void Http2Session::announce_end() { nghttp2_submit_shutdown_notice(impl_->session); }

void Http2Session::end() {
  const std::int32_t last = nghttp2_session_get_last_proc_stream_id(impl_->session);
  nghttp2_submit_goaway(impl_->session, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0);
}

void Http2Session::end_for(Http2Fault fault) { impl_->fault_is(fault); }

std::size_t Http2Session::streams() const { return impl_->streams.size(); }
bool Http2Session::head_open() const { return impl_->open_block != 0; }
Http2Fault Http2Session::fault() const { return impl_->fault; }
bool Http2Session::over() const {
  const bool wants_read = !impl_->dead && nghttp2_session_want_read(impl_->session) != 0;
  return !wants_read && nghttp2_session_want_write(impl_->session) == 0;
}

}  // namespace butai::net
