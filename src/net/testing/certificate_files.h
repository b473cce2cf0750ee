// A self-signed certificate in a temporary folder, gone with the test.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "net/server.h"

namespace butai::net::testing {

class CertificateFiles {
 public:
  CertificateFiles()
      : folder_(std::filesystem::temp_directory_path() /
                fmt::format("butai-net-test-{}", ::getpid())) {
    std::filesystem::create_directories(folder_);
    files = {folder_ / "certificate.pem", folder_ / "key.pem"};
  }
  ~CertificateFiles() { std::filesystem::remove_all(folder_); }
  void make(const std::vector<std::string>& names = {"localhost", "127.0.0.1"}) const {
    const auto made = make_self_signed(files, names);
    if (!made) throw std::runtime_error(made.error().sentence);
  }
  std::string pin() const { return certificate_fingerprint(files.certificate).value(); }
  TlsFiles files;

 private:
  std::filesystem::path folder_;
};

}  // namespace butai::net::testing
