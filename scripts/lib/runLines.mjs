import { spawn } from 'node:child_process';

/**
 * Runs a program that prints one JSON object a line, and returns them. Rejects with what it printed when it fails.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 * @returns {Promise<Record<string, any>[]>}
 */
export function runLines(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let [output, errors] = ['', ''];
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (errors += data));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) return reject(new Error(errors.trim() || `it ended with code ${code}`));
      const lines = output.split('\n').filter((line) => line.startsWith('{'));
      return resolve(lines.map((line) => JSON.parse(line)));
    });
  });
}
