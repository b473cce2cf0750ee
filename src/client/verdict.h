// What a client does about a "no": which ones pass by themselves, which ones a person must mend, and
// the sentence that tells the person how.
// Thread: pure functions, any.
// Spec:   DESIGN section 5 (HTTP errors, close codes).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace butai::client {

enum class Next : std::uint8_t {
  Retry,   // after a while
  GiveUp,  // it will be the same again
  Ended,   // there is nothing more: the channel has ended
};

struct Verdict {
  Next next = Next::Retry;
  std::string sentence;
};

// Whose words to use: `butai publish` needs publish:CHANNEL, `butai watch` view:CHANNEL.
enum class Part : std::uint8_t { Publisher, Viewer };

// An upgrade or a request that was answered with `status`; 0: no answer. `said` is the detail that
// came with it.
Verdict judge_refusal(Part part, std::string_view channel, int status, std::string_view said);
// A connection that was closed with `code`.
Verdict judge_close(Part part, std::string_view channel, std::uint16_t code,
                    std::string_view reason);

}  // namespace butai::client
