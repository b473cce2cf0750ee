#include "net/body_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <utility>

#include "net/limits.h"

namespace butai::net {

std::shared_ptr<const BodyFile> BodyFile::make(std::span<const Bytes> body) {
  const int fd = ::memfd_create("butai body", MFD_CLOEXEC);
  if (fd < 0) return nullptr;
  std::size_t size = 0;
  for (const Bytes& piece : body) size += piece.size();
  auto file = std::make_shared<const BodyFile>(fd, size);
  for (const Bytes& piece : body) {
    const ssize_t written = ::write(fd, piece.data(), piece.size());
    if (written != static_cast<ssize_t>(piece.size())) return nullptr;
  }
  return file;
}

BodyFile::~BodyFile() { ::close(fd_); }

std::shared_ptr<const BodyFile> BodyFiles::of(BodyFileUse& use, std::span<const Bytes> body,
                                              std::size_t size) {
  if (size < kBodyFileBytesMin) return nullptr;
  if (auto file = use.file.lock()) return file;
  if (++use.asked < kBodyFileAsked) return nullptr;
  use.asked = 0;
  auto file = BodyFile::make(body);
  if (!file) return nullptr;
  use.file = file;
  if (kept_.size() >= kBodyFilesMax) kept_.pop_front();
  kept_.push_back(file);
  return file;
}

}  // namespace butai::net
