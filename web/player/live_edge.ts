// Decides how a player holds the live edge: a little faster when too much is in hand, a little
// slower when too little, a jump when far behind, and a larger reserve after a stall.
// The measure is the *margin*: how long before it was due a chunk arrived, the least of the last
// second, so that bursts of chunks do not look like a reserve and a camera may skip pictures.
// Pure: time and buffer come in as numbers, the decision goes out.

const kWindowMs = 1000; // margin is the minimum over this
const kRateSpan = 0.05; // playback stays within ±5 %, which nobody hears
const kGain = 0.5; // rate change per second of error
const kStartBand = 0.06; // seconds of error at which the rate leaves 1
const kStopBand = 0.02; // seconds of error at which it returns
const kJumpBehind = 1.5; // seconds above the target that are skipped, not caught up
const kJumpBehindEarly = 0.5; // the same while the viewer has just come
const kEarlyMs = 6000;
const kLate = 0.6; // seconds below the target: what arrives is too late to be shown, go back
const kLateSteady = 0.15; // the same where nothing else helps
const kSettleMs = 500; // observed so long before a jump, so that one jump does not follow another
const kTargetMin = 0.12; // seconds; about four frames
const kTargetMax = 2;
const kCalmMs = 20_000; // without a stall for so long, the reserve shrinks by a tenth

export interface Decision {
  rate: number;
  jump: boolean; // to `target` seconds before the end of what has arrived
}

export class LiveEdge {
  target: number;
  private samples: { at: number; ahead: number }[] = [];
  private adjusting = false;
  private calmSince = 0;
  private beganAt = 0;
  private stalledAt = -Infinity;
  private steady = false;

  constructor(target = 0.2) {
    this.target = target;
  }

  // Playing starts, or starts again.
  began(nowMs: number): void {
    this.beganAt = this.calmSince = nowMs;
    this.forget();
  }

  // Jumps alone, sooner: for browsers that cannot change their speed.
  keepRate(): void {
    this.steady = true;
  }

  observe(nowMs: number, ahead: number): void {
    this.samples.push({ at: nowMs, ahead });
  }

  private margin(): number | null {
    if (this.samples.length === 0) return null;
    return this.samples.reduce((least, sample) => Math.min(least, sample.ahead), Infinity);
  }

  decide(nowMs: number): Decision {
    while (this.samples[0] && this.samples[0].at < nowMs - kWindowMs) this.samples.shift();
    const margin = this.margin();
    if (margin === null) return { rate: 1, jump: false };
    if (nowMs - this.calmSince > kCalmMs) {
      this.calmSince = nowMs;
      this.target = Math.max(kTargetMin, this.target * 0.9);
    }
    const error = margin - this.target;
    const early = this.steady || nowMs - this.beganAt < kEarlyMs;
    const behind = early ? kJumpBehindEarly : kJumpBehind;
    if (
      (error > behind || error < -(this.steady ? kLateSteady : kLate)) &&
      nowMs - this.samples[0]!.at >= kSettleMs
    ) {
      this.forget();
      return { rate: 1, jump: true };
    }
    const size = Math.abs(error);
    this.adjusting = this.adjusting ? size > kStopBand : size > kStartBand;
    if (!this.adjusting || this.steady) return { rate: 1, jump: false };
    const change = Math.max(-kRateSpan, Math.min(kRateSpan, error * kGain));
    return { rate: 1 + change, jump: false };
  }

  // The picture stopped for want of bytes: keep more in hand from now on.
  stalled(nowMs: number): void {
    this.calmSince = nowMs;
    if (nowMs - this.stalledAt < kWindowMs) return; // a browser that is short stops several times
    this.stalledAt = nowMs;
    this.target = Math.min(kTargetMax, this.target * 1.5 + 0.05);
    this.forget();
  }

  // After a seek old samples say nothing.
  forget(): void {
    this.samples = [];
    this.adjusting = false;
  }
}
