// What a person sees while a client runs: one line that is rewritten on a terminal, and lines that
// stay for what happened. Everything on standard error; standard output is for results.
// Thread: its owner's loop.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/time.h"

namespace butai {

class StatusLine {
 public:
  explicit StatusLine(std::FILE* out);
  ~StatusLine();  // ends the live line
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  // How often show() is worth calling.
  Millis interval() const;
  // The state now: replaces the last one on a terminal, is a line of its own elsewhere.
  void show(std::string_view state);
  // Something that happened, once; the same sentence again is not repeated until another came.
  void say(std::string_view sentence);

 private:
  void clear();

  std::FILE* out_;
  const bool terminal_;
  bool showing_ = false;
  std::string last_said_;
};

}  // namespace butai
