#include "live/captions.h"

#include <algorithm>
#include <charconv>

#include "live/limits.h"

namespace butai::live {
namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_in_band(std::string_view name) {
  const bool line = name.starts_with("CC");
  if (!line && !name.starts_with("SERVICE")) return false;
  const std::string_view digits = name.substr(line ? 2 : 7);
  int number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  constexpr int kLines = 4, kServices = 63;
  return error == std::errc{} && end == digits.data() + digits.size() && number >= 1 &&
         number <= (line ? kLines : kServices);
}

}  // namespace

bool is_language(std::string_view text) {
  constexpr std::size_t kMax = 35;  // RFC 5646 clause 4.4.1
  return text.size() >= 2 && text.size() <= kMax && text.front() != '-' && text.back() != '-' &&
         std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '-'; });
}

bool add_captions(Captions& captions, std::string_view line) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) {
    if (!is_language(line) || is_in_band(line) || captions.languages.size() >= kLanguagesMax) {
      return false;
    }
    captions.languages.emplace_back(line);
    return true;
  }
  const std::string_view channel = line.substr(0, equals), language = line.substr(equals + 1);
  if (!is_in_band(channel) || !is_language(language)) return false;
  captions.in_band.push_back({std::string(channel), std::string(language)});
  return true;
}

void CueLog::add(const Cues& cues, Utc settled) {
  for (const Cue& cue : cues) {
    const bool known = std::ranges::find(languages_, cue.language) != languages_.end();
    if (!known && languages_.size() >= kLanguagesMax) continue;
    if (!known) languages_.push_back(cue.language);
    entries_.push_back({cue, settled});
  }
  std::erase_if(entries_,
                [settled](const Entry& each) { return each.cue.end + kCuesKept < settled; });
  while (entries_.size() > kCuesMax) entries_.pop_front();
}

std::vector<const Cue*> CueLog::between(std::string_view language, Utc start, Utc end) const {
  std::vector<const Cue*> found;
  for (const Entry& each : entries_) {
    const bool seen = each.cue.start < end && each.cue.end > start && each.from < end;
    if (seen && each.cue.language == language) found.push_back(&each.cue);
  }
  std::ranges::stable_sort(found, {}, &Cue::start);
  return found;
}

}  // namespace butai::live
