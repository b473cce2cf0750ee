// How a command fails: one sentence on standard error that says what to do.
#pragma once

#include <cstdio>
#include <string>

namespace butai::app {

inline int fail(const std::string& sentence) {
  std::fprintf(stderr, "butai: %s\n", sentence.c_str());
  return 1;
}

}  // namespace butai::app
