// Whatever a name server says: no more text comes out than bytes went in, and nothing is read beyond them.
#include <arpa/nameser.h>

#include <cstdlib>

#include "mail/dns_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  for (const int type : {ns_t_txt, ns_t_mx}) {
    const auto records = butai::mail::records_in({bytes, size}, type);
    if (!records) continue;
    if (size < NS_HFIXEDSZ || records->size() > size / NS_RRFIXEDSZ) std::abort();
    for (const auto& text : *records) {
      if (text.size() > size) std::abort();
    }
  }
  return 0;
}
