#include "base/status_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace butai {
namespace {

constexpr Millis kOnTerminal{500};    // between two states of the live line
constexpr Millis kElsewhere{10'000};  // between two lines where there is no terminal

// What a server said may end on a terminal: no escape sequences.
std::string printable(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return out;
}

}  // namespace

StatusLine::StatusLine(std::FILE* out) : out_(out), terminal_(isatty(fileno(out)) != 0) {}

StatusLine::~StatusLine() {
  if (showing_) fmt::print(out_, "\n");
}

Millis StatusLine::interval() const { return terminal_ ? kOnTerminal : kElsewhere; }

void StatusLine::show(std::string_view state) {
  if (terminal_) {
    fmt::print(out_, "\r\x1b[K{}", printable(state));
    showing_ = true;
  } else {
    fmt::print(out_, "{}\n", printable(state));
  }
  std::fflush(out_);
}

void StatusLine::say(std::string_view sentence) {
  if (sentence == last_said_) return;
  last_said_ = sentence;
  clear();
  fmt::print(out_, "{}\n", printable(sentence));
  std::fflush(out_);
}

void StatusLine::clear() {
  if (!showing_) return;
  fmt::print(out_, "\r\x1b[K");
  showing_ = false;
}

}  // namespace butai
