// Whatever a title or an address is made of, the letter has exactly our header lines, in ASCII but for the
// address, no line too long, and its body reads back.
#include <cstdlib>

#include "base/bytes.h"
#include "mail/limits.h"
#include "mail/message.h"
#include "mail/wording.h"

namespace {

using namespace butai;
using namespace butai::mail;

void require(bool holds) {
  if (!holds) std::abort();
}

std::size_t count_lines(std::string_view text) {
  std::size_t lines = 0;
  for (std::size_t at = 0; (at = text.find('\n', at)) != text.npos; ++at) {
    require(at > 0 && text[at - 1] == '\r');
    if (at + 1 >= text.size() || text[at + 1] != ' ') ++lines;  // not a folded one
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text = as_text({bytes, size});
  constexpr std::size_t kHeaderLines = 11;  // with the empty one
  Message message;
  message.from = {std::string(text.substr(0, 40)), *parse_address("tickets@example.org")};
  message.to = *parse_address("a..b@docomo.ne.jp");
  if (const auto address = parse_address(text)) {
    message.to = *address;
    require(address->text().find_first_of("\r\n") == std::string::npos);
    require(address->local + "@" + address->domain == text);
  }
  if (const auto sender = parse_sender(text)) message.from = *sender;
  const Worded words =
      worded(Kind::Paid, "ja", {{"event", std::string(text)}, {"site", "https://x"}});
  message.subject = words.subject;
  message.body = words.body;
  message.id = "id";
  message.language = "ja";
  const std::string written = write_message(message);
  const std::size_t end = written.find("\r\n\r\n");
  require(end != written.npos);
  require(count_lines(std::string_view(written).substr(0, end + 4)) == kHeaderLines);
  const auto body = from_quoted_printable(std::string_view(written).substr(end + 4));
  require(body && *body == words.body);
  for (std::size_t from = end + 4; from < written.size();) {
    const std::size_t stop = written.find("\r\n", from);
    require(stop != written.npos && stop - from <= kLineBytesMax);
    from = stop + 2;
  }
  return 0;
}
