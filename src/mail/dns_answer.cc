#include "mail/dns_answer.h"

#include <arpa/nameser.h>

#include <algorithm>

namespace butai::mail {
namespace {

// The texts of a TXT record: strings with a length each, one after another.
std::string text_of(const unsigned char* data, std::size_t size) {
  std::string text;
  for (std::size_t at = 0; at < size;) {
    const std::size_t length = std::min<std::size_t>(data[at], size - at - 1);
    text.append(reinterpret_cast<const char*>(data) + at + 1, length);
    at += 1 + length;
  }
  return text;
}

}  // namespace

std::optional<std::vector<std::string>> records_in(ByteView answer, int type) {
  constexpr std::size_t kAnswerMax = 65'535;  // what a message can be
  ns_msg message;
  if (answer.size() > kAnswerMax ||
      ns_initparse(answer.data(), static_cast<int>(answer.size()), &message) != 0) {
    return std::nullopt;
  }
  std::vector<std::string> found;
  for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
    ns_rr record;
    if (ns_parserr(&message, ns_s_an, i, &record) != 0 || ns_rr_type(record) != type) continue;
    found.push_back(type == ns_t_txt ? text_of(ns_rr_rdata(record), ns_rr_rdlen(record)) : "mx");
  }
  return found;
}

}  // namespace butai::mail
