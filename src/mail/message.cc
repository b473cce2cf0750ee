#include "mail/message.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "mail/limits.h"
#include "net/text.h"
#include "net/utf8.h"

namespace butai::mail {
namespace {

// One line of valid UTF-8, not too long, whatever it was.
std::string line_of(std::string_view text, std::size_t bytes_max) {
  std::string line(text.substr(0, bytes_max));
  // A cut may fall inside a character.
  for (int i = 0; i < 3 && !net::is_utf8(line) && !line.empty(); ++i) line.pop_back();
  if (!net::is_utf8(line)) {
    std::ranges::replace_if(line, [](unsigned char c) { return c >= 0x80; }, '?');
  }
  std::ranges::replace_if(line, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return line;
}

std::size_t character_size(unsigned char first) {
  return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

bool is_plain_header(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c < 0x7f; }) &&
         !text.contains("=?") && text.size() <= 60;
}

std::string name_of(const Sender& sender) {
  if (sender.name.empty()) return sender.address.text();
  std::string name = encoded_words(sender.name);
  if (name == sender.name) {  // plain: a quoted string, so that commas and dots are no syntax
    std::string quoted = "\"";
    for (const char c : name) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    name = quoted + "\"";
  }
  return fmt::format("{} <{}>", name, sender.address.text());
}

std::string date_of(Utc date) {
  // Names are English whatever the locale (RFC 5322 section 3.3).
  constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto tm =
      fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::floor<Seconds>(date)));
  return fmt::format("{}, {} {} {} {:02}:{:02}:{:02} +0000", kDays[tm.tm_wday], tm.tm_mday,
                     kMonths[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

}  // namespace

std::string encoded_words(std::string_view text) {
  if (is_plain_header(text)) return std::string(text);
  constexpr std::size_t kBytesOfWord = 42;  // 56 characters of base64 and =?UTF-8?B??= around them
  std::string words;
  std::string piece;
  const auto close = [&] {
    if (piece.empty()) return;
    words +=
        fmt::format("{}=?UTF-8?B?{}?=", words.empty() ? "" : "\r\n ", net::base64(as_bytes(piece)));
    piece.clear();
  };
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = character_size(static_cast<unsigned char>(text[i]));
    if (piece.size() + size > kBytesOfWord) close();
    piece += text.substr(i, size);
    i += size;
  }
  close();
  return words;
}

std::string quoted_printable(std::string_view text) {
  std::string out;
  std::size_t column = 0;
  const auto put = [&](std::string_view piece) {
    if (column + piece.size() > kLineBytesMax - 1) {
      out += "=\r\n";
      column = 0;
    }
    out += piece;
    column += piece.size();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '\n') {
      out += "\r\n";
      column = 0;
      continue;
    }
    const bool ends_line = i + 1 == text.size() || text[i + 1] == '\n';
    const bool literal = (c > 0x20 && c < 0x7f && c != '=') || (c == ' ' && !ends_line);
    put(literal ? std::string(1, static_cast<char>(c)) : fmt::format("={:02X}", c));
  }
  return out;
}

std::optional<std::string> from_quoted_printable(std::string_view text) {
  const auto hex = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r') {
      if (text.substr(i, 2) != "\r\n") return std::nullopt;
      out += '\n';
      ++i;
    } else if (text[i] != '=') {
      out += text[i];
    } else if (text.substr(i, 3) == "=\r\n") {
      i += 2;
    } else {
      if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return std::nullopt;
      out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
      i += 2;
    }
  }
  return out;
}

std::string write_message(const Message& message) {
  std::string body = quoted_printable(message.body);
  if (!body.ends_with("\r\n")) body += "\r\n";
  return fmt::format(
      "Date: {}\r\n"
      "From: {}\r\n"
      "To: {}\r\n"
      "Subject: {}\r\n"
      "Message-ID: <{}@{}>\r\n"
      "Auto-Submitted: auto-generated\r\n"
      "Content-Language: {}\r\n"
      "MIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n"
      "\r\n{}",
      date_of(message.date), name_of(message.from), message.to.text(),
      encoded_words(line_of(message.subject, kSubjectBytesMax)), message.id,
      message.from.address.domain, message.language, body);
}

}  // namespace butai::mail
