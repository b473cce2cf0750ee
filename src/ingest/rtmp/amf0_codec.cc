#include "ingest/rtmp/amf0_codec.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

#include "ingest/rtmp/limits.h"
#include "media/byte_reader.h"

namespace butai::ingest::rtmp {
namespace {

using Kind = Amf0Value::Kind;

// Type markers, section 2.1.
constexpr std::uint8_t kNumber = 0;
constexpr std::uint8_t kBoolean = 1;
constexpr std::uint8_t kString = 2;
constexpr std::uint8_t kObject = 3;
constexpr std::uint8_t kNull = 5;
constexpr std::uint8_t kUndefined = 6;
constexpr std::uint8_t kEcmaArray = 8;
constexpr std::uint8_t kObjectEnd = 9;
constexpr std::uint8_t kStrictArray = 10;
constexpr std::uint8_t kDate = 11;
constexpr std::uint8_t kLongString = 12;
constexpr std::uint8_t kUnsupported = 13;

class Decoder {
 public:
  explicit Decoder(ByteView bytes) : reader_(bytes) {}

  std::expected<Amf0Values, Amf0Error> all() {
    Amf0Values values;
    while (reader_.left() > 0 && !error_) values.push_back(value(0));
    if (error_) return std::unexpected(*error_);
    return values;
  }

 private:
  Amf0Value fail(Amf0Error error) {
    if (!error_) error_ = error;
    return {};
  }

  Amf0Value value(int depth) {
    if (depth > kAmfDepthMax) return fail(Amf0Error::TooDeep);
    if (++elements_ > kAmfElementsMax) return fail(Amf0Error::TooMany);
    const std::uint8_t marker = reader_.u8();
    Amf0Value out = reader_.ok() ? value_of(marker, depth) : Amf0Value{};
    if (!reader_.ok()) return fail(Amf0Error::Truncated);
    return out;
  }

  Amf0Value value_of(std::uint8_t marker, int depth) {
    Amf0Value out;
    switch (marker) {
      case kNumber:
        return std::bit_cast<double>(reader_.u64());
      case kBoolean:
        return Amf0Value::boolean(reader_.u8() != 0);
      case kString:
        return as_text(reader_.bytes(reader_.u16()));
      case kLongString:
        return as_text(reader_.bytes(reader_.u32()));
      case kObject:
        out.kind = Kind::Object;
        read_members(out, depth);
        return out;
      case kEcmaArray:
        out.kind = Kind::EcmaArray;
        reader_.skip(4);  // a count that its end marker says better
        read_members(out, depth);
        return out;
      case kStrictArray:
        out.kind = Kind::StrictArray;
        for (std::uint32_t left = reader_.u32(); left > 0 && !error_; --left) {
          out.members.push_back({"", value(depth + 1)});
        }
        return out;
      case kDate:
        out.kind = Kind::Date;
        out.number = std::bit_cast<double>(reader_.u64());
        reader_.skip(2);  // the time zone: reserved
        return out;
      case kUndefined:
        out.kind = Kind::Undefined;
        return out;
      case kNull:
      case kUnsupported:
        return out;
      default:
        return fail(Amf0Error::UnknownType);
    }
  }

  void read_members(Amf0Value& out, int depth) {
    while (!error_) {
      std::string name(as_text(reader_.bytes(reader_.u16())));
      if (!reader_.ok() || reader_.left() == 0) {
        fail(Amf0Error::Truncated);
        return;
      }
      if (name.empty() && peek() == kObjectEnd) return reader_.skip(1);
      Amf0Value member = value(depth + 1);
      out.members.push_back({std::move(name), std::move(member)});
    }
  }

  std::uint8_t peek() const {
    media::ByteReader ahead = reader_;
    return ahead.u8();
  }

  media::ByteReader reader_;
  std::size_t elements_ = 0;
  std::optional<Amf0Error> error_;
};

class Encoder {
 public:
  void value(const Amf0Value& value) {
    switch (value.kind) {
      case Kind::Null:
        return marker(kNull);
      case Kind::Undefined:
        return marker(kUndefined);
      case Kind::Number:
        marker(kNumber);
        return number(value.number);
      case Kind::Boolean:
        marker(kBoolean);
        return integer(value.number != 0 ? 1 : 0, 1);
      case Kind::Text:
        return text(value.text);
      case Kind::Object:
        marker(kObject);
        return members(value);
      case Kind::EcmaArray:
        marker(kEcmaArray);
        integer(value.members.size(), 4);
        return members(value);
      case Kind::StrictArray:
        marker(kStrictArray);
        integer(value.members.size(), 4);
        for (const Amf0Member& member : value.members) this->value(member.value);
        return;
      case Kind::Date:
        marker(kDate);
        number(value.number);
        return integer(0, 2);
    }
  }
  std::vector<std::uint8_t> take() { return std::move(out_); }

 private:
  void marker(std::uint8_t marker) { out_.push_back(marker); }
  void integer(std::uint64_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
      out_.push_back(static_cast<std::uint8_t>(value >> shift));
    }
  }
  void number(double value) { integer(std::bit_cast<std::uint64_t>(value), 8); }
  void raw(std::string_view text) {
    const ByteView bytes = as_bytes(text);
    out_.insert(out_.end(), bytes.begin(), bytes.end());
  }
  void text(const std::string& text) {
    const bool is_long = text.size() > 0xffff;
    marker(is_long ? kLongString : kString);
    integer(text.size(), is_long ? 4 : 2);
    raw(text);
  }
  void members(const Amf0Value& value) {
    for (const Amf0Member& member : value.members) {
      const std::string_view name = std::string_view(member.name).substr(0, 0xffff);
      integer(name.size(), 2);
      raw(name);
      this->value(member.value);
    }
    integer(0, 2);
    marker(kObjectEnd);
  }

  std::vector<std::uint8_t> out_;
};

}  // namespace

std::string_view sentence(Amf0Error error) {
  switch (error) {
    case Amf0Error::Truncated:
      return "an AMF0 message ends inside a value";
    case Amf0Error::TooLarge:
      return "an AMF0 message is longer than 64 KiB";
    case Amf0Error::TooDeep:
      return "an AMF0 message nests deeper than 16 values";
    case Amf0Error::TooMany:
      return "an AMF0 message has more than 1024 values";
    case Amf0Error::UnknownType:
      return "an AMF0 message has a value of a type that is not taken (AMF3, a reference)";
  }
  return "the AMF0 message cannot be read";
}

Amf0Value::Amf0Value() = default;
Amf0Value::Amf0Value(double value) : kind(Kind::Number), number(value) {}
Amf0Value::Amf0Value(std::string_view value) : kind(Kind::Text), text(value) {}
Amf0Value::Amf0Value(const char* value) : Amf0Value(std::string_view(value)) {}
Amf0Value::Amf0Value(const Amf0Value& other) = default;
Amf0Value::Amf0Value(Amf0Value&& other) noexcept = default;
Amf0Value& Amf0Value::operator=(const Amf0Value& other) = default;
Amf0Value& Amf0Value::operator=(Amf0Value&& other) noexcept = default;
Amf0Value::~Amf0Value() = default;

Amf0Value Amf0Value::boolean(bool value) {
  Amf0Value out;
  out.kind = Kind::Boolean;
  out.number = value ? 1 : 0;
  return out;
}

Amf0Value Amf0Value::object(std::initializer_list<Amf0Member> members) {
  Amf0Value out;
  out.kind = Kind::Object;
  out.members = members;
  return out;
}

const Amf0Value* Amf0Value::find(std::string_view name) const {
  if (kind != Kind::Object && kind != Kind::EcmaArray) return nullptr;
  const auto found = std::ranges::find(members, name, &Amf0Member::name);
  return found == members.end() ? nullptr : &found->value;
}

std::string_view Amf0Value::text_of(std::string_view name) const {
  const Amf0Value* value = find(name);
  return value != nullptr && value->kind == Kind::Text ? std::string_view(value->text)
                                                       : std::string_view{};
}

double Amf0Value::number_of(std::string_view name) const {
  const Amf0Value* value = find(name);
  return value != nullptr && value->kind == Kind::Number ? value->number : 0;
}

bool operator==(const Amf0Value& a, const Amf0Value& b) {
  // As bits: NaN travels unchanged as well.
  return a.kind == b.kind &&
         std::bit_cast<std::uint64_t>(a.number) == std::bit_cast<std::uint64_t>(b.number) &&
         a.text == b.text && std::ranges::equal(a.members, b.members);
}

bool operator==(const Amf0Member& a, const Amf0Member& b) {
  return a.name == b.name && a.value == b.value;
}

std::expected<Amf0Values, Amf0Error> decode_amf0(ByteView bytes) {
  if (bytes.size() > kAmfBytesMax) return std::unexpected(Amf0Error::TooLarge);
  return Decoder(bytes).all();
}

std::vector<std::uint8_t> encode_amf0(const Amf0Values& values) {
  Encoder encoder;
  for (const Amf0Value& value : values) encoder.value(value);
  return encoder.take();
}

}  // namespace butai::ingest::rtmp
