import { unpackSteps } from '../src/shared/stepTransfer.ts';
import type { ToHost, ToWebview } from '../src/shared/webviewProtocol.ts';
import { WEBVIEW_PROTOCOL_VERSION, type HostRequest } from '../src/shared/webviewProtocol.ts';

/** What VS Code gives a webview; it may be taken only once. */
interface VsCodeApi {
  postMessage(message: ToHost): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

const vscode = acquireVsCodeApi();

/** Every message the host may send; a record, so that a forgotten one is a type error. */
const KNOWN: Record<ToWebview['type'], true> = {
  snapshot: true,
  document: true,
  network: true,
  data: true,
  cost: true,
  similarity: true,
  learningCurve: true,
  trial: true,
  start: true,
  engine: true,
  run: true,
  runs: true,
  compared: true,
  delta: true,
  thumbnails: true,
  cache: true,
};

/** Asks something of the host. */
export function post(request: HostRequest): void {
  vscode.postMessage({ ...request, v: WEBVIEW_PROTOCOL_VERSION });
}

/** Calls `receive` with every message of the host; what is not one of them is left alone. */
export function listen(receive: (message: ToWebview) => void): void {
  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    if (isToWebview(event.data)) receive(unpackSteps(event.data));
  });
}

/** The host is our own code of the same build, so its messages are told apart by type only. */
function isToWebview(data: unknown): data is ToWebview {
  return typeof data === 'object' && data !== null && 'type' in data && Object.hasOwn(KNOWN, String(data.type));
}

/** What `saveViewState` kept, if anything. */
export function savedViewState(): unknown {
  return vscode.getState();
}

/** Keeps a value for as long as the editor's tab exists. */
export function saveViewState(state: unknown): void {
  vscode.setState(state);
}
