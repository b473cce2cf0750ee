#include "drm/cpix.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <pugixml.hpp>
#include <sstream>

#include "drm/limits.h"
#include "drm/text.h"

namespace butai::drm {
namespace {

using pugi::xml_node;

std::string_view local_name(const xml_node& node) {
  const std::string_view name = node.name();
  return name.substr(name.find(':') == std::string_view::npos ? 0 : name.find(':') + 1);
}

// The first child of that name, whatever its prefix.
xml_node child(const xml_node& parent, std::string_view name) {
  return parent.find_child([name](const xml_node& node) { return local_name(node) == name; });
}

template <class... Names>
xml_node descend(xml_node node, Names... names) {
  ((node = child(node, names)), ...);
  return node;
}

std::string trimmed_text(const xml_node& node) {
  const std::string_view text = node.child_value();
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

std::optional<std::string> decoded_text(const xml_node& node) {
  const auto bytes = from_base64(node.child_value());
  if (!bytes) return std::nullopt;
  return std::string(as_text(*bytes));
}

// A parser that stops at the first thing it cannot read and says which.
class Reader {
 public:
  Expected<Cpix> read(std::string_view text) {
    if (text.size() > kCpixBytesMax) return problem("the CPIX document is larger than 256 KiB");
    pugi::xml_document document;
    const auto parsed =
        document.load_buffer(text.data(), text.size(), pugi::parse_default | pugi::parse_doctype);
    if (!parsed)
      return problem(fmt::format("the CPIX document is not XML: {}", parsed.description()));
    for (const xml_node& node : document) {
      if (node.type() == pugi::node_doctype) {
        return problem("the CPIX document has a document type declaration, which is refused");
      }
    }
    const xml_node root = document.document_element();
    if (local_name(root) != "CPIX") return problem("the document is XML, but not CPIX");
    cpix_.content_id = root.attribute("contentId").value();
    cpix_.version = root.attribute("version").value();
    for (const xml_node& list : root) read_list(list);
    if (!wrong_.empty()) return problem(wrong_);
    return std::move(cpix_);
  }

 private:
  void refuse(std::string sentence) {
    if (wrong_.empty()) wrong_ = std::move(sentence);
  }

  void read_list(const xml_node& list) {
    const std::string_view name = local_name(list);
    std::size_t count = 0;
    for (const xml_node& node : list) {
      if (node.type() != pugi::node_element) continue;
      if (++count > kCpixKeysMax * 8) return refuse("the CPIX document has too many entries");
      if (name == "ContentKeyList") read_key(node);
      if (name == "DRMSystemList") read_system(node);
      if (name == "ContentKeyPeriodList") read_period(node);
      if (name == "ContentKeyUsageRuleList") read_rule(node);
      if (name == "DeliveryDataList") read_delivery(node);
    }
    if (cpix_.keys.size() > kCpixKeysMax) refuse("the CPIX document has more than 64 keys");
  }

  media::KeyId kid_of(const xml_node& node) {
    const auto kid = from_uuid(node.attribute("kid").value());
    if (!kid) refuse(fmt::format("{} has no kid that is a UUID", local_name(node)));
    return kid.value_or(media::KeyId{});
  }

  template <std::size_t N>
  std::optional<std::array<std::uint8_t, N>> exactly(std::string_view base64,
                                                     std::string_view what) {
    const auto bytes = from_base64(base64);
    if (!bytes || bytes->size() != N) {
      refuse(fmt::format("{} is not {} bytes in base64", what, N));
      return std::nullopt;
    }
    std::array<std::uint8_t, N> out;
    std::copy_n(bytes->begin(), N, out.begin());
    return out;
  }

  std::vector<std::uint8_t> any_bytes(const xml_node& node, std::string_view what) {
    auto bytes = from_base64(node.child_value());
    if (!bytes) refuse(fmt::format("{} is not base64", what));
    return std::move(bytes).value_or(std::vector<std::uint8_t>{});
  }

  void read_key(const xml_node& node) {
    if (local_name(node) != "ContentKey") return;
    CpixKey key;
    key.kid = kid_of(node);
    key.scheme = node.attribute("commonEncryptionScheme").value();
    if (const auto iv = node.attribute("explicitIV")) {
      key.explicit_iv = exactly<16>(iv.value(), "explicitIV");
    }
    const xml_node secret = descend(node, "Data", "Secret");
    if (const xml_node plain = child(secret, "PlainValue")) {
      if (const auto bytes = exactly<KeyBytes::kSize>(plain.child_value(), "a key's PlainValue")) {
        key.key = KeyBytes(*bytes);
      }
    } else if (const xml_node value =
                   descend(secret, "EncryptedValue", "CipherData", "CipherValue")) {
      key.cipher_value = any_bytes(value, "CipherValue");
      key.value_mac = any_bytes(child(secret, "ValueMAC"), "ValueMAC");
    }
    const auto same = [&key](const CpixKey& other) { return other.kid == key.kid; };
    if (std::ranges::any_of(cpix_.keys, same)) refuse("two keys have the same kid");
    cpix_.keys.push_back(std::move(key));
  }

  void read_system(const xml_node& node) {
    if (local_name(node) != "DRMSystem") return;
    CpixSystem system;
    system.kid = kid_of(node);
    const auto id = from_uuid(node.attribute("systemId").value());
    if (!id) return refuse("a DRMSystem has no systemId that is a UUID");
    system.system_id = to_uuid(*id);
    for (const xml_node& part : node) {
      const std::string_view name = local_name(part);
      if (name == "PSSH") {
        system.pssh = trimmed_text(part);
        if (!from_base64(*system.pssh)) refuse("PSSH is not base64");
      } else if (name == "ContentProtectionData") {
        system.content_protection = decoded_text(part);
        if (!system.content_protection) refuse("ContentProtectionData is not base64");
      } else if (name == "HLSSignalingData") {
        auto& target = std::string_view(part.attribute("playlist").value()) == "master"
                           ? system.hls_master
                           : system.hls_media;
        target = decoded_text(part);
        if (!target) refuse("HLSSignalingData is not base64");
      }
    }
    cpix_.systems.push_back(std::move(system));
  }

  void read_period(const xml_node& node) {
    CpixPeriod period{node.attribute("id").value(), 0};
    const std::string_view index = node.attribute("index").value();
    std::from_chars(index.data(), index.data() + index.size(), period.index);
    cpix_.periods.push_back(std::move(period));
  }

  void read_rule(const xml_node& node) {
    CpixRule rule;
    rule.kid = kid_of(node);
    rule.track_type = node.attribute("intendedTrackType").value();
    rule.period = child(node, "KeyPeriodFilter").attribute("periodId").value();
    rule.audio = !child(node, "AudioFilter").empty();
    const xml_node video = child(node, "VideoFilter");
    rule.video = !video.empty();
    if (const auto least = video.attribute("minPixels")) rule.pixels_min = least.as_uint();
    if (const auto most = video.attribute("maxPixels")) rule.pixels_max = most.as_uint();
    cpix_.rules.push_back(std::move(rule));
  }

  void read_delivery(const xml_node& node) {
    CpixDelivery delivery;
    delivery.certificate =
        trimmed_text(descend(node, "DeliveryKey", "X509Data", "X509Certificate"));
    const xml_node document = descend(node, "DocumentKey", "Data", "Secret", "EncryptedValue",
                                      "CipherData", "CipherValue");
    if (document) delivery.document_key = any_bytes(document, "the document key");
    // The schema says MACKey; the reference server of AWS writes Key.
    const xml_node method = child(node, "MACMethod");
    xml_node mac = child(method, "MACKey");
    if (!mac) mac = child(method, "Key");
    if (mac) delivery.mac_key = any_bytes(descend(mac, "CipherData", "CipherValue"), "the MAC key");
    cpix_.delivery = std::move(delivery);
  }

  Cpix cpix_;
  std::string wrong_;
};

class Writer {
 public:
  explicit Writer(const Cpix& cpix) : cpix_(cpix) {}

  std::string write() {
    pugi::xml_document document;
    xml_node root = document.append_child("cpix:CPIX");
    set(root, "xmlns:cpix", "urn:dashif:org:cpix");
    set(root, "xmlns:pskc", "urn:ietf:params:xml:ns:keyprov:pskc");
    if (cpix_.delivery) set(root, "xmlns:ds", "http://www.w3.org/2000/09/xmldsig#");
    set(root, "contentId", cpix_.content_id);
    set(root, "version", cpix_.version);
    write_delivery(root);
    write_keys(root);
    write_systems(root);
    write_periods(root);
    write_rules(root);
    std::ostringstream out;
    document.save(out, " ");
    return out.str();
  }

 private:
  static void set(xml_node& node, const char* name, const std::string& value) {
    node.append_attribute(name).set_value(value.c_str());
  }
  static void add_text(xml_node& parent, const char* name, const std::string& text) {
    xml_node node = parent.append_child(name);
    if (!text.empty()) node.text().set(text.c_str());
  }

  void write_delivery(xml_node& root) {
    if (!cpix_.delivery) return;
    xml_node delivery =
        root.append_child("cpix:DeliveryDataList").append_child("cpix:DeliveryData");
    xml_node x509 = delivery.append_child("cpix:DeliveryKey").append_child("ds:X509Data");
    add_text(x509, "ds:X509Certificate", cpix_.delivery->certificate);
  }

  void write_keys(xml_node& root) {
    xml_node list = root.append_child("cpix:ContentKeyList");
    for (const CpixKey& key : cpix_.keys) {
      xml_node node = list.append_child("cpix:ContentKey");
      set(node, "kid", to_uuid(key.kid));
      if (key.explicit_iv) set(node, "explicitIV", to_base64(*key.explicit_iv));
      if (!key.scheme.empty()) set(node, "commonEncryptionScheme", key.scheme);
      if (!key.key) continue;
      xml_node secret = node.append_child("cpix:Data").append_child("pskc:Secret");
      add_text(secret, "pskc:PlainValue", to_base64(key.key->view()));
    }
  }

  void write_systems(xml_node& root) {
    if (cpix_.systems.empty()) return;
    xml_node list = root.append_child("cpix:DRMSystemList");
    for (const CpixSystem& system : cpix_.systems) {
      xml_node node = list.append_child("cpix:DRMSystem");
      set(node, "kid", to_uuid(system.kid));
      set(node, "systemId", system.system_id);
      if (system.pssh) add_text(node, "cpix:PSSH", *system.pssh);
      if (system.content_protection) {
        add_text(node, "cpix:ContentProtectionData",
                 to_base64(as_bytes(*system.content_protection)));
      }
      const auto add_hls = [&](const std::optional<std::string>& text, const char* playlist) {
        if (!text) return;
        xml_node hls = node.append_child("cpix:HLSSignalingData");
        set(hls, "playlist", playlist);
        if (!text->empty()) hls.text().set(to_base64(as_bytes(*text)).c_str());
      };
      add_hls(system.hls_media, "media");
      add_hls(system.hls_master, "master");
    }
  }

  void write_periods(xml_node& root) {
    if (cpix_.periods.empty()) return;
    xml_node list = root.append_child("cpix:ContentKeyPeriodList");
    for (const CpixPeriod& period : cpix_.periods) {
      xml_node node = list.append_child("cpix:ContentKeyPeriod");
      set(node, "id", period.id);
      set(node, "index", std::to_string(period.index));
    }
  }

  void write_rules(xml_node& root) {
    if (cpix_.rules.empty()) return;
    xml_node list = root.append_child("cpix:ContentKeyUsageRuleList");
    for (const CpixRule& rule : cpix_.rules) {
      xml_node node = list.append_child("cpix:ContentKeyUsageRule");
      set(node, "kid", to_uuid(rule.kid));
      set(node, "intendedTrackType", rule.track_type);
      if (!rule.period.empty()) {
        xml_node filter = node.append_child("cpix:KeyPeriodFilter");
        set(filter, "periodId", rule.period);
      }
      if (rule.audio) node.append_child("cpix:AudioFilter");
      if (!rule.video) continue;
      xml_node filter = node.append_child("cpix:VideoFilter");
      if (rule.pixels_min) set(filter, "minPixels", std::to_string(*rule.pixels_min));
      if (rule.pixels_max) set(filter, "maxPixels", std::to_string(*rule.pixels_max));
    }
  }

  const Cpix& cpix_;
};

}  // namespace

Expected<Cpix> parse_cpix(std::string_view text) { return Reader().read(text); }

std::string write_cpix(const Cpix& cpix) { return Writer(cpix).write(); }

}  // namespace butai::drm
