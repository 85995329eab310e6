import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { findOnPath } from './browser.mjs';
import { findDesktopEditor, provisionServer, rootArguments } from './editor.mjs';
import { startEditorServer } from './editorServer.mjs';
import { root, run } from './project.mjs';

const PROFILE = join(root, 'build', 'editor');

/**
 * Opens a folder in VS Code with Thaw loaded from this folder: in the desktop one where there is one and a display,
 * otherwise in one for the browser, which runs until Ctrl-C.
 *
 * @param {string} folder
 * @param {{ open: boolean, port: number, inBrowser: boolean }} options `open`: also show the address in a browser
 * @returns {Promise<number>} exit code
 */
export async function openInEditor(folder, { open, port, inBrowser }) {
  const desktop = inBrowser ? null : findDesktopEditor();
  if (desktop) return openOnDesktop(desktop, folder);
  const { server, missing } = await provisionServer();
  if (server) return serve(server, folder, { open, port });
  console.error(`VS Code, VSCodium or Cursor was not found here, and neither can one be provided for the browser:`);
  console.error(`${missing.reason}\n  ${missing.command}`);
  console.error('Or train the sample project without an editor:\n  npm start -- --headless');
  return 1;
}

async function openOnDesktop({ name, command }, folder) {
  console.log(`Opening the sample project in ${name}. Run "Thaw: Start Fine-Tune" from the command palette (F1).`);
  const args = [`--extensionDevelopmentPath=${resolve(root)}`, '--new-window', folder, ...rootArguments()];
  if (process.platform !== 'win32') return run(command, args);
  return run(
    `"${command}"`,
    args.map((arg) => `"${arg}"`),
    { shell: true },
  );
}

async function serve(programs, folder, { open, port }) {
  let interrupted = false;
  let interrupt;
  const signalled = new Promise((resolve) => (interrupt = resolve));
  const onSignal = () => {
    interrupted = true;
    interrupt(0);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, onSignal);
  const editor = await startEditorServer(programs, { data: PROFILE, port });
  try {
    const address = `${editor.address}/?folder=${encodeURIComponent(folder)}`;
    console.log(`\nThe sample project is open in VS Code at\n\n  ${address}\n`);
    console.log('Run "Thaw: Start Fine-Tune" from the command palette (F1). Ctrl-C ends it.');
    if (open && !interrupted) showInBrowser(address);
    return await Promise.race([editor.ended, signalled]);
  } finally {
    await editor.stop();
    for (const signal of signals) process.off(signal, onSignal);
  }
}

/** In the browser of the user, where there is a display. The address has been printed, so a failure does not matter. */
function showInBrowser(address) {
  const linux = process.env.DISPLAY || process.env.WAYLAND_DISPLAY ? findOnPath(['xdg-open']) : null;
  const command = process.platform === 'darwin' ? 'open' : linux;
  if (!command) return;
  spawn(command, [address], { stdio: 'ignore', detached: true })
    .on('error', () => undefined)
    .unref();
}
