// AMF0 values: RTMP's commands and metadata.
// Flow:   message payload -> decode_amf0 -> a session; answers -> encode_amf0 -> message payload
// Thread: pure functions, any.
// Limits: kAmfBytesMax, kAmfDepthMax, kAmfElementsMax; counts that a peer announces allocate nothing.
// Spec:   Action Message Format AMF 0 (2007). References, typed objects of AMF3 and movie clips are
//         refused: encoders send none.
#pragma once

#include <cstdint>
#include <expected>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace butai::ingest::rtmp {

struct Amf0Member;

struct Amf0Value {
  enum class Kind : std::uint8_t {
    Null,
    Undefined,
    Number,
    Boolean,
    Text,
    Object,
    EcmaArray,    // an object that calls itself an array
    StrictArray,  // members without names
    Date,         // number: milliseconds of UTC
  };
  Kind kind = Kind::Null;
  double number = 0;  // Number, Date; Boolean: 0 or 1
  std::string text;
  std::vector<Amf0Member> members;

  // Out of line: Amf0Member is not complete here.
  Amf0Value();
  Amf0Value(double value);            // NOLINT(google-explicit-constructor): a list of values reads
  Amf0Value(std::string_view value);  // NOLINT(google-explicit-constructor): like what is sent
  Amf0Value(const char* value);       // NOLINT(google-explicit-constructor)
  Amf0Value(const Amf0Value& other);
  Amf0Value(Amf0Value&& other) noexcept;
  Amf0Value& operator=(const Amf0Value& other);
  Amf0Value& operator=(Amf0Value&& other) noexcept;
  ~Amf0Value();
  static Amf0Value boolean(bool value);
  static Amf0Value object(std::initializer_list<Amf0Member> members);

  // A member's value, or null: of Object and EcmaArray only.
  const Amf0Value* find(std::string_view name) const;
  // Empty, or 0, when it is of another kind.
  std::string_view text_of(std::string_view name) const;
  double number_of(std::string_view name) const;
};

struct Amf0Member {
  std::string name;
  Amf0Value value;
};
bool operator==(const Amf0Value& a, const Amf0Value& b);
bool operator==(const Amf0Member& a, const Amf0Member& b);

enum class Amf0Error : std::uint8_t { Truncated, TooLarge, TooDeep, TooMany, UnknownType };
std::string_view sentence(Amf0Error error);

using Amf0Values = std::vector<Amf0Value>;
// All values of a message. A message that ends inside one is refused as a whole.
std::expected<Amf0Values, Amf0Error> decode_amf0(ByteView bytes);
std::vector<std::uint8_t> encode_amf0(const Amf0Values& values);

}  // namespace butai::ingest::rtmp
