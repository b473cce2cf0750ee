// How loud the microphone is, many times a second, drawn without a re-render of the page.

const kFloorDb = -60;

// Peak of the samples as a share of the meter: 0 at -60 dB and below, 1 at full scale. Pure.
export function meterShare(samples: Float32Array): number {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  if (peak === 0) return 0;
  return Math.max(0, Math.min(1, 1 - (20 * Math.log10(peak)) / kFloorDb));
}

export class LevelMeter {
  private context: AudioContext | null = null;
  private frame = 0;

  constructor(private readonly draw: (share: number) => void) {}

  listen(stream: MediaStream | null): void {
    this.stop();
    if (!stream || stream.getAudioTracks().length === 0) {
      this.draw(0);
      return;
    }
    const context = new AudioContext();
    this.context = context;
    const analyser = new AnalyserNode(context, { fftSize: 1024 });
    context.createMediaStreamSource(new MediaStream(stream.getAudioTracks())).connect(analyser);
    void context.resume();
    const samples = new Float32Array(analyser.fftSize);
    let shown = 0;
    const look = () => {
      analyser.getFloatTimeDomainData(samples);
      shown = Math.max(meterShare(samples), shown - 0.02); // falls slowly, as meters do
      this.draw(shown);
      this.frame = requestAnimationFrame(look);
    };
    look();
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
    void this.context?.close();
    this.context = null;
  }
}
