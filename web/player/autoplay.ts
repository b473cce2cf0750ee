// Starts an element the way browsers allow: with sound, else muted, else on a touch.

export type Started = 'sound' | 'muted' | 'blocked' | 'interrupted';

function refused(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'NotAllowedError';
}

export async function startPlaying(video: HTMLVideoElement): Promise<Started> {
  const wasMuted = video.muted;
  try {
    await video.play();
    return wasMuted ? 'muted' : 'sound';
  } catch (error) {
    if (!refused(error)) return 'interrupted'; // a new source was attached meanwhile
  }
  if (!wasMuted) {
    video.muted = true;
    try {
      await video.play();
      return 'muted';
    } catch (error) {
      video.muted = false;
      if (!refused(error)) return 'interrupted';
    }
  }
  return 'blocked';
}
