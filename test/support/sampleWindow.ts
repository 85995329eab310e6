import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { onTestFinished } from 'vitest';
import type { EditorServer } from '../../scripts/lib/editorServer.mjs';
import { unpackSample } from '../../src/node/sampleProject.ts';
import type { PlanInput } from '../../src/shared/plan.ts';
import { startBrowser } from '../webview/support/browser.ts';
import { PlanPage } from './planPage.ts';
import { editorPrograms, ROOT } from './provision.ts';
import { temporaryFolder } from './temporaryFolder.ts';
import { startVsCode } from './vscodeServer.ts';
import { Workbench } from './workbench.ts';

/** The plan of the sample project that tests work with: five classes, blocks stem and block_1 to block_3. */
export const SAMPLE_PLAN = 'digits-few.finetune.json';

export interface SampleWindow {
  workbench: Workbench;
  page: PlanPage;
  server: EditorServer;
  browser: Browser;
  /** The sample project, a copy of its own. */
  folder: string;
  /** Path of its plan. */
  plan: string;
}

export interface SampleOptions {
  /** Asks whether the folder is trusted, as VS Code does. */
  askTrust?: boolean;
  /** Installs Thaw from this package instead of loading it from the folder of the project. */
  vsix?: string;
  /** Variables of VS Code's environment besides those of this process. */
  environment?: Record<string, string>;
  /** Keys of the plan to replace before it is opened. */
  changes?: Partial<PlanInput>;
}

/** Opens a copy of the sample project in VS Code; all of it is gone when the test is over. */
export async function openSampleWindow(
  skip: (reason: string) => void,
  { askTrust = false, vsix, environment, changes = {} }: SampleOptions = {},
): Promise<SampleWindow> {
  const programs = editorPrograms(skip);
  const folder = await temporaryFolder();
  await unpackSample(join(ROOT, 'media'), folder);
  const plan = join(folder, SAMPLE_PLAN);
  const content = JSON.parse(await readFile(plan, 'utf8')) as PlanInput;
  await writeFile(plan, `${JSON.stringify({ ...content, ...changes }, null, 2)}\n`);
  const server = await startVsCode(programs, { askTrust, vsix, environment });
  const browser = await startBrowser(skip);
  onTestFinished(() => browser.close());
  const workbench = await Workbench.open(browser, server, folder);
  return { workbench, page: new PlanPage(workbench), server, browser, folder, plan };
}

/** The same with the plan open in the plan editor. */
export async function openSamplePlan(
  skip: (reason: string) => void,
  options: SampleOptions = {},
): Promise<SampleWindow> {
  const opened = await openSampleWindow(skip, options);
  await opened.workbench.openPlan(SAMPLE_PLAN);
  await opened.page.ready();
  return opened;
}
