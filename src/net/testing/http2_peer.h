// The other side of an Http2Session for tests: nghttp2's client without a socket, and frames made
// by hand, right or wrong.
#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "net/exchange.h"

namespace butai::net::testing {

using Fields = std::vector<std::pair<std::string, std::string>>;

// --- frames by hand ---

inline std::string big_endian(std::uint32_t value, int bytes) {
  std::string text;
  for (int byte = bytes - 1; byte >= 0; --byte) text += static_cast<char>(value >> (8 * byte));
  return text;
}
inline std::string frame(std::uint8_t type, std::uint8_t flags, StreamId stream,
                         std::string_view payload) {
  return big_endian(static_cast<std::uint32_t>(payload.size()), 3) + static_cast<char>(type) +
         static_cast<char>(flags) + big_endian(static_cast<std::uint32_t>(stream), 4) +
         std::string(payload);
}
// The preface and empty SETTINGS: what every client sends first.
inline std::string greeting() {
  return std::string(NGHTTP2_CLIENT_MAGIC, NGHTTP2_CLIENT_MAGIC_LEN) +
         frame(NGHTTP2_SETTINGS, 0, 0, "");
}
// HPACK, literal without indexing and without Huffman; up to 126 bytes each.
inline std::string block(const Fields& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    text += '\0';
    text += static_cast<char>(name.size()) + name;
    text += static_cast<char>(value.size()) + value;
  }
  return text;
}
inline Fields get(const std::string& path) {
  return {{":method", "GET"}, {":scheme", "https"}, {":authority", "localhost"}, {":path", path}};
}
inline Fields operator+(Fields fields, const Fields& more) {
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}
enum class Last : std::uint8_t { No, Yes };
inline std::string headers(StreamId stream, const Fields& fields, Last last = Last::Yes) {
  const int flags = NGHTTP2_FLAG_END_HEADERS | (last == Last::Yes ? NGHTTP2_FLAG_END_STREAM : 0);
  return frame(NGHTTP2_HEADERS, static_cast<std::uint8_t>(flags), stream, block(fields));
}
inline std::string rst(StreamId stream) {
  return frame(NGHTTP2_RST_STREAM, 0, stream, big_endian(NGHTTP2_CANCEL, 4));
}
inline std::string window_update(StreamId stream, std::uint32_t increment) {
  return frame(NGHTTP2_WINDOW_UPDATE, 0, stream, big_endian(increment, 4));
}

// --- a client ---

class Http2Peer {
 public:
  struct Answer {
    int status = 0;
    std::map<std::string, std::string> fields;
    std::string body;
    bool ended = false;       // closed, whole or not
    std::uint32_t error = 0;  // of the RST_STREAM that closed it
  };

  // `window`: what each answer may send before this side asks for more.
  explicit Http2Peer(std::uint32_t window = 65'535) {
    nghttp2_session_callbacks* calls = nullptr;
    nghttp2_session_callbacks_new(&calls);
    nghttp2_session_callbacks_set_on_header_callback(calls, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(calls, on_close);
    nghttp2_session_callbacks_set_on_frame_recv_callback(calls, on_frame);
    nghttp2_session_client_new(&session_, calls, this);
    nghttp2_session_callbacks_del(calls);
    const std::array settings{nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window},
                              nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  }
  ~Http2Peer() { nghttp2_session_del(session_); }
  Http2Peer(const Http2Peer&) = delete;
  Http2Peer& operator=(const Http2Peer&) = delete;

  StreamId ask(const Fields& fields, std::optional<std::string> body = std::nullopt) {
    std::vector<nghttp2_nv> list;
    for (const auto& [name, value] : fields) {
      list.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                      reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
                      value.size(), NGHTTP2_NV_FLAG_NONE});
    }
    nghttp2_data_provider source{};
    source.read_callback = on_read;
    const StreamId id = nghttp2_submit_request(session_, nullptr, list.data(), list.size(),
                                               body ? &source : nullptr, nullptr);
    if (body) bodies_[id] = std::move(*body);
    return id;
  }
  StreamId get(const std::string& path) { return ask(testing::get(path)); }
  void reset(StreamId id) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
  }
  void reprioritise(StreamId id, std::string_view field) {
    nghttp2_submit_priority_update(session_, NGHTTP2_FLAG_NONE, id,
                                   reinterpret_cast<const std::uint8_t*>(field.data()),
                                   field.size());
  }

  // What this side sends now.
  std::string out() {
    std::string all;
    const std::uint8_t* bytes = nullptr;
    for (ssize_t size = 0; (size = nghttp2_session_mem_send(session_, &bytes)) > 0;) {
      all += as_text({bytes, static_cast<std::size_t>(size)});
    }
    return all;
  }
  // What the server sent. False: it is no HTTP/2.
  bool in(ByteView bytes) {
    return nghttp2_session_mem_recv(session_, bytes.data(), bytes.size()) >= 0;
  }

  const Answer& answer(StreamId id) { return answers_[id]; }
  const std::optional<std::uint32_t>& goaway() const { return goaway_; }  // the last one's error
  std::int32_t upload_window() const { return nghttp2_session_get_remote_window_size(session_); }
  std::uint32_t setting(nghttp2_settings_id id) const {
    return nghttp2_session_get_remote_settings(session_, id);
  }

 private:
  static Http2Peer& of(void* user) { return *static_cast<Http2Peer*>(user); }
  static int on_header(nghttp2_session*, const nghttp2_frame* at, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void* user) {
    Answer& answer = of(user).answers_[at->hd.stream_id];
    const std::string text(as_text({value, value_size}));
    if (as_text({name, name_size}) == ":status") answer.status = std::stoi(text);
    answer.fields[std::string(as_text({name, name_size}))] = text;
    return 0;
  }
  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                     std::size_t size, void* user) {
    of(user).answers_[id].body += as_text({bytes, size});
    return 0;
  }
  static int on_close(nghttp2_session*, std::int32_t id, std::uint32_t error, void* user) {
    of(user).answers_[id].ended = true;
    of(user).answers_[id].error = error;
    return 0;
  }
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_GOAWAY) of(user).goaway_ = frame->goaway.error_code;
    return 0;
  }
  static ssize_t on_read(nghttp2_session*, std::int32_t id, std::uint8_t* out, std::size_t most,
                         std::uint32_t* flags, nghttp2_data_source*, void* user) {
    std::string& body = of(user).bodies_[id];
    const std::size_t count = body.copy(reinterpret_cast<char*>(out), most);
    body.erase(0, count);
    if (body.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(count);
  }

  nghttp2_session* session_ = nullptr;
  std::map<StreamId, Answer> answers_;
  std::map<StreamId, std::string> bodies_;
  std::optional<std::uint32_t> goaway_;
};

}  // namespace butai::net::testing
