// Expo config plugin: what a build of the app must say for this package.
//
//   "plugins": [["@saathii/react-native", { "microphonePermission": "…", "localNetworkPermission": "…" }]]

/** Sockets and HTTP are Rust's own: of Android they need the network, and to be told when it changes. */
const ANDROID_PERMISSIONS = ['android.permission.INTERNET', 'android.permission.ACCESS_NETWORK_STATE'];

/**
 * `microphonePermission`: why the app listens, shown by iOS; for listeners, who send in a sample of their voice.
 * `localNetworkPermission`: why the app looks around, shown by iOS; for a development server on the same network.
 */
module.exports = function withSaathii(config, { microphonePermission, localNetworkPermission } = {}) {
  const permissions = [...ANDROID_PERMISSIONS, ...(microphonePermission ? ['android.permission.RECORD_AUDIO'] : [])];
  const infoPlist = {
    ...(microphonePermission && { NSMicrophoneUsageDescription: microphonePermission }),
    ...(localNetworkPermission && { NSLocalNetworkUsageDescription: localNetworkPermission }),
  };
  return {
    ...config,
    android: {
      ...config.android,
      permissions: [...new Set([...(config.android?.permissions ?? []), ...permissions])],
    },
    // What the app says itself stays.
    ios: { ...config.ios, infoPlist: { ...infoPlist, ...config.ios?.infoPlist } },
  };
};
