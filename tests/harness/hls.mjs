// HLS as a client without patience for mistakes: reads playlists line by line, fetches everything.
import HLS from 'hls-parser';
import { until } from './wait.mjs';
import { request } from './server.mjs';

HLS.setOptions({ strictMode: true });

export async function fetchOk(url, options = {}) {
  const answer = await request(url, options);
  if (answer.status !== 200) throw new Error(`${url}: ${answer.status} ${answer.text.slice(0, 300)}`);
  return answer;
}

export const strictly = (text) => HLS.parse(text);

// "A=1,B="x,y"" -> {A: '1', B: 'x,y'}
export function attributes(text) {
  const all = {};
  for (const [, name, quoted, plain] of text.matchAll(/([A-Z0-9-]+)=(?:"([^"]*)"|([^,]*))/g)) all[name] = quoted ?? plain;
  return all;
}

// Addresses of the media playlists of a multivariant one: {video, audio, second}.
export function renditionsOf(text, base) {
  const found = {};
  const lines = text.split('\n');
  lines.forEach((line, at) => {
    if (line.startsWith('#EXT-X-MEDIA:TYPE=AUDIO')) found[found.audio ? 'second' : 'audio'] = new URL(attributes(line.slice(13)).URI, base).href;
    if (line.startsWith('#EXT-X-STREAM-INF:')) found.video = new URL(lines[at + 1], base).href;
  });
  return found;
}

// The tags of a media playlist, in order: {segments, parts, hint, reports, …}. Times are seconds.
export function readMedia(text, base) {
  const list = { tags: {}, segments: [], reports: [], ended: false, text };
  let next = { parts: [] };
  const absolute = (uri) => new URL(uri, base).href;
  for (const line of text.split('\n')) {
    const [, tag, value = ''] = /^#(EXT[A-Z0-9-]*):?(.*)$/.exec(line) ?? [];
    if (!tag) {
      if (line.trim() === '' || line.startsWith('#')) continue;
      list.segments.push({ ...next, uri: absolute(line) });
      next = { parts: [], map: next.map };
    } else if (tag === 'EXTINF') next.duration = Number.parseFloat(value);
    else if (tag === 'EXT-X-MAP') next.map = absolute(attributes(value).URI);
    else if (tag === 'EXT-X-PROGRAM-DATE-TIME') next.time = Date.parse(value) / 1000;
    else if (tag === 'EXT-X-DISCONTINUITY') next.discontinuity = true;
    else if (tag === 'EXT-X-GAP') next.gap = true;
    else if (tag === 'EXT-X-PART') {
      const part = attributes(value);
      next.parts.push({ uri: absolute(part.URI), duration: Number(part.DURATION), independent: part.INDEPENDENT === 'YES', gap: part.GAP === 'YES' });
    } else if (tag === 'EXT-X-PRELOAD-HINT') list.hint = absolute(attributes(value).URI);
    else if (tag === 'EXT-X-RENDITION-REPORT') list.reports.push({ ...attributes(value), uri: absolute(attributes(value).URI) });
    else if (tag === 'EXT-X-ENDLIST') list.ended = true;
    else list.tags[tag] = value;
  }
  list.open = next.parts.length || next.time !== undefined ? next : null; // the segment that is being made
  list.sequence = Number(list.tags['EXT-X-MEDIA-SEQUENCE'] ?? 0);
  list.target = Number(list.tags['EXT-X-TARGETDURATION']);
  list.partTarget = Number(attributes(list.tags['EXT-X-PART-INF'] ?? '')['PART-TARGET'] ?? 0);
  list.control = attributes(list.tags['EXT-X-SERVER-CONTROL'] ?? '');
  return list;
}

// A delta update applied to an earlier whole playlist, as a player does it: the whole playlist of now.
// Segments that the delta leaves out come from before, with the map that was in force.
export function applyDelta(before, delta) {
  const skip = /^#EXT-X-SKIP:SKIPPED-SEGMENTS=(\d+)\n/m.exec(delta);
  if (!skip) return delta;
  const known = splitSegments(before);
  const fresh = splitSegments(delta);
  const from = fresh.sequence - known.sequence;
  const segments = [...known.segments.slice(from, from + Number(skip[1])), ...fresh.segments];
  let map;
  const body = segments.map((segment) => {
    const line = segment.map && segment.map !== map ? segment.map : '';
    map = segment.map ?? map;
    return segment.discontinuity + line + segment.text;
  });
  return fresh.head.replace(skip[0], '').replace('#EXT-X-VERSION:9', '#EXT-X-VERSION:6') + body.join('');
}

// {head, sequence, segments: [{discontinuity, map, text}]}; the last also holds what follows the segments.
function splitSegments(text) {
  const lines = text.split(/(?<=\n)/);
  const start = lines.findIndex((line) => /^#EXT-X-(MAP|PROGRAM-DATE-TIME|DISCONTINUITY\n)/.test(line));
  const segments = [];
  let map;
  let next = { discontinuity: '', text: '' };
  for (const line of lines.slice(start)) {
    if (line.startsWith('#EXT-X-MAP:')) map = line;
    else if (line === '#EXT-X-DISCONTINUITY\n') next.discontinuity = line;
    else next.text += line;
    if (line.startsWith('#')) continue;
    segments.push({ ...next, map });
    next = { discontinuity: '', text: '' };
  }
  segments.push({ ...next, map });
  return { head: lines.slice(0, start).join(''), sequence: Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(text)[1]), segments };
}

export async function media(url, options) {
  const { text } = await fetchOk(url, options);
  return readMedia(text, url);
}

// Follows a media playlist until it has ENDLIST: the bytes of init and all segments in order.
export class Collector {
  constructor(url, options = {}) {
    this.url = url;
    this.options = options;
    this.got = new Map(); // segment address -> bytes
    this.init = null;
    this.inits = 0;
    this.discontinuities = 0;
    this.lists = [];
    this.done = this.#follow();
    this.done.catch(() => {});
  }
  async #follow() {
    for (;;) {
      const list = await media(this.url, this.options);
      this.lists.push(list);
      for (const segment of list.segments) {
        if (this.got.has(segment.uri) || segment.gap) continue;
        if (segment.map !== this.mapUri) {
          this.mapUri = segment.map;
          this.inits += 1;
          this.init ??= (await fetchOk(segment.map, this.options)).bytes;
        }
        if (segment.discontinuity) this.discontinuities += 1;
        this.got.set(segment.uri, (await fetchOk(segment.uri, this.options)).bytes);
      }
      if (list.ended) return Buffer.concat([this.init, ...this.got.values()]);
      await new Promise((next) => setTimeout(next, 300));
    }
  }
  segments(count, ms = 30_000) {
    return until(`${count} segments in ${this.url}`, () => this.got.size >= count, { within: ms });
  }
}
