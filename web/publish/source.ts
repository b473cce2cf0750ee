// Opens what is to be sent: a camera or the screen, with a microphone or without.
// Errors come out as one of the page's words, never as a browser's.

export type Kind = 'camera' | 'screen';

export interface Wish {
  kind: Kind;
  camera: string; // deviceId; empty: the browser's choice
  microphone: string; // deviceId; empty: the browser's choice; 'none': no sound
  height: number; // pixels
}

export type SourceError = 'denied' | 'notFound' | 'busy' | 'cancelled' | 'insecure' | 'other';

export interface Devices {
  cameras: MediaDeviceInfo[];
  microphones: MediaDeviceInfo[];
}

const kFramesPerSecond = 30;

export function canCapture(): boolean {
  return window.isSecureContext && !!navigator.mediaDevices;
}

export function canShareScreen(): boolean {
  return canCapture() && 'getDisplayMedia' in navigator.mediaDevices;
}

export async function devices(): Promise<Devices> {
  if (!canCapture()) return { cameras: [], microphones: [] };
  const all = await navigator.mediaDevices.enumerateDevices();
  const named = (kind: string) => all.filter((device) => device.kind === kind && device.deviceId);
  return { cameras: named('videoinput'), microphones: named('audioinput') };
}

function picture(wish: Wish): MediaTrackConstraints {
  return {
    height: { ideal: wish.height },
    width: { ideal: Math.round((wish.height * 16) / 9) },
    frameRate: { ideal: kFramesPerSecond, max: kFramesPerSecond },
    ...(wish.kind === 'camera' && wish.camera ? { deviceId: { exact: wish.camera } } : {}),
  };
}

function sound(wish: Wish): MediaTrackConstraints | false {
  if (wish.microphone === 'none') return false;
  // A stage has music: the browser's clean-up for telephone calls stays off.
  const natural = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  return wish.microphone ? { ...natural, deviceId: { exact: wish.microphone } } : natural;
}

// Rejects with a SourceError.
export async function openSource(wish: Wish): Promise<MediaStream> {
  if (!canCapture()) throw 'insecure' satisfies SourceError;
  try {
    if (wish.kind === 'screen') return await openScreen(wish);
    return await openCamera(wish);
  } catch (error) {
    throw explain(error, wish);
  }
}

async function openCamera(wish: Wish): Promise<MediaStream> {
  const video = picture(wish);
  const audio = sound(wish);
  try {
    return await navigator.mediaDevices.getUserMedia({ video, audio });
  } catch (error) {
    // A machine without a microphone still has a picture.
    const missing = error instanceof DOMException && error.name === 'NotFoundError';
    if (!missing || !audio || wish.microphone) throw error;
    return navigator.mediaDevices.getUserMedia({ video, audio: false });
  }
}

async function openScreen(wish: Wish): Promise<MediaStream> {
  const screen = await navigator.mediaDevices.getDisplayMedia({
    video: picture(wish),
    audio: wish.microphone !== 'none',
  });
  const audio = sound(wish);
  if (audio && screen.getAudioTracks().length === 0) {
    try {
      const microphone = await navigator.mediaDevices.getUserMedia({ audio });
      for (const track of microphone.getAudioTracks()) screen.addTrack(track);
    } catch {
      // The screen alone is what was asked for first.
    }
  }
  return screen;
}

function explain(error: unknown, wish: Wish): SourceError {
  if (!(error instanceof DOMException)) return 'other';
  switch (error.name) {
    case 'NotAllowedError':
      return wish.kind === 'screen' ? 'cancelled' : 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'notFound';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    case 'SecurityError':
      return 'insecure';
    default:
      return 'other';
  }
}

export function closeSource(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
