// What every way of playing offers to the watch page, whatever it does inside.

import type { ServerClock } from './server_clock';
import type { Play, RenditionInfo } from '../server/plays';
import type { CaptionTrack } from './captions';
import type { Quality } from './quality';
import type { Heard, SoundTrack } from './sounds';

export type PlayerName = 'ws' | 'hls' | 'dash' | 'native' | 'jpeg';

export type State =
  | 'connecting'
  | 'waiting' // connected, no picture yet
  | 'playing'
  | 'gap' // the picture stopped and is expected back
  | 'ended'
  | 'token' // a token is needed, or the one given is not good
  | 'refused' // valid, but not allowed
  | 'elsewhere' // playing on another device
  | 'missing' // no such channel
  | 'ticket' // no ticket for this performance
  | 'early' // doors are closed yet
  | 'places' // as many devices as the ticket allows are playing
  | 'revoked' // the ticket was refunded or taken back
  | 'full'
  | 'locked' // protected, and this browser has none of the key systems
  | 'unlicensed' // no license came, or it does not fit; asked for again
  | 'screen' // the key system does not trust this screen, or the cable to it
  | 'unsupported'; // this browser cannot

// Of those, what keys and their systems are to blame for.
export type KeyTrouble = 'locked' | 'unlicensed' | 'screen';
export const keyTrouble = (state: State): KeyTrouble | null =>
  state === 'locked' || state === 'unlicensed' || state === 'screen' ? state : null;

const kWithoutPicture = new Set<State>(['connecting', 'waiting', 'gap']);

// What to say of `state` when `trouble` keeps the picture away and is expected to pass.
export const told = (state: State, trouble: State | null): State =>
  trouble !== null && kWithoutPicture.has(state) ? trouble : state;

export interface Stats {
  player: PlayerName;
  state: State;
  latencySeconds: number | null;
  medianLatencySeconds: number | null;
  decodedFrames: number;
  droppedFrames: number;
  gaps: number;
  bitrate: number; // bits per second
  currentTime: number;
  bufferSeconds: number;
  width: number;
  height: number;
  keySystem?: string | null; // of Encrypted Media Extensions, where something protected plays
}

export interface PlayerHooks {
  changed(state: State): void;
  slate(shown: boolean): void;
  // A fresh play, e.g. after the old address was refused. Rejects with a Refusal.
  renew(): Promise<Play>;
  // The element has something to show from now on: time to call play().
  ready(): void;
  // What there is to read; again whenever it changes.
  captions(tracks: CaptionTrack[]): void;
  // Which sounds there are, where there are two to choose from; again whenever it changes.
  sounds(tracks: SoundTrack[]): void;
}

export interface Player {
  start(): Promise<void>;
  stop(): void;
  stats(): Stats;
  toLive(): void;
  keepRate(): void; // from now on only jumps, no other speed
  // The viewer's wish, and what there is to choose from; where it cannot be followed nothing happens.
  choose(quality: Quality, renditions: RenditionInfo[]): void;
  hear(sound: Heard): void; // whether it is there or not yet
  read(captions: string | null): void; // the id of a CaptionTrack; null: none
}

export interface Stage {
  video: HTMLVideoElement;
  canvas: HTMLCanvasElement;
  clock: ServerClock;
  play: Play;
}
