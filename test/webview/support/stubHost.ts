import { config } from '@vscode/l10n';
import { parsePlanText } from '../../../src/shared/planText.ts';
import type { Snapshot, ToHost, ToWebview } from '../../../src/shared/webviewProtocol.ts';
import { examplePlanText } from './exampleSnapshot.ts';
import { editText } from '../../support/planNetwork.ts';

/**
 * Stands in for the extension host in the page of the plan editor: keeps the text of a plan, applies edits to it as the
 * host does and records every message. Bundled and loaded before the webview's own script.
 */
export interface StubHost {
  messages: ToHost[];
  text: string;
  /** Number of the edit that the text holds as the last one. */
  edit: number;
  /** Whether edits are only recorded, as by a host that has not come to them yet. */
  isBusy: boolean;
  /** What the cache of features holds. */
  cachedBytes: number;
  /** Sends a message as the host would. */
  send(message: ToWebview): void;
  /** The user changes the text of the plan. */
  setText(text: string): void;
  state: unknown;
}

declare global {
  interface Window {
    stub: StubHost;
    exampleSnapshot: Snapshot;
    exampleState: unknown;
  }
}

const start = window.exampleSnapshot;
// The host speaks the language of the editor too.
config({ contents: start.strings });
const network = start.network.state === 'ready' ? start.network.value : null;
const data = start.data.state === 'ready' ? start.data.value : null;

const stub: StubHost = {
  messages: [],
  text: network ? examplePlanText(network) : '',
  edit: 0,
  isBusy: false,
  cachedBytes: 120e6,
  state: window.exampleState,
  send(message) {
    window.dispatchEvent(new MessageEvent('message', { data: message }));
  },
  setText(text) {
    this.text = text;
    const parsed = parsePlanText(text);
    const last = start.document.plan;
    const document = 'plan' in parsed ? { plan: parsed.plan, problems: [] } : { plan: last, problems: parsed.problems };
    if (document.plan) start.document.plan = document.plan;
    this.send({ type: 'document', document, edit: this.edit });
  },
};

function answer(message: ToHost): void {
  if (message.type === 'ready') stub.send(structuredClone(start));
  else if (message.type === 'edit' && !stub.isBusy) {
    stub.edit = message.number;
    stub.setText(editText(stub.text, message.edit, network, data).text);
  } else if (message.type === 'thumbnails') {
    const { className, offset, count, augmentation } = message;
    const total = data?.perClass[className] ?? 0;
    const images = Array.from({ length: Math.min(count, total - offset) }, (_, index) => ({
      file: `flowers/train/${className}/${String(offset + index).padStart(4, '0')}.jpg`,
      png: drawFlower(className, offset + index, augmentation),
    }));
    stub.send({ type: 'thumbnails', className, offset, total, augmentation, images });
  } else if (message.type === 'cache' || message.type === 'clearCache') {
    const freedBytes = message.type === 'cache' ? null : stub.cachedBytes;
    if (message.type === 'clearCache') stub.cachedBytes = 0;
    stub.send({ type: 'cache', cache: { bytes: stub.cachedBytes, limitBytes: 2e9, enabled: true }, freedBytes });
  }
}

/** A picture that differs by class, image and augmentation, as a PNG in base64. */
function drawFlower(className: string, index: number, augmentation: number): string {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 64;
  const ctx = canvas.getContext('2d');
  if (!ctx) return '';
  const hue = ([...className].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) * 47) % 360;
  ctx.fillStyle = `hsl(${95 + ((index * 13) % 40)} 35% ${26 + (index % 5) * 4}%)`;
  ctx.fillRect(0, 0, 64, 64);
  ctx.translate(32 + ((index * 7 + augmentation * 11) % 13) - 6, 32 + ((index * 5 + augmentation * 3) % 11) - 5);
  ctx.rotate(index + augmentation);
  const petals = 5 + (index % 4);
  for (let petal = 0; petal < petals; petal++) {
    ctx.rotate((2 * Math.PI) / petals);
    ctx.fillStyle = `hsl(${hue} 65% ${55 + (petal % 2) * 8}%)`;
    ctx.beginPath();
    ctx.ellipse(0, -14, 6, 13, 0, 0, 2 * Math.PI);
    ctx.fill();
  }
  ctx.fillStyle = 'hsl(46 90% 55%)';
  ctx.beginPath();
  ctx.arc(0, 0, 6, 0, 2 * Math.PI);
  ctx.fill();
  return canvas.toDataURL('image/png').split(',')[1];
}

window.stub = stub;
Object.assign(window, {
  acquireVsCodeApi: () => ({
    postMessage(message: ToHost) {
      stub.messages.push(structuredClone(message));
      answer(message);
    },
    getState: () => stub.state,
    setState: (state: unknown) => (stub.state = state),
  }),
});
