// Small files that must be whole or absent: secrets, certificates, state.
//   write_file    replaces: temporary file, fsync, rename, fsync of the folder; mode 0600
//   create_file   the same, but never replaces: of two processes exactly one creates
//   read_file     whole, with a bound
//   prepare_folder  makes the folder (0700) and proves that it can be written
// Every failure is a sentence that names the path, the reason and what to do.
// Flow:   app/ (data directory, certificates), access/ (the secret) -> here -> disk
// Thread: any that may block; never a loop.
// Limits: store/limits.h.
#pragma once

#include <cstddef>
#include <string>

#include "base/bytes.h"
#include "base/problem.h"

namespace butai::store {

enum class Created : bool { AlreadyThere, Now };

Expected<void> prepare_folder(const std::string& path);
Expected<void> write_file(const std::string& path, ByteView contents);
// AlreadyThere leaves the existing file as it is.
Expected<Created> create_file(const std::string& path, ByteView contents);
// Refuses what is larger than `bytes_max`, and what is not a regular file.
Expected<std::string> read_file(const std::string& path, std::size_t bytes_max);
bool file_exists(const std::string& path);

}  // namespace butai::store
