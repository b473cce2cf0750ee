// H.264 from a publisher. The first byte chooses the parser; what is read and written again must be
// read the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "media/captions.h"
#include "media/h264.h"

namespace {

using namespace butai;
using namespace butai::media;

void must(bool truth) {
  if (!truth) std::abort();
}

void records(ByteView input) {
  const auto config = parse_avc_config(input);
  if (const auto sps = sps_of(input)) must(sps->width >= 16 && sps->height >= 16);
  if (!config) return;
  const auto written = make_avc_config(*config);
  if (!written) return;  // its SPS cannot be read
  const auto again = parse_avc_config(*written);
  must(again && again->sps.size() == config->sps.size() && again->pps.size() == config->pps.size());
  must(make_avc_config(*again)->text() == written->text());
}

void access_units(ByteView input) {
  must((find_captions(input).services & 1) == 0);  // there is no service 0
  for (const std::size_t size : {1, 2, 3}) {
    if (const auto nals = split_lengths(input, size)) must(nals->size() <= input.size());
  }
  const auto nals = split_lengths(input);
  if (nals) must(as_text(join_lengths(*nals)) == as_text(input));
  (void)is_idr(input);
  (void)find_capture(input);
  const Utc when = utc_of(0x0000'0300'0000'0001);
  if (const auto marked = with_capture_sei(input, when)) must(find_capture(*marked).has_value());
}

void start_codes(ByteView input) {
  const NalUnits nals = split_start_codes(input);
  const Bytes written = join_start_codes(nals);
  const NalUnits again = split_start_codes(written);
  must(again.size() == nals.size());
  for (std::size_t i = 0; i < nals.size(); ++i) must(as_text(again[i]) == as_text(nals[i]));
}

void payloads(ByteView input) {
  const std::vector<std::uint8_t> escaped = escape(input);
  const std::vector<std::uint8_t> back = unescape(escaped);
  must(as_text(back) == as_text(input));
  if (const auto sps = parse_sps(input)) must(sps->width <= 8192 && sps->height <= 8192);
  if (const auto pps = parse_pps(input)) must(pps->id <= 255);
  if (const auto slice = parse_slice_start(input)) must(slice->type <= 9);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input{bytes + 1, size - 1};
  switch (bytes[0] % 4) {
    case 0:
      records(input);
      break;
    case 1:
      access_units(input);
      break;
    case 2:
      start_codes(input);
      break;
    default:
      payloads(input);
  }
  return 0;
}
