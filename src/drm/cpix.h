// CPIX: the document in which an encryptor asks for keys and a key service fills them in, as SPEKE
// 2.0 uses it.
//   parse_cpix   text -> Cpix; order of elements and prefixes of namespaces do not matter
//   write_cpix   Cpix -> text that validates; an empty value that is wanted is an empty element
// Flow:   keys (SPEKE client, export) -> write_cpix; answer -> parse_cpix -> keys
// Thread: pure functions, any. pugixml is seen by cpix.cc alone.
// Limits: kCpixBytesMax, kCpixKeysMax; a document type declaration is refused, so there are no
//         entities to expand.
// Spec:   DASH-IF CPIX 2.3; AWS SPEKE API 2.0 (and 2.1 = CPIX 2.4, whose periods have times).
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/problem.h"
#include "drm/content_key.h"

namespace butai::drm {

struct CpixKey {
  media::KeyId kid{};
  std::string scheme;  // cenc, cbcs; may be empty in a document of others
  std::optional<std::array<std::uint8_t, 16>> explicit_iv;
  std::optional<KeyBytes> key;  // in clear
  // xenc:CipherValue and pskc:ValueMAC, when the key came encrypted under the document key.
  std::vector<std::uint8_t> cipher_value, value_mac;
};

// One key system's words about one key. Nothing: not wanted (request) or not given (answer). Texts
// are as players read them, not in base64.
struct CpixSystem {
  media::KeyId kid{};
  std::string system_id;            // UUID in small letters
  std::optional<std::string> pssh;  // base64 of the whole box, as it stands in a manifest
  std::optional<std::string> content_protection;
  std::optional<std::string> hls_media, hls_master;
};

struct CpixPeriod {
  std::string id;
  std::uint64_t index = 0;
};

struct CpixRule {
  media::KeyId kid{};
  std::string track_type;  // intendedTrackType: AUDIO, SD, HD, …
  std::string period;
  // Filters, as the track type says: sound, picture, and its pixels.
  bool audio = false, video = false;
  std::optional<std::uint32_t> pixels_min, pixels_max;
};

// Where encrypted keys are to be sent, and the wrapped document keys of the answer.
struct CpixDelivery {
  std::string certificate;                 // base64 of DER; in a request
  std::vector<std::uint8_t> document_key;  // wrapped
  std::vector<std::uint8_t> mac_key;       // wrapped
};

struct Cpix {
  std::string content_id;
  std::string version = "2.3";
  std::vector<CpixKey> keys;
  std::vector<CpixSystem> systems;
  std::vector<CpixPeriod> periods;
  std::vector<CpixRule> rules;
  std::optional<CpixDelivery> delivery;
};

Expected<Cpix> parse_cpix(std::string_view text);
std::string write_cpix(const Cpix& cpix);

}  // namespace butai::drm
