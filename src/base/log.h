// Structured logs: one line per thing that happened, text on a terminal, JSON otherwise.
//   log::info("publisher connected", {{"channel", name}, {"input", "a"}});
// Secrets never go in: tokens, keys, passwords, addresses with tokens in their path.
// Thread: any.
#pragma once

#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <string_view>

namespace butai::log {

// A named value of a log line; numbers and text alike.
struct Field {
  template <class T>
  Field(std::string_view n, const T& v) : name(n), value(fmt::format("{}", v)) {}
  std::string_view name;
  std::string value;
};
using Fields = std::initializer_list<Field>;

enum class Format { Text, Json };
enum class Level { Debug, Info, Warning, Error };

// Once, before the first line. Lines go to standard error.
void start(Format format, Level lowest);

void debug(std::string_view what, Fields fields = {});
void info(std::string_view what, Fields fields = {});
void warning(std::string_view what, Fields fields = {});
void error(std::string_view what, Fields fields = {});

}  // namespace butai::log
