/** Run by vsce when it is started in the folder of the project, which lacks what decodes images. */
console.error(
  'A package is made by `npm run package`, and published with `vsce publish --packagePath`: docs/packaging.md.',
);
process.exitCode = 1;
