// What went wrong, for a person: one sentence that says what to do. Used where the caller can only
// report (configuration, files, start-up). Parsers return an enum of their own folder instead.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace butai {

struct Problem {
  std::string sentence;
};

template <class T>
using Expected = std::expected<T, Problem>;

inline std::unexpected<Problem> problem(std::string sentence) {
  return std::unexpected(Problem{std::move(sentence)});
}

}  // namespace butai
