#include "store/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace butai::store {
namespace {

// A descriptor that closes itself.
class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

std::unexpected<Problem> cannot(std::string_view verb, const std::string& path, int error) {
  std::string advice = "Check the path and its permissions.";
  if (error == EACCES || error == EPERM) {
    advice = "Give this user the right to it, or choose another data directory with --data DIR.";
  } else if (error == EROFS) {
    advice = "It is on a read-only file system; choose another data directory with --data DIR.";
  } else if (error == ENOSPC || error == EDQUOT) {
    advice = "Free some disk space there.";
  } else if (error == ENOTDIR || error == EEXIST) {
    advice = "A file stands where a folder is needed; move it, or choose another path.";
  } else if (error == ENOENT) {
    advice = "It does not exist.";
  }
  return problem(fmt::format("Cannot {} {}: {}. {}", verb, path, std::strerror(error), advice));
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

bool write_all(int descriptor, ByteView contents) {
  while (!contents.empty()) {
    const ssize_t written = ::write(descriptor, contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    contents = contents.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

// A synced temporary file beside `path`; its name, to be renamed or linked.
Expected<std::string> write_beside(const std::string& path, ByteView contents) {
  std::string name = path + ".XXXXXX";
  const File file(::mkostemp(name.data(), O_CLOEXEC));  // mkostemp makes it 0600
  if (!file) return cannot("write", path, errno);
  if (!write_all(file.get(), contents) || ::fsync(file.get()) != 0) {
    const int error = errno;
    ::unlink(name.c_str());
    return cannot("write", path, error);
  }
  return name;
}

// Without this a crash may forget the rename although the file's contents are on disk.
Expected<void> sync_folder_of(const std::string& path) {
  const std::string folder = folder_of(path);
  const File file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file || ::fsync(file.get()) != 0) return cannot("sync", folder, errno);
  return {};
}

}  // namespace

Expected<void> prepare_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(folder_of(path), error);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return cannot("make the folder", path, errno);
  }
  if (!std::filesystem::is_directory(path, error)) return cannot("use the folder", path, ENOTDIR);
  // Permissions, read-only mounts and full disks show best by trying.
  const auto probe = write_beside(path + "/.probe", as_bytes("probe"));
  if (!probe) return std::unexpected(probe.error());
  ::unlink(probe->c_str());
  return {};
}

Expected<void> write_file(const std::string& path, ByteView contents) {
  const auto temporary = write_beside(path, contents);
  if (!temporary) return std::unexpected(temporary.error());
  if (::rename(temporary->c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary->c_str());
    return cannot("write", path, error);
  }
  return sync_folder_of(path);
}

Expected<Created> create_file(const std::string& path, ByteView contents) {
  const auto temporary = write_beside(path, contents);
  if (!temporary) return std::unexpected(temporary.error());
  const int result = ::link(temporary->c_str(), path.c_str());
  const int error = errno;
  ::unlink(temporary->c_str());
  if (result != 0 && error == EEXIST) return Created::AlreadyThere;
  if (result != 0) return cannot("create", path, error);
  if (auto synced = sync_folder_of(path); !synced) return std::unexpected(synced.error());
  return Created::Now;
}

Expected<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return cannot("read", path, errno);
  struct stat facts{};
  if (::fstat(file.get(), &facts) != 0) return cannot("read", path, errno);
  if (!S_ISREG(facts.st_mode)) {
    return problem(fmt::format("Cannot read {}: it is not a regular file.", path));
  }
  std::string contents(bytes_max + 1, '\0');  // one more byte shows that there is too much
  std::size_t filled = 0;
  while (filled < contents.size()) {
    const ssize_t got = ::read(file.get(), contents.data() + filled, contents.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot("read", path, errno);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  if (filled > bytes_max) {
    return problem(fmt::format("Cannot read {}: it is larger than {} bytes.", path, bytes_max));
  }
  contents.resize(filled);
  return contents;
}

bool file_exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

}  // namespace butai::store
