#include "access/strict_json.h"

#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <set>
#include <string>
#include <vector>

#include "access/limits.h"

namespace butai::access {
namespace {

namespace json = boost::json;

// Sees every event of the parser and remembers the keys of the objects that are open.
struct KeyWatcher {
  static constexpr std::size_t max_object_size = 1024;
  static constexpr std::size_t max_array_size = 4096;
  static constexpr std::size_t max_key_size = 1024;
  static constexpr std::size_t max_string_size = 64 * 1024;

  std::vector<std::set<std::string>> open;
  std::string key;
  bool duplicate = false;

  using Error = json::error_code&;
  bool on_document_begin(Error) { return true; }
  bool on_document_end(Error) { return true; }
  bool on_object_begin(Error) {
    open.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, Error) {
    open.pop_back();
    return true;
  }
  bool on_array_begin(Error) { return true; }
  bool on_array_end(std::size_t, Error) { return true; }
  bool on_key_part(json::string_view part, std::size_t, Error) {
    key.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view rest, std::size_t, Error) {
    key.append(rest.data(), rest.size());
    duplicate = duplicate || !open.back().insert(key).second;
    key.clear();
    return true;
  }
  bool on_string_part(json::string_view, std::size_t, Error) { return true; }
  bool on_string(json::string_view, std::size_t, Error) { return true; }
  bool on_number_part(json::string_view, Error) { return true; }
  bool on_int64(std::int64_t, json::string_view, Error) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, Error) { return true; }
  bool on_double(double, json::string_view, Error) { return true; }
  bool on_bool(bool, Error) { return true; }
  bool on_null(Error) { return true; }
  bool on_comment_part(json::string_view, Error) { return true; }
  bool on_comment(json::string_view, Error) { return true; }
};

}  // namespace

std::expected<json::object, JsonFault> parse_object(std::string_view text, std::size_t depth_max) {
  json::parse_options options;
  options.max_depth = depth_max;
  json::error_code error;
  json::basic_parser<KeyWatcher> watcher(options);
  const std::size_t used = watcher.write_some(false, text.data(), text.size(), error);
  if (error || used != text.size()) return std::unexpected(JsonFault::NotAnObject);
  if (watcher.handler().duplicate) return std::unexpected(JsonFault::DuplicateMember);

  json::value value = json::parse(json::string_view(text.data(), text.size()), error, {}, options);
  if (error || !value.is_object()) return std::unexpected(JsonFault::NotAnObject);
  return std::move(value.as_object());
}

}  // namespace butai::access
