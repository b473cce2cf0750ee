import { describe, expect, it } from 'vitest';
import { LiveEdge } from './live_edge';

// A player in numbers: pictures arrive every `everyMs`, `late(ms)` says how late; time runs by itself.
class Playback {
  nowMs = 0;
  private playhead: number; // seconds; media that arrives now is `nowMs / 1000`
  rate = 1;
  jumps = 0;
  worst = Infinity;

  constructor(
    readonly edge: LiveEdge,
    behind: number,
    private readonly late: (nowMs: number) => number = () => 0,
  ) {
    this.playhead = -behind;
    edge.began(0);
  }

  run(seconds: number, everyMs = 33): this {
    for (const end = this.nowMs + seconds * 1000; this.nowMs < end; this.nowMs += everyMs) {
      this.playhead += (everyMs / 1000) * this.rate;
      const ahead = (this.nowMs - this.late(this.nowMs)) / 1000 - this.playhead;
      this.worst = Math.min(this.worst, ahead);
      this.edge.observe(this.nowMs, ahead);
      const { rate, jump } = this.edge.decide(this.nowMs);
      this.rate = rate;
      if (jump) {
        this.jumps++;
        this.playhead = this.nowMs / 1000 - this.edge.target;
      }
    }
    return this;
  }

  behind(): number {
    return this.nowMs / 1000 - this.playhead;
  }
}

describe('LiveEdge', () => {
  it('plays at normal speed when it is where it should be', () => {
    const playback = new Playback(new LiveEdge(0.2), 0.2).run(5);
    expect(playback.rate).toBe(1);
    expect(playback.jumps).toBe(0);
  });

  it('catches up by speed alone, never by more than 5 %', () => {
    const playback = new Playback(new LiveEdge(0.2), 0.6);
    for (let i = 0; i < 15; i++) {
      playback.run(1);
      expect(playback.rate).toBeGreaterThanOrEqual(0.95);
      expect(playback.rate).toBeLessThanOrEqual(1.05);
    }
    expect(playback.jumps).toBe(0);
    expect(playback.behind()).toBeLessThan(0.3);
  });

  it('slows down when too little is in hand', () => {
    const playback = new Playback(new LiveEdge(0.4), 0.1).run(1);
    expect(playback.rate).toBeLessThan(1);
    expect(playback.run(10).behind()).toBeGreaterThan(0.3);
  });

  it('jumps once when far behind', () => {
    const playback = new Playback(new LiveEdge(0.2), 5).run(10);
    expect(playback.jumps).toBe(1);
    expect(playback.behind()).toBeLessThan(0.35);
  });

  it('jumps back when everything that arrives is too late', () => {
    const playback = new Playback(new LiveEdge(0.2), -1).run(3);
    expect(playback.jumps).toBe(1);
    expect(playback.behind()).toBeGreaterThan(0.1);
  });

  it('keeps its reserve under bursts: what counts is the least in hand', () => {
    const burst = (nowMs: number) => nowMs % 200; // pictures wait for the next multiple of 200 ms
    const playback = new Playback(new LiveEdge(0.2), 0.4, burst).run(20);
    playback.worst = Infinity;
    playback.run(10);
    expect(playback.worst).toBeGreaterThan(0.1);
  });

  it('asks for more after a stall and for less after a calm time', () => {
    const edge = new LiveEdge(0.2);
    edge.began(0);
    edge.stalled(1000);
    const more = edge.target;
    expect(more).toBeGreaterThan(0.3);
    for (let i = 0; i < 20; i++) edge.stalled(1000 + 2000 * i);
    expect(edge.target).toBeLessThanOrEqual(2);
    const playback = new Playback(edge, edge.target).run(120);
    expect(edge.target).toBeLessThan(2);
    expect(playback.jumps).toBe(0);
  });

  it('says nothing before anything was observed', () => {
    expect(new LiveEdge().decide(0)).toEqual({ rate: 1, jump: false });
  });

  it('only jumps where the speed must stay', () => {
    const steady = new LiveEdge();
    steady.keepRate();
    const playback = new Playback(steady, 1.2);
    playback.run(1);
    expect(playback.jumps).toBe(1);
    expect(playback.rate).toBe(1);
    expect(playback.behind()).toBeCloseTo(steady.target, 1);
  });
});
