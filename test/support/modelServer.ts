import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface ServedRequest {
  url: string;
  range?: string;
  ifRange?: string;
}

export interface ModelServer {
  /** `http://127.0.0.1:port` */
  address: string;
  files: Map<string, Uint8Array>;
  requests: ServedRequest[];
  etag: string;
  /** Sent with every file. */
  headers: Record<string, string>;
  /** Answers Range requests with the whole file. */
  ignoreRange: boolean;
  /**
   * Sends only so many bytes of a body and cuts the connection when they have arrived, once for each entry; 0 sends
   * everything. `onProgress` must be given to the download: it tells what has arrived.
   */
  cuts: number[];
  onProgress: (progress: { receivedBytes: number }) => void;
  /** Answers Range requests with a part that starts so many bytes later. */
  rangeShift: number;
  /** Takes the next requests with this status instead, once for each entry. */
  statuses: number[];
}

interface State extends ModelServer {
  cutAt: number;
  cut: () => void;
}

/** A file server on this machine that can be told to misbehave; closed when the test is over. */
export async function startModelServer(files: Record<string, Uint8Array>): Promise<ModelServer> {
  const state: State = {
    address: '',
    files: new Map(Object.entries(files)),
    requests: [],
    etag: '"v1"',
    headers: {},
    ignoreRange: false,
    rangeShift: 0,
    cuts: [],
    onProgress: ({ receivedBytes }) => {
      if (receivedBytes >= state.cutAt) state.cut();
    },
    cutAt: Infinity,
    cut: () => undefined,
    statuses: [],
  };
  state.address = await listen(createServer((request, response) => serve(state, request, response)));
  return state;
}

/** Starts a server on a free port of this machine. */
export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function serve(state: State, request: IncomingMessage, response: ServerResponse): void {
  const url = decodeURIComponent(request.url ?? '');
  const { range } = request.headers;
  const ifRange = request.headers['if-range'];
  state.requests.push({ url, ...(range && { range }), ...(ifRange && { ifRange: String(ifRange) }) });
  const status = state.statuses.shift();
  const file = state.files.get(url);
  if (status !== undefined || !file) {
    response.writeHead(status ?? 404).end('no');
    return;
  }
  const asked = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  const partial = asked > 0 && !state.ignoreRange && ifRange === state.etag;
  const from = partial ? asked + state.rangeShift : 0;
  const body = partial ? file.subarray(from) : file;
  response.writeHead(partial ? 206 : 200, {
    etag: state.etag,
    ...state.headers,
    'content-length': body.length,
    ...(partial && { 'content-range': `bytes ${from}-${file.length - 1}/${file.length}` }),
  });
  const cut = state.cuts.shift() ?? 0;
  state.cutAt = cut === 0 ? Infinity : from + cut;
  state.cut = () => request.socket.destroy();
  if (cut === 0) response.end(body);
  else response.write(body.subarray(0, cut));
}
