import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

interface Config {
  name: string;
  android?: { package?: string; permissions?: string[] };
  ios?: { infoPlist?: Record<string, string> };
}
type Plugin = (config: Config, options?: { microphonePermission?: string; localNetworkPermission?: string }) => Config;

// From where the bundle lies.
const withSaathii = createRequire(import.meta.url)('../../app.plugin.js') as Plugin;

test('the plugin asks for the network, and for the microphone only where the app says why', () => {
  const plain = withSaathii({ name: 'app' });
  assert.deepEqual(plain.android?.permissions, ['android.permission.INTERNET', 'android.permission.ACCESS_NETWORK_STATE']);
  assert.deepEqual(plain.ios?.infoPlist, {});
  const speaking = withSaathii({ name: 'app' }, { microphonePermission: 'Your sample', localNetworkPermission: 'Your server' });
  assert.ok(speaking.android?.permissions?.includes('android.permission.RECORD_AUDIO'));
  assert.deepEqual(speaking.ios?.infoPlist, {
    NSMicrophoneUsageDescription: 'Your sample',
    NSLocalNetworkUsageDescription: 'Your server',
  });
});

test('the plugin keeps what the app says, and says nothing twice', () => {
  const config: Config = {
    name: 'app',
    android: { package: 'com.example', permissions: ['android.permission.INTERNET'] },
    ios: { infoPlist: { NSMicrophoneUsageDescription: 'Ours' } },
  };
  const once = withSaathii(config, { microphonePermission: 'Theirs' });
  assert.equal(once.ios?.infoPlist?.NSMicrophoneUsageDescription, 'Ours');
  assert.equal(once.android?.package, 'com.example');
  assert.deepEqual(withSaathii(once, { microphonePermission: 'Theirs' }), once);
  assert.deepEqual(config.android?.permissions, ['android.permission.INTERNET']);
});
