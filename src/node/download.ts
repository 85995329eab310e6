import { mkdir, open, readFile, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EnvHttpProxyAgent, interceptors, request, type Dispatcher } from 'undici';
import { ThawError } from '../shared/errors.ts';
import { errorCode, toFileProblem } from './atomicFile.ts';
import { fileHash } from './fileHash.ts';

export interface DownloadProgress {
  address: string;
  receivedBytes: number;
  /** Absent when the server does not tell. */
  totalBytes?: number;
}

export interface DownloadOptions {
  onProgress?: (progress: DownloadProgress) => void;
  /** Stops the download; what has arrived is kept for the next time. */
  signal?: AbortSignal;
  /** SHA-256 the file must have, in hexadecimal. */
  sha256?: string;
  /** Pause before attempt 2, 3, … in milliseconds. */
  pause?: (attempt: number) => number;
}

const ATTEMPTS = 5;
const REDIRECTS = 5;
/** A server that sends nothing for so long counts as gone (milliseconds). */
const SILENCE = 30_000;

const exponentialPause = (attempt: number): number => 500 * 2 ** (attempt - 2);

type Headers = Dispatcher.ResponseData['headers'];

/** A failure that another attempt may not meet. */
class Interrupted extends Error {}

/**
 * Fetches a file into `path`. Until it is complete it grows in `path.part`, from where a cut connection, or a later
 * call, goes on as long as the server still has the same version (Range with If-Range, RFC 9110 section 13.1.5).
 * HTTP_PROXY, HTTPS_PROXY and NO_PROXY are obeyed. A file of another SHA-256 than was asked for, or of another MD5 than
 * Google Cloud Storage names (https://cloud.google.com/storage/docs/xml-api/reference-headers#xgooghash), is deleted.
 *
 * Throws ThawError download, downloadChecksum, cancelled, noSpace, readOnly or notPermitted.
 */
export async function downloadFile(address: string, path: string, options: DownloadOptions = {}): Promise<void> {
  const agent = createAgent();
  const dispatcher = agent.compose(interceptors.redirect({ maxRedirections: REDIRECTS }));
  try {
    await mkdir(dirname(path), { recursive: true });
    const headers = await fetchWithRetries(address, path, options, dispatcher);
    await requireHash(address, path, 'sha256', options.sha256);
    await requireHash(address, path, 'md5', namedMd5(headers));
    await rename(`${path}.part`, path);
    await rm(validatorPath(path), { force: true });
  } catch (error) {
    if (options.signal?.aborted) throw new ThawError({ reason: 'cancelled' });
    throw toDownloadError(error, address, path);
  } finally {
    await agent.destroy();
  }
}

/** undici calls this agent experimental whenever one is made, which nobody who reads the terminal can do anything about. */
function createAgent(): EnvHttpProxyAgent {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = () => undefined;
  try {
    return new EnvHttpProxyAgent({ headersTimeout: SILENCE, bodyTimeout: SILENCE });
  } finally {
    process.emitWarning = emitWarning;
  }
}

async function fetchWithRetries(
  address: string,
  path: string,
  options: DownloadOptions,
  dispatcher: Dispatcher,
): Promise<Headers> {
  const pause = options.pause ?? exponentialPause;
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetchOnce(address, path, options, dispatcher);
    } catch (error) {
      if (attempt === ATTEMPTS || !isPassing(error) || options.signal?.aborted) throw error;
      await delay(pause(attempt + 1), undefined, { signal: options.signal });
    }
  }
}

/** One request: goes on with the part that is there, or starts over when the server sends the whole file. */
async function fetchOnce(
  address: string,
  path: string,
  options: DownloadOptions,
  dispatcher: Dispatcher,
): Promise<Headers> {
  const partPath = `${path}.part`;
  const kept = await keptPart(path);
  const headers = {
    'accept-encoding': 'identity',
    ...(kept && { range: `bytes=${kept.bytes}-`, 'if-range': kept.validator }),
  };
  const response = await request(address, { headers, dispatcher, signal: options.signal });
  const { start, totalBytes } = await readHead(response, kept?.bytes ?? 0, path);
  if (start === 0) await keepValidator(response.headers, path);
  const file = await open(partPath, start === 0 ? 'w' : 'a');
  try {
    const receivedBytes = await writeBody(response, file, start, (received) =>
      options.onProgress?.({ address, receivedBytes: received, totalBytes }),
    );
    if (totalBytes !== undefined && receivedBytes !== totalBytes) {
      throw new Interrupted(`it ended after ${receivedBytes} of ${totalBytes} bytes`);
    }
  } finally {
    await file.close();
  }
  return response.headers;
}

/** Deletes what arrived and throws when it is another file. */
async function requireHash(
  address: string,
  path: string,
  algorithm: 'sha256' | 'md5',
  expected: string | undefined,
): Promise<void> {
  if (expected === undefined) return;
  const actual = await fileHash(`${path}.part`, algorithm);
  if (actual === expected.toLowerCase()) return;
  for (const file of [`${path}.part`, validatorPath(path)]) await rm(file, { force: true });
  const name = algorithm === 'md5' ? 'MD5' : 'SHA-256';
  throw new ThawError({ reason: 'downloadChecksum', address, algorithm: name, expected, actual });
}

/** `x-goog-hash: crc32c=…, md5=…`, also as several lines; in hexadecimal. */
function namedMd5(headers: Headers): string | undefined {
  const lines = [headers['x-goog-hash'] ?? []].flat().join(',');
  const base64 = /(?:^|,)\s*md5=([\w+/=]+)/.exec(lines)?.[1];
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString('hex');
}

async function writeBody(
  response: Dispatcher.ResponseData,
  file: FileHandle,
  start: number,
  report: (receivedBytes: number) => void,
): Promise<number> {
  let received = start;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    await file.writeFile(chunk);
    received += chunk.length;
    report(received);
  }
  return received;
}

/** Where the body belongs, and how long the file is. Throws when the server has no file to give. */
async function readHead(
  response: Dispatcher.ResponseData,
  keptBytes: number,
  path: string,
): Promise<{ start: number; totalBytes?: number }> {
  const status = response.statusCode;
  if (status === 200) {
    const length = singleHeader(response.headers, 'content-length');
    return { start: 0, totalBytes: length === undefined ? undefined : Number(length) };
  }
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(singleHeader(response.headers, 'content-range') ?? '');
  if (status === 206 && range && Number(range[1]) === keptBytes)
    return { start: keptBytes, totalBytes: Number(range[2]) };
  await response.body.dump();
  if (status === 206 || status === 416) {
    await rm(`${path}.part`, { force: true });
    throw new Interrupted('the server does not have the part that is missing');
  }
  const detail = `the server answered with status ${status}${status === 404 ? ' (there is no such file)' : ''}`;
  if (status >= 500 || status === 408 || status === 429) throw new Interrupted(detail);
  throw new Error(detail);
}

/** What an earlier attempt left, if it is known which version of the file it belongs to. */
async function keptPart(path: string): Promise<{ bytes: number; validator: string } | undefined> {
  const info = await stat(`${path}.part`).catch(() => undefined);
  const validator = await readFile(validatorPath(path), 'utf8').catch(() => '');
  return info && info.size > 0 && validator !== '' ? { bytes: info.size, validator } : undefined;
}

/** Remembers the version that is arriving. Weak tags say too little to go on from the middle (RFC 9110 section 13.1.5). */
async function keepValidator(headers: Headers, path: string): Promise<void> {
  const tag = singleHeader(headers, 'etag');
  const validator = tag !== undefined && !tag.startsWith('W/') ? tag : singleHeader(headers, 'last-modified');
  await writeFile(validatorPath(path), validator ?? '');
}

function validatorPath(path: string): string {
  return `${path}.part.version`;
}

function singleHeader(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

const PASSING_CODES = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
]);

function isPassing(error: unknown): boolean {
  return error instanceof Interrupted || PASSING_CODES.has(errorCode(error) ?? '') || isCut(error);
}

/** undici reports a body that ends early in several ways. */
function isCut(error: unknown): boolean {
  return error instanceof Error && /terminated|other side closed|aborted/.test(error.message);
}

const WORDS = new Map([
  ['ECONNREFUSED', 'nothing answers at this address (connection refused)'],
  ['ENOTFOUND', 'the name of the server is not known here'],
  ['EAI_AGAIN', 'the name of the server could not be looked up'],
  ['ENETUNREACH', 'the network cannot be reached'],
  ['EHOSTUNREACH', 'the server cannot be reached'],
  ['ETIMEDOUT', 'the server did not answer in time'],
  ['UND_ERR_CONNECT_TIMEOUT', 'the server did not answer in time'],
  ['UND_ERR_HEADERS_TIMEOUT', 'the server did not answer in time'],
  ['UND_ERR_BODY_TIMEOUT', 'the server stopped sending'],
  ['ECONNRESET', 'the connection was cut'],
  ['UND_ERR_SOCKET', 'the connection was cut'],
]);

function toDownloadError(error: unknown, address: string, path: string): ThawError {
  const fileProblem = toFileProblem(error, path);
  if (fileProblem.reason !== 'internal') return new ThawError(fileProblem);
  const message = error instanceof Error ? error.message : String(error);
  const detail = WORDS.get(errorCode(error) ?? '') ?? (isCut(error) ? 'the connection was cut' : message);
  return new ThawError({ reason: 'download', address, detail });
}
