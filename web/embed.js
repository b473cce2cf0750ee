// Writes the C++ source that holds the built site: node embed.js SITE_FOLDER OUTPUT.cc
// Each file becomes one .incbin, and one more of its gzip form where that is smaller.
// The table it fills is src/pages/site.h.

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';

const [folder, output] = process.argv.slice(2);
if (!folder || !output) throw new Error('usage: node embed.js SITE_FOLDER OUTPUT.cc');

const packed = join(dirname(output), 'gzip');
mkdirSync(packed, { recursive: true });

const labels = [];
function include(path, label) {
  labels.push(label);
  return `asm(R"(
  .section .rodata
  .balign 16
${label}_begin:
  .incbin "${path}"
${label}_end:
  .byte 0
  .previous
)");
`;
}

let assembly = '';
let table = '';
const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  .sort();
files.forEach((path, index) => {
  const bytes = readFileSync(path);
  const name = relative(folder, path);
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 24);
  assembly += include(path, `butai_site_${index}`);
  const gzip = gzipSync(bytes, { level: 9 });
  let zipped = 'nullptr, nullptr';
  if (gzip.length < bytes.length * 0.95) {
    const gzipPath = join(packed, `${index}.gz`);
    writeFileSync(gzipPath, gzip);
    assembly += include(gzipPath, `butai_site_${index}_gzip`);
    zipped = `butai_site_${index}_gzip_begin, butai_site_${index}_gzip_end`;
  }
  table += `    {"${name}", "${hash}", butai_site_${index}_begin, butai_site_${index}_end, ${zipped}},\n`;
});

writeFileSync(
  output,
  `// Made by web/embed.js from the built site; not kept in the repository.
#include "pages/site.h"

${assembly}
extern "C" {
${labels
  .map(
    (label) =>
      `extern const std::uint8_t ${label}_begin[];\nextern const std::uint8_t ${label}_end[];`,
  )
  .join('\n')}
}

namespace butai::pages {
namespace {
const SiteFile kFiles[] = {
${table}};
}  // namespace

std::span<const SiteFile> site_files() { return kFiles; }

}  // namespace butai::pages
`,
);
