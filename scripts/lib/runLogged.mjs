import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

const PROGRESS_SECONDS = 20;
const LIMIT_MINUTES = 20;
const LAST_CHARACTERS = 2000;

/**
 * Runs a long command whose output goes to a file, and says from time to time that it is still at it.
 *
 * @param {string} title what it does, in words
 * @param {string} command
 * @param {string[]} args
 * @param {{ log: (line: string) => void, logFile: string, cwd?: string, env?: NodeJS.ProcessEnv, shell?: boolean }} options
 * @throws {Error} with the last lines of the output when it fails or takes over 20 minutes
 */
export function runLogged(title, command, args, { log, logFile, cwd, env, shell }) {
  mkdirSync(dirname(logFile), { recursive: true });
  const file = createWriteStream(logFile, { flags: 'a' });
  const started = performance.now();
  let last = '';
  const keep = (chunk) => {
    file.write(chunk);
    last = `${last}${chunk}`.slice(-LAST_CHARACTERS);
  };
  keep(`\n> ${command} ${args.join(' ')}\n`);
  log(title);
  const seconds = () => ((performance.now() - started) / 1000).toFixed(0);
  const progress = setInterval(() => log(`  still at it, ${seconds()} s`), PROGRESS_SECONDS * 1000);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, shell, stdio: ['ignore', 'pipe', 'pipe'] });
    const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MINUTES * 60_000);
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const finish = (problem) => {
      clearInterval(progress);
      clearTimeout(limit);
      file.end();
      if (problem === null) resolve();
      else reject(new Error(`${title}: ${problem}\n${last.trim()}\n(all of it is in ${logFile})`));
    };
    child.on('error', (error) => finish(`${command} could not be started: ${error.message}`));
    child.on('close', (code, signal) =>
      finish(code === 0 ? null : `${command} ended with ${signal ?? `code ${code}`}`),
    );
  });
}
