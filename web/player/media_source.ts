// Media Source Extensions under either of their names. iPhones have only ManagedMediaSource, and it
// opens only when the element does not offer AirPlay.

type SourceMaker = { new (): MediaSource; isTypeSupported(type: string): boolean };

interface Global {
  MediaSource?: SourceMaker;
  ManagedMediaSource?: SourceMaker;
}

function maker(): SourceMaker | null {
  const global = globalThis as unknown as Global;
  return global.MediaSource ?? global.ManagedMediaSource ?? null;
}

export function hasMediaSource(): boolean {
  return maker() !== null;
}

export function canPlay(mime: string): boolean {
  return maker()?.isTypeSupported(mime) ?? false;
}

// Attaches a new source to the element and resolves when it is open.
export function openSource(video: HTMLVideoElement): Promise<MediaSource> {
  const Maker = maker();
  if (!Maker) return Promise.reject(new Error('no Media Source Extensions'));
  const source = new Maker();
  if (!(globalThis as unknown as Global).MediaSource) video.disableRemotePlayback = true;
  return new Promise((resolve) => {
    const address = URL.createObjectURL(source);
    source.addEventListener(
      'sourceopen',
      () => {
        URL.revokeObjectURL(address);
        resolve(source);
      },
      { once: true },
    );
    video.src = address;
  });
}
