// The key systems whose licenses a service gives.
// Thread: a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace butai::licenses {

enum class System : std::uint8_t { Widevine, PlayReady, FairPlay };
inline constexpr std::size_t kSystems = 3;
std::string_view name_of(System system);  // widevine, playready, fairplay

}  // namespace butai::licenses
