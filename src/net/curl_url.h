// What libcurl's parser says of an address, for whoever asks others through libcurl.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

namespace butai::net {

template <class T>
using CurlOwned = std::unique_ptr<T, void (*)(T*)>;

std::string url_part(CURLU* url, CURLUPart part);  // empty: it has none
bool is_loopback(const std::string& host);         // as it stands in an address: 127.0.0.1, [::1]

}  // namespace butai::net
