// Text inside XML and HTML.
// Spec: XML 1.0 section 2.4.
#pragma once

#include <string>
#include <string_view>

namespace butai {

// & < > " as entities: good between tags and in quoted attributes.
std::string markup_escaped(std::string_view text);

}  // namespace butai
