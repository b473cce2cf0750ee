// One byte pipe to a peer, TCP here and TLS in transport_tls.h, with the same face.
// Flow:   socket -> on_received (borrowed bytes); send -> writev at once, and a queue of shared
//         Bytes only for what the kernel did not take; of a BodyFile nothing but where it stands.
// Thread: one loop. Callbacks never come from inside send(), pause() or drop().
// Limits: net/limits.h; the queue itself is bounded by whoever sends (unsent()).
#pragma once

#include <sys/uio.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/executor.h"
#include "net/body_file.h"
#include "net/descriptor.h"

namespace prometheus {
class Counter;
}

namespace butai::net {

class Loop;

// Why nothing comes any more.
enum class End : std::uint8_t {
  Closed,  // the peer said so (FIN, close_notify); what we send may still arrive
  Broken,  // reset, TLS failure, kernel error
};

// Who uses a Transport. It may be destroyed inside any of these calls (after detach()).
class TransportUser {
 public:
  virtual void on_open() = 0;                    // connected; over TLS: handshake done
  virtual void on_received(ByteView bytes) = 0;  // valid for this call only
  virtual void on_drained() = 0;                 // unsent() fell to zero
  virtual void on_ended(End end) = 0;            // once
 protected:
  ~TransportUser() = default;
};

// Where bytes are counted; null counts nothing.
struct Traffic {
  prometheus::Counter* received = nullptr;
  prometheus::Counter* sent = nullptr;
};

class Transport : public std::enable_shared_from_this<Transport> {
 public:
  enum class Kind : std::uint8_t { Plain, Encrypted };
  Transport(Loop& loop, int fd, Traffic traffic, Kind kind = Kind::Plain);
  virtual ~Transport() = default;

  // Starts reading (and the TLS handshake). on_open comes from here or later.
  void start(TransportUser& user);
  void use(TransportUser& user) { user_ = &user; }  // hands the pipe to another protocol
  void detach() { user_ = nullptr; }

  // `head` is copied if it must wait; `pieces` are kept alive, not copied.
  void send(ByteView head, std::span<const Bytes> pieces = {});
  // The same; `file` has the bytes of `pieces` and is sent in their place where that can be.
  void send(ByteView head, std::span<const Bytes> pieces,
            const std::shared_ptr<const BodyFile>& file);
  bool takes_files() const { return plain_; }
  // From here on lag shows in unsent(); without it a whole answer goes to the kernel at once.
  void keep_little_unsent();
  std::size_t unsent() const { return file_left_ + queued_ + backlog(); }
  std::uint64_t sent_total() const { return sent_total_; }  // to see whether a peer takes anything

  // While paused at most what one recv brought is still handed over.
  void pause();
  void resume();

  // Sends what is queued, then FIN, then waits shortly for the peer's. The user is detached.
  void finish();
  // Closes at once. The user is detached.
  void drop();

  // What the handshake agreed on (ALPN), once open; empty without TLS or without an offer.
  virtual std::string_view protocol() const { return {}; }
  Loop& loop() { return loop_; }
  // After End::Broken, for a person: "connection reset", or the TLS library's reason.
  const std::string& failure() const { return failure_; }

 protected:
  virtual void begin();                                     // connected
  virtual void take(ByteView wire);                         // from the socket
  virtual std::size_t write(std::span<const iovec> views);  // bytes taken of `views`
  virtual std::size_t backlog() const { return 0; }         // taken by write(), not by the kernel
  virtual void say_goodbye() {}  // close_notify; once, after everything queued was taken

  // One send or writev; counts, and marks the transport broken. Bytes taken by the kernel.
  std::size_t to_kernel(std::span<const iovec> views, int more = 0);  // more: MSG_MORE
  void end(End how);                                                  // tells the user once, now
  void fail(std::string sentence);
  void wait_writable();  // then what is queued is written
  bool dead() const { return dead_; }
  TransportUser* user() { return user_; }

 private:
  void wait_readable(Wait wait = Wait::Level);
  void readable();
  void flush();
  bool flush_file();
  std::size_t count_sent(ssize_t count);
  void queue(ByteView head, std::span<const Bytes> pieces, std::size_t already);
  void forget(std::size_t taken);
  void drop_queue();
  void sent_all();
  void linger();

  Loop& loop_;
  Descriptor descriptor_;
  Traffic traffic_;
  const bool plain_;
  TransportUser* user_ = nullptr;
  // What waits, from queue_next_ on; the first may be partly sent: it is sliced. Without memory of
  // its own while nothing waits: thousands of these are idle.
  std::vector<Bytes> queue_;
  std::size_t queue_next_ = 0;
  std::size_t queued_ = 0;                // bytes
  std::shared_ptr<const BodyFile> file_;  // goes before the queue
  std::size_t file_left_ = 0;             // of its end
  std::uint64_t sent_total_ = 0;
  std::uint64_t sent_at_linger_ = 0;
  std::string failure_;
  TimerHandle linger_;
  bool kernel_full_ = false;  // a wait_writable is pending
  bool took_less_ = false;    // the kernel, of the last thing it was offered
  bool reading_ = false;      // a wait_readable is pending
  bool paused_ = false;
  bool finishing_ = false;
  bool goodbye_said_ = false;
  bool shut_ = false;   // our FIN is sent
  bool ended_ = false;  // the user was told
  bool dead_ = false;   // nothing more goes either way
};

}  // namespace butai::net
