/**
 * Pictures of the plan editor in the real VS Code: the sample project with a finished run, in four themes and two
 * widths, into build/screenshots; those of the README also into media/screenshots.
 *
 *   node scripts/screenshots.mjs [NAME...]
 *
 * Names are those of the files, such as dark-1400; without any, all pictures are taken.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { provisionBrowser, provisionServer } from './lib/editor.mjs';
import { startEditorServer } from './lib/editorServer.mjs';
import { importTypeScript } from './lib/importTypeScript.mjs';
import { requireNode, root, runNode } from './lib/project.mjs';

const PICTURES = join(root, 'build', 'screenshots');
const README_PICTURES = join(root, 'media', 'screenshots');
const PROJECT = join(PICTURES, 'sample');
const PROFILE = join(PICTURES, 'profile');
/** Three phases, and frozen blocks beside thawed ones. */
const PLAN = 'clothing-few.finetune.json';
/** One run each; the charts show the newest. */
const SEEDS = ['8', '7'];

const THEMES = {
  light: 'Default Light Modern',
  dark: 'Default Dark Modern',
  'high-contrast-light': 'Default High Contrast Light',
  'high-contrast-dark': 'Default High Contrast',
};
const SIZES = { 1400: { width: 1400, height: 1000 }, 700: { width: 700, height: 1500 } };
const FOR_README = [
  ...['light-1400', 'dark-1400', 'high-contrast-dark-1400', 'dark-700', 'dark-compare'],
  ...['dark-advisor', 'light-learning-curve'],
];
/** The runs beside each other, in one theme. */
const COMPARISON = { name: 'dark-compare', theme: THEMES.dark, size: { width: 1400, height: 1180 } };
/** Map, reasons, the answer of a trial and the depth curve. */
const ADVISOR = { name: 'dark-advisor', theme: THEMES.dark, size: { width: 1400, height: 2200 }, element: '.advisor' };
const CURVE = {
  ...{ name: 'light-learning-curve', theme: THEMES.light, size: { width: 1400, height: 2200 } },
  element: '.learning-curve',
};
/** Around an element, in pixels. */
const MARGIN = 14;
/** A trial trains ten short runs. */
const TRIAL_MS = 600_000;

const SETTINGS = {
  'workbench.startupEditor': 'none',
  'workbench.welcomePage.experimentalOnboarding': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'telemetry.telemetryLevel': 'off',
  'security.workspace.trust.enabled': false,
  'git.enabled': false,
  'chat.disableAIFeatures': true,
  'window.commandCenter': false,
  'workbench.layoutControl.enabled': false,
};

requireNode();
try {
  process.exitCode = await takePictures();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function takePictures() {
  const { browser: executablePath, missing: noBrowser } = await provisionBrowser();
  const { server: programs, missing: noServer } = await provisionServer();
  for (const { part, reason, command } of [noBrowser, noServer].filter((each) => each !== null)) {
    console.error(`Not available: ${part}: ${reason}\n  ${command}`);
  }
  if (!executablePath || !programs) return 1;
  if ((await runNode('esbuild.mjs')) !== 0) return 1;
  if (!(await trainSample())) return 1;
  rmSync(PROFILE, { recursive: true, force: true });
  const server = await startEditorServer(programs, { data: PROFILE, settings: SETTINGS });
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  try {
    const wanted = process.argv.slice(2);
    const pictures = allPictures().filter(({ name }) => wanted.length === 0 || wanted.includes(name));
    for (const picture of pictures) await takePicture(browser, server, picture);
  } finally {
    await browser.close();
    await server.stop();
  }
  mkdirSync(README_PICTURES, { recursive: true });
  for (const name of FOR_README.filter((each) => existsSync(join(PICTURES, `${each}.png`)))) {
    copyFileSync(join(PICTURES, `${name}.png`), join(README_PICTURES, `${name}.png`));
  }
  return 0;
}

function allPictures() {
  const windows = Object.entries(THEMES).flatMap(([name, theme]) =>
    Object.values(SIZES).map((size) => ({ name: `${name}-${size.width}`, theme, size })),
  );
  return [
    ...windows,
    { ...COMPARISON, prepare: compareRuns },
    { ...ADVISOR, prepare: tryBoth },
    { ...CURVE, prepare: measureCurve },
  ];
}

/** The sample project with its runs; kept, so that pictures are made again quickly while a view is being written. */
async function trainSample() {
  const { unpackSample } = await importTypeScript('src/node/sampleProject.ts');
  await unpackSample(join(root, 'media'), PROJECT);
  const runs = join(PROJECT, '.thaw', 'runs');
  if (existsSync(runs) && readdirSync(runs).length > 0) return true;
  for (const seed of SEEDS) {
    if ((await runNode('dist/cli.js', ['train', join(PROJECT, PLAN), '--seed', seed])) !== 0) return false;
  }
  return true;
}

/** Puts the older run on the charts too. */
async function compareRuns(content) {
  await content.getByRole('tab', { name: 'Runs' }).click();
  await content
    .getByRole('checkbox', { name: /on the charts/ })
    .last()
    .check();
  await content.getByRole('table', { name: 'Runs on the charts' }).waitFor();
}

async function tryBoth(content) {
  await content.locator('.map-box').waitFor();
  // How long it takes is said once the cost is measured.
  await content.getByText(/^About .*: both plans/).waitFor({ timeout: TRIAL_MS });
  await content.getByRole('button', { name: 'Try both' }).click();
  await content.getByRole('button', { name: 'Try both again' }).waitFor({ timeout: TRIAL_MS });
}

async function measureCurve(content) {
  await content.getByRole('tab', { name: 'Data' }).click();
  const section = content.locator('.learning-curve');
  await section.getByRole('button', { name: 'Measure' }).click();
  await section.locator('svg').waitFor({ timeout: TRIAL_MS });
}

/** Of the whole window, or of one element in the editor. */
async function takePicture(browser, { address }, { name, theme, size, prepare, element }) {
  const file = join(PROFILE, 'User', 'settings.json');
  writeFileSync(file, JSON.stringify({ ...SETTINGS, 'workbench.colorTheme': theme }));
  const page = await browser.newPage({ viewport: size });
  await page.goto(`${address}/?folder=${encodeURIComponent(PROJECT)}`);
  await page.locator('.activitybar [aria-label^="Thaw"]').first().waitFor({ state: 'attached' });
  await openFile(page, PLAN);
  const content = page
    .locator('iframe.webview.ready[src*="extensionId=thaw.thaw"]')
    .filter({ visible: true })
    .contentFrame()
    .locator('iframe#active-frame')
    .contentFrame();
  await content.getByRole('treegrid', { name: 'Network' }).waitFor();
  await content.locator('canvas').first().waitFor();
  await content
    .getByRole('list', { name: /^Images of/ })
    .locator('img')
    .first()
    .waitFor();
  if (size.width < 1000) await page.keyboard.press('Control+b');
  await prepare?.(content);
  await content.locator('body').evaluate((body) => body.ownerDocument.fonts.ready.then(() => undefined));
  const clip = element && (await areaOf(content.locator(element)));
  await page.screenshot({ path: join(PICTURES, `${name}.png`), ...(clip ? { clip } : {}) });
  await page.close();
  console.log(`${name}.png`);
}

/** The place of an element in the window, with a margin. */
async function areaOf(element) {
  const { x, y, width, height } = await element.boundingBox();
  return { x: x - MARGIN, y: y - MARGIN, width: width + 2 * MARGIN, height: height + 2 * MARGIN };
}

async function openFile(page, name) {
  await page.keyboard.press('Control+p');
  await page.locator('.quick-input-widget input.input').fill(name);
  await page.locator('.quick-input-widget .monaco-list-row').filter({ hasText: name }).first().click();
}
