// What `butai doctor` found: one line per check; the worst verdict is the exit status.
// Thread: the main thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace butai::app {

enum class Verdict : std::uint8_t { Good, Mind, Bad };

class DoctorReport {
 public:
  void line(Verdict verdict, std::string_view what, std::string_view found);
  int status() const { return bad_ ? 1 : 0; }

 private:
  bool bad_ = false;
};

}  // namespace butai::app
