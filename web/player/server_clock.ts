// The server's UTC as seen from here: one short measurement against GET /time, best of three.

export class ServerClock {
  private offsetMs = 0; // server minus this device

  async measure(): Promise<void> {
    let best = Infinity;
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        const asked = performance.now();
        const answer = await fetch('/time', { cache: 'no-store' });
        const text = (await answer.text()).trim();
        const roundTrip = performance.now() - asked;
        const server = Date.parse(text);
        if (!answer.ok || Number.isNaN(server)) return;
        if (roundTrip < best) {
          best = roundTrip;
          this.offsetMs = server + roundTrip / 2 - this.deviceMs();
        }
      } catch {
        return; // without it the device's own clock is used
      }
    }
  }

  // Server minus this device's clock as programs here read it.
  offsetFromDateMs(): number {
    return Math.round(this.deviceMs() + this.offsetMs - Date.now());
  }

  // Seconds of UTC.
  now(): number {
    return (this.deviceMs() + this.offsetMs) / 1000;
  }

  private deviceMs(): number {
    return performance.timeOrigin + performance.now();
  }
}
