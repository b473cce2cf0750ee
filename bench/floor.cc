// The floor: the least that fan-out can cost. One thread frames what is due once a flush and gives
// the one shared buffer to every viewer with one send(). No publisher, no routes, no tokens, no slow
// viewers; what a real server costs above this is what it does for its users.
//   floor PORT FLUSH_MS KBIT FPS [CERTIFICATE KEY]      0 as FLUSH_MS: at every picture
// Over TLS each connection encrypts into one scratch of the thread, which stays in the cache, and
// one send() takes it from there.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "load/instrument.h"
#include "load/material.h"
#include "media/cmaf_writer.h"
#include "net/websocket_codec.h"

using namespace butai;
using Buffer = std::shared_ptr<const std::string>;

namespace {

std::string scratch;  // ciphertext of one flush of one viewer

BIO_METHOD* scratch_bio() {
  BIO_METHOD* method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "scratch");
  BIO_meth_set_write(method, [](BIO*, const char* bytes, int size) {
    scratch.append(bytes, static_cast<std::size_t>(size));
    return size;
  });
  BIO_meth_set_ctrl(method, [](BIO*, int command, long, void*) -> long { return command == BIO_CTRL_FLUSH; });
  BIO_meth_set_create(method, [](BIO* bio) { BIO_set_init(bio, 1); return 1; });
  return method;
}

struct Viewer {
  int socket = -1;
  SSL* ssl = nullptr;
  bool watching = false;
  std::deque<Buffer> unsent;  // only while the socket is full
  std::size_t offset = 0;
};

// What the socket takes of these bytes; below 0: it is gone.
ssize_t put(int socket, std::string_view bytes) {
  const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent >= 0 ? sent : errno == EAGAIN ? 0 : -1;
}

bool flush(Viewer& viewer) {
  while (!viewer.unsent.empty()) {
    const std::string& next = *viewer.unsent.front();
    const ssize_t sent = put(viewer.socket, std::string_view(next).substr(viewer.offset));
    if (sent < 0) return false;
    viewer.offset += static_cast<std::size_t>(sent);
    if (viewer.offset < next.size()) return true;
    viewer.unsent.pop_front();
    viewer.offset = 0;
  }
  return true;
}

bool give(Viewer& viewer, const Buffer& buffer) {
  Buffer shared = buffer;
  std::string_view bytes = *buffer;
  if (viewer.ssl != nullptr) {
    scratch.clear();
    SSL_write(viewer.ssl, buffer->data(), static_cast<int>(buffer->size()));
    bytes = scratch;
  }
  std::size_t sent = 0;
  if (viewer.unsent.empty()) {
    const ssize_t taken = put(viewer.socket, bytes);
    if (taken < 0) return false;
    sent = static_cast<std::size_t>(taken);
  }
  if (sent == bytes.size()) return true;
  if (viewer.ssl != nullptr) shared = std::make_shared<std::string>(bytes);
  viewer.unsent.push_back(std::move(shared));
  if (viewer.unsent.size() == 1) viewer.offset = sent;
  return viewer.unsent.size() < 100;
}

// Handshakes and requests, and what is late; false when the viewer has gone.
bool take_input(Viewer& viewer) {
  char bytes[4096];
  const bool plain = viewer.ssl == nullptr;
  scratch.clear();
  const long got = plain ? recv(viewer.socket, bytes, sizeof bytes, MSG_DONTWAIT)
                         : SSL_read(viewer.ssl, bytes, sizeof bytes);
  if (!scratch.empty()) put(viewer.socket, scratch);
  if (got <= 0) {
    const bool patience = plain ? got < 0 && errno == EAGAIN : SSL_get_error(viewer.ssl, static_cast<int>(got)) == SSL_ERROR_WANT_READ;
    return patience && flush(viewer);
  }
  if (viewer.watching) return true;
  viewer.watching = true;
  static const auto welcome = std::make_shared<std::string>(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  return give(viewer, welcome);
}

void append(std::string& out, const Bytes& message) {
  out.append(as_text(net::frame_head(net::Opcode::Binary, message.size()).view()));
  out.append(message.text());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  load::prepare_process();
  const Micros interval = Millis{std::atoi(argv[2])};
  const load::Workload workload{static_cast<std::uint32_t>(std::atoi(argv[3])),
                                static_cast<std::uint32_t>(std::atoi(argv[4]))};
  const load::Material material(workload);
  SSL_CTX* tls = nullptr;
  if (argc > 6) {
    tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate_chain_file(tls, argv[5]);
    SSL_CTX_use_PrivateKey_file(tls, argv[6], SSL_FILETYPE_PEM);
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
  }
  BIO_METHOD* const to_scratch = scratch_bio();
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener, 4096) != 0) return 1;
  const int poll = epoll_create1(0);
  const auto watch = [poll](int socket, Viewer* viewer) {
    epoll_event event{.events = viewer == nullptr ? EPOLLIN : EPOLLIN | EPOLLOUT | EPOLLET, .data = {}};
    event.data.ptr = viewer;
    epoll_ctl(poll, EPOLL_CTL_ADD, socket, &event);
  };
  watch(listener, nullptr);
  std::deque<Viewer> viewers;
  const auto drop = [](Viewer& viewer) {
    close(viewer.socket);
    viewer.watching = false;
    viewer.socket = -1;
  };
  const std::int64_t started = load::steady_micros();
  const Utc started_utc = load::utc_now();
  std::uint64_t pictures = 0, sounds = 0;
  std::int64_t ticks = 1;
  std::uint32_t sequence = 0;
  while (true) {
    const Micros next = interval.count() > 0 ? interval * ticks : material.due(load::Kind::Picture, pictures);
    const std::int64_t wait = std::max<std::int64_t>(next.count() - (load::steady_micros() - started), 0);
    const timespec patience{.tv_sec = 0, .tv_nsec = wait * 1000};
    epoll_event events[256];
    const int count = epoll_pwait2(poll, events, 256, &patience, nullptr);
    for (int i = 0; i < count; ++i) {
      if (auto* viewer = static_cast<Viewer*>(events[i].data.ptr)) {
        if (viewer->socket >= 0 && !take_input(*viewer)) drop(*viewer);
        continue;
      }
      for (int accepted; (accepted = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
        setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        Viewer& viewer = viewers.emplace_back();
        viewer.socket = accepted;
        if (tls != nullptr) {
          viewer.ssl = SSL_new(tls);
          SSL_set_bio(viewer.ssl, BIO_new_socket(accepted, BIO_NOCLOSE), BIO_new(to_scratch));
          SSL_set_accept_state(viewer.ssl);
        }
        watch(accepted, &viewer);
      }
    }
    const Micros now{load::steady_micros() - started};
    if (now < next) continue;
    ++ticks;
    std::string batch;
    for (; material.due(load::Kind::Picture, pictures) <= now; ++pictures) {
      const media::Frame frame = material.picture(pictures, started_utc + material.due(load::Kind::Picture, pictures));
      append(batch, media::write_chunk(material.tracks()[0], {&frame, 1}, ++sequence));
    }
    for (; material.due(load::Kind::Sound, sounds) <= now; ++sounds) {
      const media::Frame frame = material.sound(sounds, started_utc + material.due(load::Kind::Sound, sounds));
      append(batch, media::write_chunk(material.tracks()[1], {&frame, 1}, ++sequence));
    }
    const auto shared = std::make_shared<const std::string>(std::move(batch));
    for (Viewer& viewer : viewers) {
      if (viewer.watching && !give(viewer, shared)) drop(viewer);
    }
  }
}
