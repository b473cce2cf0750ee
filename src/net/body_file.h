// A body in memory that the kernel can send from without copying it (a memfd), and the few of a loop
// that are worth one.
// Flow:   Http1Connection::give -> BodyFiles -> Transport::send
// Thread: one loop.
// Limits: kBodyFileBytesMin, kBodyFileAsked, kBodyFilesMax.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <span>

#include "base/bytes.h"

namespace butai::net {

class BodyFile {
 public:
  // Null: the kernel gives none; then the body is sent from memory as ever.
  static std::shared_ptr<const BodyFile> make(std::span<const Bytes> body);
  BodyFile(int fd, std::size_t size) : fd_(fd), size_(size) {}
  ~BodyFile();
  BodyFile(const BodyFile&) = delete;
  BodyFile& operator=(const BodyFile&) = delete;

  int fd() const { return fd_; }
  std::size_t size() const { return size_; }

 private:
  int fd_;
  std::size_t size_;
};

// What one answer knows of its file.
struct BodyFileUse {
  std::weak_ptr<const BodyFile> file;
  int asked = 0;  // since it had none
};

class BodyFiles {
 public:
  // Null: not asked for often enough, or too small. When there are too many, the oldest goes; who
  // still sends it keeps it.
  std::shared_ptr<const BodyFile> of(BodyFileUse& use, std::span<const Bytes> body,
                                     std::size_t size);

 private:
  std::deque<std::shared_ptr<const BodyFile>> kept_;
};

}  // namespace butai::net
