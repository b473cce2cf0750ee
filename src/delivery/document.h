// A playlist or manifest as it is now, in every form that is asked for: plain or gzip, each with its
// own tag and its ready-made answers.
// Flow:   hls_writer, dash_writer -> here -> net::Exchange::give
// Thread: one loop.
// Spec:   RFC 9110 clauses 8.8.3 (a tag per coding) and 12.5.5 (Vary).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "delivery/caching.h"
#include "net/http.h"

namespace butai::delivery {

enum class Coding : std::uint8_t { Plain, Gzip };
Coding coding_for(const net::Request& request);

class Document {
 public:
  struct Form {
    Coding coding = Coding::Plain;
    Life life = Life::Playlist;
    Right right = Right::InAddress;
    friend bool operator==(const Form&, const Form&) = default;
  };

  // `variant`: what this text depends on beside the channel; may be empty.
  Document(std::string_view type, std::string_view text, std::string_view variant = {});
  const std::string& variant() const { return variant_; }
  // Made when first asked for.
  const net::ReadyAnswerPtr& in(const Form& form);

 private:
  net::ReadyAnswerPtr make(const Form& form);

  std::string type_;
  std::string variant_;
  std::string tag_;  // the same on every node that writes the same text
  Bytes plain_;
  Bytes packed_;  // empty until asked for
  std::array<net::ReadyAnswerPtr, 8> answers_;
};

}  // namespace butai::delivery
