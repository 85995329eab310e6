import { TFJS_NODE_VERSION } from './installedEngine.ts';

/** What the installation script of @tensorflow/tfjs-node fetches for one kind of machine. */
export interface OfficialArchives {
  /** Version of TensorFlow in the library archive. */
  tensorflow: string;
  /** Libraries and headers of TensorFlow. */
  library: { address: string; sha256: string };
  /** The compiled binding for Node.js. */
  binding: { address: string };
}

const STORAGE = 'https://storage.googleapis.com/';
const BINDING_HOST = `${STORAGE}tf-builds/pre-built-binary`;

/**
 * The libraries, by platform and processor, and their SHA-256 as others have published it: for 2.9.1 on Linux and macOS
 * the module graft (https://github.com/wamuir/graft) and nixpkgs, on Windows tensorflow-directml-plugin
 * (https://github.com/microsoft/tensorflow-directml-plugin), for 2.7 nixpkgs (https://github.com/NixOS/nixpkgs).
 */
const LIBRARIES: Record<string, { path: string; tensorflow: string; sha256: string } | undefined> = {
  'linux-x64': {
    path: 'cpu-linux-x86_64-2.9.1.tar.gz',
    tensorflow: '2.9.1',
    sha256: '7f510d2546e3db5e10b1d119463689003d587842892ad3c95bca51cf82820173',
  },
  'darwin-x64': {
    path: 'cpu-darwin-x86_64-2.9.1.tar.gz',
    tensorflow: '2.9.1',
    sha256: '56f83d3320ba0f69aaafd6c058645e1b7fbc75fb9a3fc36d6be98de1291ca226',
  },
  'win32-x64': {
    path: 'cpu-windows-x86_64-2.9.1.zip',
    tensorflow: '2.9.1',
    sha256: '56fa7e84c984144311563b405bd0e565568f3cbe2c15ac4713e9c8174a02b00f',
  },
  'linux-arm64': {
    path: 'libtensorflow_r2_7_linux_arm64.tar.gz',
    tensorflow: '2.7',
    sha256: '9395d1ff39f5b6847f5121e679ff4e599dc7061a2a7f87ceac061c78e908e6e3',
  },
  'darwin-arm64': {
    path: 'libtensorflow_r2_7_darwin_arm64_cpu.tar.gz',
    tensorflow: '2.7',
    sha256: '13ab22b97e2af06e431aaeb7b42fb89981965dd01aa16da035d8210aa4183d79',
  },
};

/**
 * Where the official files for a machine lie; null where there are none. Of the environment it obeys what
 * scripts/install.js of @tensorflow/tfjs-node and node-pre-gyp obey, to name a mirror, and THAW_LIBTENSORFLOW_SHA256, to
 * name the hash of a library that a mirror has built itself.
 */
export function officialArchives(
  platform: NodeJS.Platform,
  arch: string,
  environment: NodeJS.ProcessEnv,
): OfficialArchives | null {
  const found = LIBRARIES[`${platform}-${arch}`];
  if (!found) return null;
  const sha256 = environment.THAW_LIBTENSORFLOW_SHA256 || found.sha256;
  const library = { address: libraryAddress(found.path, environment), sha256 };
  return { tensorflow: found.tensorflow, library, binding: { address: bindingAddress(platform, environment) } };
}

function libraryAddress(path: string, environment: NodeJS.ProcessEnv): string {
  const storage =
    environment.TFJS_NODE_CDN_STORAGE ||
    environment.npm_config_TFJS_NODE_CDN_STORAGE ||
    environment.CDN_STORAGE ||
    STORAGE;
  if (path.startsWith('lib')) return `${storage}tf-builds/${path}`;
  const base =
    environment.TFJS_NODE_BASE_URI ||
    environment.npm_config_TFJS_NODE_BASE_URI ||
    `${storage}tensorflow/libtensorflow/libtensorflow-`;
  return `${base}${path}`;
}

function bindingAddress(platform: NodeJS.Platform, environment: NodeJS.ProcessEnv): string {
  const host = environment.npm_config_tfjs_binding_binary_host_mirror || BINDING_HOST;
  const system = platform === 'win32' ? 'windows' : platform;
  const ending = platform === 'win32' ? 'zip' : 'tar.gz';
  return `${host.replace(/\/$/, '')}/napi-v8/${TFJS_NODE_VERSION}/CPU-${system}-${TFJS_NODE_VERSION}.${ending}`;
}
