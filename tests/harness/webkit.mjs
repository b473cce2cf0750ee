// WebKitGTK under Xvfb, through its WebDriver.
import { existsSync } from 'node:fs';
import { Child } from './process.mjs';
import { until } from './wait.mjs';
import { Driver } from './webdriver.mjs';

const kMiniBrowser = ['/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser', '/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser'].find(existsSync);

// stop() of what it returns ends the screen too.
export async function startWebKit() {
  const display = `:${90 + (process.pid % 900)}`;
  const screen = new Child('Xvfb', [display, '-screen', '0', '1280x900x24', '-nolisten', 'tcp']);
  await until('the screen', () => existsSync(`/tmp/.X11-unix/X${display.slice(1)}`));
  const driver = await Driver.start('WebKitWebDriver', {
    // Without a graphics card its GL sink leaves a canvas blank now and then.
    env: { DISPLAY: display, WEBKIT_GST_DISABLE_GL_SINK: '1', WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1', NO_AT_BRIDGE: '1' },
    capabilities: {
      'webkitgtk:browserOptions': { binary: kMiniBrowser, args: ['--automation'] },
    },
  });
  const stop = driver.stop.bind(driver);
  driver.stop = async () => {
    await stop();
    await screen.stop();
  };
  return driver;
}
