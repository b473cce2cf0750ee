#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>

namespace butai::log {
namespace {

Format g_format = Format::Text;  // set once by start(), before other threads exist

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (code < 0x20 || code == 0x7f) {
      out += fmt::format("\\u{:04x}", code);
    } else {
      out += c;
    }
  }
  out += '"';
}

// A value that carries line breaks or escape sequences must not forge a line of its own.
void append_plain(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    out += code < 0x20 || code == 0x7f ? '?' : c;
  }
}

void write(spdlog::level::level_enum level, std::string_view what, Fields fields) {
  auto* logger = spdlog::default_logger_raw();
  if (!logger->should_log(level)) return;
  std::string line;
  if (g_format == Format::Json) {
    const auto now =
        std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const auto millis = now.time_since_epoch().count();
    const std::time_t seconds = millis / 1000;
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    line = fmt::format(
        R"({{"time":"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z","level":"{}","what":)",
        utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
        millis % 1000, std::string_view(spdlog::level::to_string_view(level).data()));
    append_json_text(line, what);
    for (const Field& field : fields) {
      line += ',';
      append_json_text(line, field.name);
      line += ':';
      append_json_text(line, field.value);
    }
    line += '}';
  } else {
    append_plain(line, what);
    for (const Field& field : fields) {
      line += fmt::format("  {}=", field.name);
      append_plain(line, field.value);
    }
  }
  logger->log(level, "{}", line);
}

}  // namespace

void start(Format format, Level lowest) {
  g_format = format;
  auto logger = spdlog::stderr_logger_mt("butai");
  logger->set_pattern(format == Format::Json ? "%v" : "%H:%M:%S.%e %^%-7l%$ %v");
  constexpr spdlog::level::level_enum levels[] = {spdlog::level::debug, spdlog::level::info,
                                                  spdlog::level::warn, spdlog::level::err};
  logger->set_level(levels[static_cast<int>(lowest)]);
  spdlog::set_default_logger(std::move(logger));
}

void debug(std::string_view what, Fields fields) { write(spdlog::level::debug, what, fields); }
void info(std::string_view what, Fields fields) { write(spdlog::level::info, what, fields); }
void warning(std::string_view what, Fields fields) { write(spdlog::level::warn, what, fields); }
void error(std::string_view what, Fields fields) { write(spdlog::level::err, what, fields); }

}  // namespace butai::log
