// The boxes that tell a player how samples are encrypted.
// Flow:   cmaf_writer -> here
// Thread: pure functions, any.
// Limits: kSubsamplesMax (media/limits.h), so that a size fits saiz's byte.
// Spec:   ISO/IEC 23001-7:2023 clauses 7.2 (senc), 8.1 (pssh), 8.2 (tenc), 10.4 (cbcs),
//         ISO/IEC 14496-12:2022 clauses 8.7.8, 8.7.9 (saiz, saio), 8.12 (sinf); W3C "cenc"
//         Initialization Data Format (2023) clause 4.
#pragma once

#include <span>
#include <string_view>

#include "media/box_writer.h"
#include "media/protection.h"

namespace butai::media {

// At the end of an encv or enca entry; `original` is what it would be if it were clear.
void write_sinf(BoxWriter& out, std::string_view original, const TrackProtection& protection);

// W3C's common pssh, version 1: the key ids, and nothing of any system.
void write_common_pssh(BoxWriter& out, std::span<const KeyId> kids);

// saiz, saio and senc, at the end of the traf; `traf_end` is their distance from the moof's start.
// cbcs without subsamples (sound) has nothing to tell per sample: an empty senc alone.
void write_auxiliary(BoxWriter& out, const ChunkAuxiliary& auxiliary, std::size_t traf_end);
std::size_t auxiliary_size(const ChunkAuxiliary& auxiliary);  // bytes that write_auxiliary writes

}  // namespace butai::media
