#include "delivery/document.h"

#include <fmt/format.h>

#include <algorithm>

#include "delivery/gzip.h"
#include "delivery/limits.h"
#include "net/text.h"

namespace butai::delivery {
namespace {

// FNV-1a, 64 bit: enough to tell versions of one text apart.
std::uint64_t digest(std::string_view text) {
  std::uint64_t value = 0xcbf29ce484222325;
  for (const char c : text) value = (value ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
  return value;
}

bool is_refused(std::string_view weight) {
  if (weight.size() < 3 || net::lower(weight[0]) != 'q' || weight[1] != '=') return false;
  return weight.find_first_not_of("0.", 2) == std::string_view::npos;
}

}  // namespace

Coding coding_for(const net::Request& request) {
  const auto accepted = request.headers.find("Accept-Encoding");
  if (!accepted) return Coding::Plain;
  const auto takes_gzip = [](std::string_view member) {
    const std::size_t mark = std::min(member.find(';'), member.size());
    const std::string_view weight = net::trimmed(member.substr(std::min(mark + 1, member.size())));
    return net::equal_without_case(net::trimmed(member.substr(0, mark)), "gzip") &&
           !is_refused(weight);
  };
  const bool gzip = std::ranges::any_of(net::list_members(*accepted), takes_gzip);
  return gzip ? Coding::Gzip : Coding::Plain;
}

Document::Document(std::string_view type, std::string_view text, std::string_view variant)
    : type_(type),
      variant_(variant),
      tag_(fmt::format("{:016x}", digest(text))),
      plain_(Bytes::copy_of(text)) {}

const net::ReadyAnswerPtr& Document::in(const Form& form) {
  const bool reload = form.life == Life::Reload;
  auto& answer = answers_[(form.coding == Coding::Gzip ? 1u : 0u) + (reload ? 2u : 0u) +
                          (form.right == Right::Bearer ? 4u : 0u)];
  if (!answer) answer = make(form);
  return answer;
}

net::ReadyAnswerPtr Document::make(const Form& form) {
  const bool packed = form.coding == Coding::Gzip;
  if (packed && packed_.empty()) packed_ = gzip(plain_.text());
  net::Response response;
  response.headers.add("Content-Type", type_);
  if (packed) response.headers.add("Content-Encoding", "gzip");
  response.headers.add("Vary", "Accept-Encoding");
  response.headers.add("ETag", fmt::format("\"{}{}\"", tag_, packed ? "-gzip" : ""));
  response.headers.add("Cache-Control", cache_control(form.life, form.right));
  response.headers.add("Priority", kPlaylistPriority);
  response.body.push_back(packed ? packed_ : plain_);
  return std::make_shared<net::ReadyAnswer>(std::move(response));
}

}  // namespace butai::delivery
