// DASH manifests with SegmentTimeline and $Time$: every segment's address.
import { fetchOk } from './hls.mjs';

const attribute = (text, name) => new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1];

// [{type, role, language, period, init, segments: [{time, duration, timescale, uri}]}]
export function readManifest(xml, base) {
  const sets = [];
  for (const [, head, body] of xml.matchAll(/<Period([^>]*)>([\s\S]*?)<\/Period>/g)) {
    for (const [, setHead, setBody] of body.matchAll(/<AdaptationSet([^>]*)>([\s\S]*?)<\/AdaptationSet>/g)) {
      const [template] = /<SegmentTemplate[^>]*>/.exec(setBody);
      const name = attribute(/<Representation[^>]*>/.exec(setBody)[0], 'id');
      const fill = (address, time) =>
        new URL(address.replace('$RepresentationID$', name).replace('$Time$', String(time)), base).href;
      const timescale = Number(attribute(template, 'timescale'));
      const segments = [];
      let time = 0;
      for (const [s] of setBody.matchAll(/<S [^>]*\/>/g)) {
        if (attribute(s, 't') !== undefined) time = Number(attribute(s, 't'));
        const duration = Number(attribute(s, 'd'));
        for (let i = 0; i <= Number(attribute(s, 'r') ?? 0); ++i, time += duration) {
          segments.push({ time, duration, timescale, uri: fill(attribute(template, 'media'), time) });
        }
      }
      sets.push({
        type: attribute(setHead, 'contentType'),
        language: attribute(setHead, 'lang'),
        role: attribute(/<Role [^>]*>/.exec(setBody)?.[0] ?? '', 'value'),
        period: attribute(head, 'id'),
        init: fill(attribute(template, 'initialization'), 0),
        segments,
      });
    }
  }
  return sets;
}

// Init and all segments of one type, joined; of two sounds the main one, or the one with `role`.
export async function collect(url, type, options, role) {
  const { text } = await fetchOk(url, options);
  const sets = readManifest(text, url).filter((set) => set.type === type && (role ? set.role === role : set.role !== 'alternate'));
  const pieces = [(await fetchOk(sets[0].init, options)).bytes];
  for (const segment of sets.flatMap((set) => set.segments)) pieces.push((await fetchOk(segment.uri, options)).bytes);
  return Buffer.concat(pieces);
}
