/** Builds of packages that bundles take in place of the usual one. */
export const BUNDLE_ALIASES = {
  // Its CommonJS build finds its own parts in a way that no bundler can follow.
  'jsonc-parser': 'jsonc-parser/lib/esm/main.js',
  // The build for browsers is the one that reads no files, which nothing here asks of it.
  '@vscode/l10n': '@vscode/l10n/dist/browser.js',
  // The union of all its packages; what @tensorflow/tfjs-node takes from it is in the core.
  '@tensorflow/tfjs': '@tensorflow/tfjs-core',
};
