import * as z from 'zod';
import { ThawError } from '../../shared/errors.ts';
import { lastAnswer, type ProbeEnd, runProbe } from '../runProbe.ts';
import { type InstalledEngine, type Proof, readProof, writeProof } from './installedEngine.ts';

export interface ProbeOptions {
  signal?: AbortSignal;
  /** How long the engine may take to load and compute something; default a minute. */
  timeoutMs?: number;
}

const TIMEOUT_MS = 60_000;

const answerSchema = z.object({ works: z.boolean(), version: z.string(), detail: z.string() });

/**
 * Loads an engine in a process that is thrown away and has it compute something. Whatever becomes of that process, be it
 * an illegal instruction, is told as a proof that the engine does not work.
 *
 * @param entry path of the built probe, which gets the path of the binding and prints one line of JSON
 * Throws ThawError cancelled, and nothing else.
 */
export async function probeEngine(entry: string, engine: InstalledEngine, options: ProbeOptions = {}): Promise<Proof> {
  return (await probe(entry, engine, options)).proof;
}

/** What is known of an engine here, or is found out now and remembered. Throws ThawError cancelled. */
export async function proveEngine(entry: string, engine: InstalledEngine, options: ProbeOptions = {}): Promise<Proof> {
  const known = await readProof(engine);
  if (known) return known;
  const { proof, isFinal } = await probe(entry, engine, options);
  // Where the folder cannot be written to, the next process finds out again.
  if (isFinal) await writeProof(engine, proof).catch(() => undefined);
  return proof;
}

/** A probe that took too long says something about a busy machine, perhaps, and is not `isFinal`. */
async function probe(
  entry: string,
  engine: InstalledEngine,
  { signal, timeoutMs = TIMEOUT_MS }: ProbeOptions,
): Promise<{ proof: Proof; isFinal: boolean }> {
  if (signal?.aborted) throw new ThawError({ reason: 'cancelled' });
  try {
    const end = await runProbe([entry, engine.binding], timeoutMs, signal);
    if (signal?.aborted) throw new ThawError({ reason: 'cancelled' });
    return { proof: proofOf(end, timeoutMs), isFinal: !end.timedOut };
  } catch (error) {
    if (error instanceof ThawError) throw error;
    const detail = `the probe could not be started (${error instanceof Error ? error.message : String(error)})`;
    return { proof: { works: false, detail, version: '' }, isFinal: false };
  }
}

/** A process that answered and then crashed does not work: a training would end as it did. */
function proofOf(end: ProbeEnd, timeoutMs: number): Proof {
  if (end.timedOut) return broken(`it gave no answer within ${Math.round(timeoutMs / 1000)} seconds`);
  if (end.signal !== null) return broken(endedBySignal(end.signal));
  const answer = answerIn(end.stdout);
  if (answer && !answer.works) return broken(answer.detail);
  if (answer && end.code === 0) return answer;
  return broken(WINDOWS_CODES.get(end.code ?? 0) ?? endedWithCode(end));
}

const broken = (detail: string): Proof => ({ works: false, detail, version: '' });

function answerIn(stdout: string): Proof | null {
  // TensorFlow may print something of its own.
  return lastAnswer(stdout, answerSchema);
}

const ILLEGAL_INSTRUCTION = 'the processor lacks instructions that this TensorFlow was built for';

function endedBySignal(signal: NodeJS.Signals): string {
  if (signal === 'SIGILL') return `${ILLEGAL_INSTRUCTION} (SIGILL)`;
  if (signal === 'SIGSEGV' || signal === 'SIGBUS') return `it crashed with an access to memory (${signal})`;
  if (signal === 'SIGKILL') return 'it was ended by the system, perhaps for want of memory (SIGKILL)';
  return `it crashed (${signal})`;
}

/** What Windows gives as exit code where other systems have signals (ntstatus.h). */
const WINDOWS_CODES = new Map([
  [0xc000001d, `${ILLEGAL_INSTRUCTION} (0xC000001D)`],
  [0xc0000005, 'it crashed with an access to memory (0xC0000005)'],
  [0xc0000135, 'a library it needs is missing (0xC0000135)'],
]);

/** The line of the output that names an error, of those before the stack. */
function endedWithCode({ code, stderr }: ProbeEnd): string {
  const lines = stderr.split(/\r?\n/).map((line) => line.trim());
  const words = lines.find((line) => /^(Error|\w*Error)\b.*:/.test(line)) ?? lines.filter((line) => line !== '').at(-1);
  return words === undefined ? `it ended with exit code ${code} and said nothing` : words.replace(/^Error: /, '');
}
