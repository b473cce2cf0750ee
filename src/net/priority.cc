#include "net/priority.h"

#include "net/text.h"

namespace butai::net {

Priority parse_priority(std::string_view field) {
  Priority priority;
  for (std::string_view member : list_members(field)) {
    member = trimmed(member.substr(0, member.find(';')));  // parameters mean nothing here
    if (member.size() == 3 && member.starts_with("u=") && member[2] >= '0' && member[2] <= '7') {
      priority.urgency = member[2] - '0';
    } else if (member == "i" || member == "i=?1") {
      priority.incremental = true;
    } else if (member == "i=?0") {
      priority.incremental = false;
    }
  }
  return priority;
}

Priority merge(const Priority& request, const Priority& answer) {
  return {.urgency = answer.urgency ? answer.urgency : request.urgency,
          .incremental = answer.incremental ? answer.incremental : request.incremental};
}

}  // namespace butai::net
