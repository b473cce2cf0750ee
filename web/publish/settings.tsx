// What the sender can choose. Device names appear once the browser was allowed to open one.

import { useEffect, useState } from 'preact/hooks';
import { useTexts } from '../texts/language';
import { MicrophoneIcon } from '../theme/icons';
import { kQualities } from './feed';
import { canRecord } from './recorder_feed';
import { canShareScreen, devices, type Devices, type Wish } from './source';

export interface Choice extends Wish {
  jpeg: boolean;
  channel: string;
  token: string;
  muted?: boolean;
}

interface Properties {
  choice: Choice;
  live: boolean; // channel, token and way of sending are fixed then
  opened: boolean;
  change(part: Partial<Choice>): void;
}

export function Settings({ choice, live, opened, change }: Properties) {
  const texts = useTexts().texts.publish;
  const { cameras, microphones } = useDevices(opened);
  return (
    <div class="settings">
      <div class="pair" role="group" aria-label={texts.source}>
        <button
          type="button"
          class="choice"
          aria-pressed={choice.kind === 'camera'}
          onClick={() => change({ kind: 'camera' })}
        >
          {texts.camera}
        </button>
        <button
          type="button"
          class="choice"
          aria-pressed={choice.kind === 'screen'}
          disabled={!canShareScreen()}
          onClick={() => change({ kind: 'screen' })}
        >
          {texts.screen}
        </button>
      </div>
      {choice.kind === 'camera' && cameras.length > 1 && (
        <div class="field">
          <label for="camera">{texts.cameraDevice}</label>
          <select
            id="camera"
            value={choice.camera}
            onChange={(event) => change({ camera: event.currentTarget.value })}
          >
            {cameras.map((device, index) => (
              <option key={device.deviceId} value={device.deviceId}>
                {device.label || texts.unnamedCamera(index + 1)}
              </option>
            ))}
          </select>
        </div>
      )}
      <div class="field">
        <label for="microphone">{texts.microphone}</label>
        <div class="with-button">
          <select
            id="microphone"
            value={choice.microphone}
            disabled={choice.jpeg}
            onChange={(event) => change({ microphone: event.currentTarget.value })}
          >
            <option value="">{microphones[0]?.label || texts.unnamedMicrophone(1)}</option>
            {microphones.slice(1).map((device, index) => (
              <option key={device.deviceId} value={device.deviceId}>
                {device.label || texts.unnamedMicrophone(index + 2)}
              </option>
            ))}
            <option value="none">{texts.noMicrophone}</option>
          </select>
          <button
            type="button"
            class="choice mute"
            disabled={choice.jpeg || choice.microphone === 'none'}
            aria-pressed={choice.muted === true}
            aria-label={choice.muted ? texts.unmuteMicrophone : texts.muteMicrophone}
            onClick={() => change({ muted: !choice.muted })}
          >
            <MicrophoneIcon />
          </button>
        </div>
      </div>
      <div class="columns">
        <div class="field">
          <label for="quality">{texts.quality}</label>
          <select
            id="quality"
            value={String(choice.height)}
            onChange={(event) => change({ height: Number(event.currentTarget.value) })}
          >
            {kQualities.map(({ height }) => (
              <option key={height} value={String(height)}>
                {height}p
              </option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="delivery">{texts.delivery}</label>
          <select
            id="delivery"
            value={choice.jpeg ? 'jpeg' : 'video'}
            disabled={live || !canRecord()}
            onChange={(event) => change({ jpeg: event.currentTarget.value === 'jpeg' })}
          >
            <option value="video">{texts.deliveryVideo}</option>
            <option value="jpeg">{texts.deliveryJpeg}</option>
          </select>
        </div>
      </div>
      <div class="field">
        <label for="channel">{texts.channel}</label>
        <input
          id="channel"
          value={choice.channel}
          disabled={live}
          maxLength={64}
          pattern="[A-Za-z0-9_\-]+"
          autocapitalize="none"
          spellcheck={false}
          aria-describedby="channel-help"
          onInput={(event) => change({ channel: event.currentTarget.value.trim() })}
        />
        <small id="channel-help">{texts.channelHelp}</small>
      </div>
      <div class="field">
        <label for="token">{texts.token}</label>
        <input
          id="token"
          type="password"
          value={choice.token}
          disabled={live}
          autocomplete="off"
          spellcheck={false}
          aria-describedby="token-help"
          onInput={(event) => change({ token: event.currentTarget.value.trim() })}
        />
        <small id="token-help">{texts.tokenHelp}</small>
      </div>
    </div>
  );
}

function useDevices(opened: boolean): Devices {
  const [found, setFound] = useState<Devices>({ cameras: [], microphones: [] });
  useEffect(() => {
    const look = () => void devices().then(setFound, () => undefined);
    look();
    navigator.mediaDevices?.addEventListener('devicechange', look);
    return () => navigator.mediaDevices?.removeEventListener('devicechange', look);
  }, [opened]);
  return found;
}
