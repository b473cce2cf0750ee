#include "net/curl_url.h"

#include "net/address.h"

namespace butai::net {

std::string url_part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
  const CurlOwned<void> owned(text, curl_free);
  return text;
}

bool is_loopback(const std::string& host) {
  const auto address = Address::parse(host);
  return host == "localhost" || host == "[::1]" || (address && address->loopback());
}

}  // namespace butai::net
