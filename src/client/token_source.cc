#include "client/token_source.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "client/limits.h"

namespace butai::client {
namespace {

std::string first_line_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text(kTokenBytesMax, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  text.resize(std::min(text.find_first_of("\r\n"), text.size()));
  return text;
}

}  // namespace

TokenSource::TokenSource(std::string token, std::string file)
    : token_(std::move(token)), file_(token_.empty() ? std::move(file) : std::string()) {
  if (!file_.empty()) {
    refresh();
  } else if (token_.empty()) {
    const char* environment = std::getenv("BUTAI_TOKEN");
    if (environment != nullptr) token_ = environment;
  }
}

bool TokenSource::refresh() {
  if (file_.empty()) return false;
  std::string now = first_line_of(file_);
  if (now.empty() || now == token_) return false;  // being written, or the same
  token_ = std::move(now);
  return true;
}

net::Headers TokenSource::headers() const {
  net::Headers headers;
  if (!token_.empty()) headers.add("Authorization", "Bearer " + token_);
  return headers;
}

}  // namespace butai::client
