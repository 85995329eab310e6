import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { isAlive } from '../../src/node/processAlive.ts';
import { TrainerClient, type TrainerClientOptions } from '../../src/node/trainerClient.ts';
import type { Method, Params } from '../../src/shared/protocol.ts';
import { temporaryFolder } from '../support/imageFiles.ts';
import { problemFrom } from '../support/problems.ts';
import { writeProject } from '../support/trainingFixture.ts';

const TRAINER = fileURLToPath(new URL('../../dist/trainer.js', import.meta.url));
const PLAN = 'small.finetune.json';

let directory: string;

beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'thaw-test-')));
  // Long enough for anything to happen before it is over.
  await writeProject(directory, { phases: [{ name: 'head', epochs: 100_000 }] });
});

afterAll(() => rm(directory, { recursive: true, force: true }));

function startTrainer(entry = TRAINER, options: TrainerClientOptions = {}): TrainerClient {
  const client = new TrainerClient(entry, options);
  onTestFinished(() => client.dispose());
  return client;
}

const common = () => ({ directory, engine: 'portable' as const });

/** A request as a program of another version might send it. */
function requestAnything(client: TrainerClient, method: string, params: object): Promise<unknown> {
  return client.request(method as Method, params as Params<Method>);
}

async function expectGone(processId: number | undefined): Promise<void> {
  await vi.waitFor(() => expect(isAlive(processId ?? 0)).toBe(false), { timeout: 20_000, interval: 20 });
}

/** Trains in a run folder of its own; `started` resolves with the first step. */
async function startTraining(client: TrainerClient, signal?: AbortSignal) {
  const run = join(await temporaryFolder(), 'run');
  let begin: () => void;
  const started = new Promise<void>((resolve) => (begin = resolve));
  const result = client.request(
    'train',
    { ...common(), plan: PLAN, run },
    { signal, onEvent: ({ event }) => event === 'step' && begin() },
  );
  // The test may fail before it looks at the result.
  result.catch(() => undefined);
  return { run, started, result };
}

describe('the trainer', () => {
  it('answers a method that it does not have with an error, and goes on', async () => {
    const client = startTrainer();
    const problem = await problemFrom(requestAnything(client, 'fly', common()));
    expect(problem).toEqual({ reason: 'protocol', detail: 'the trainer has no method "fly"' });
    expect(await problemFrom(requestAnything(client, 'toString', common()))).toMatchObject({ reason: 'protocol' });
    expect((await client.request('engineStatus', common())).engines).toHaveLength(2);
  });

  it('answers wrong parameters with an error that names them', async () => {
    const client = startTrainer();
    const problem = await problemFrom(requestAnything(client, 'predict', { ...common(), model: 7, files: [] }));
    expect(problem).toMatchObject({ reason: 'protocol', detail: expect.stringMatching(/model[^]*files/) as string });
    expect(await problemFrom(requestAnything(client, 'data', { path: 'images' }))).toMatchObject({
      reason: 'protocol',
    });
  });

  it('passes a problem on as it is', async () => {
    const problem = await problemFrom(startTrainer().request('inspect', { ...common(), model: 'absent' }));
    expect(problem).toMatchObject({ reason: 'modelMissing', path: join(directory, 'absent') });
  });

  it('answers requests one after the other', async () => {
    const client = startTrainer();
    const order: string[] = [];
    const [data, model] = await Promise.all([
      client.request('data', { ...common(), path: 'images' }).finally(() => order.push('data')),
      client.request('inspect', { ...common(), model: 'model' }).finally(() => order.push('inspect')),
    ]);
    expect([data.images, model.inputShape]).toEqual([20, [12, 12, 3]]);
    expect(order).toEqual(['data', 'inspect']);
  });

  it('stops a request that is cancelled, with what it has so far, and takes the next', async () => {
    const client = startTrainer();
    const controller = new AbortController();
    const { run, started, result } = await startTraining(client, controller.signal);
    await started;
    controller.abort();
    expect(await result).toMatchObject({ stopped: 'interrupted', run });
    expect((await client.request('data', { ...common(), path: 'images' })).images).toBe(20);
  });

  it('does not begin a request that is cancelled while it waits', async () => {
    const client = startTrainer();
    const first = new AbortController();
    const second = new AbortController();
    const running = await startTraining(client, first.signal);
    const waiting = client.request('data', { ...common(), path: 'images' }, { signal: second.signal });
    await running.started;
    second.abort();
    first.abort();
    expect(await problemFrom(waiting)).toEqual({ reason: 'cancelled' });
    expect(await running.result).toMatchObject({ stopped: 'interrupted' });
  });

  it('that is killed fails its requests with the run to resume', async () => {
    const client = startTrainer();
    const { run, started, result } = await startTraining(client);
    await started;
    process.kill(client.processId ?? 0, 'SIGKILL');
    const problem = await problemFrom(result);
    expect(problem).toEqual({ reason: 'trainerExited', code: null, signal: 'SIGKILL', run });
    expect(await problemFrom(client.request('engineStatus', common()))).toMatchObject({ reason: 'trainerExited' });
  });

  it('ends itself when its parent hangs up, also in the middle of training', async () => {
    const client = startTrainer();
    const { started, result } = await startTraining(client);
    await started;
    await client.dispose();
    await expectGone(client.processId);
    expect(await problemFrom(result)).toMatchObject({ reason: 'trainerExited', code: 0 });
  });

  it('answers a request of another version, and lets pass what is none', async () => {
    const child = fork(TRAINER, [], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
      serialization: 'advanced',
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const replies: { type: string }[] = [];
    child.on('message', (message) => replies.push(message as { type: string }));
    const unwanted = ['hello', 7, { v: 1 }, { v: 1, type: 'cancel', id: 99 }];
    for (const message of unwanted) child.send(message);
    child.send({ v: 2, type: 'request', id: 5, method: 'data', params: {} });
    const answers = () => replies.filter(({ type }) => type !== 'heartbeat' && type !== 'ready');
    await vi.waitFor(() => expect(answers()).toHaveLength(1), { timeout: 20_000, interval: 20 });
    expect(answers()[0]).toMatchObject({ type: 'error', id: 5, problem: { reason: 'protocol' } });
  });
});

describe('the client', () => {
  async function fakeTrainer(script: string, options: TrainerClientOptions = {}): Promise<TrainerClient> {
    const entry = join(await temporaryFolder(), 'fake.mjs');
    await writeFile(entry, script);
    return startTrainer(entry, options);
  }

  const answer = `{ v: 1, type: 'result', id: 1, result: { engines: [] } }`;

  it.each([
    { what: 'nonsense', message: '{ hello: 1 }' },
    { what: 'a message of another version', message: '{ v: 2, type: "result", id: 1, result: {} }' },
    { what: 'an error without a reason', message: '{ v: 1, type: "error", id: 1, problem: {} }' },
  ])('takes $what for a failure, and ends the child', async ({ message }) => {
    const client = await fakeTrainer(`process.on('message', () => process.send(${message}));`);
    const problem = await problemFrom(client.request('engineStatus', common()));
    expect(problem).toMatchObject({ reason: 'protocol' });
    await expectGone(client.processId);
  });

  it('fails a request when the child ends without an answer', async () => {
    const client = await fakeTrainer(`process.on('message', () => process.exit(3));`);
    expect(await problemFrom(client.request('engineStatus', common()))).toEqual({
      reason: 'trainerExited',
      code: 3,
      signal: null,
    });
  });

  it('fails a request when there is nothing to start', async () => {
    const client = startTrainer(join(await temporaryFolder(), 'absent.mjs'));
    expect(await problemFrom(client.request('engineStatus', common()))).toMatchObject({
      reason: 'trainerExited',
      code: 1,
    });
  });

  it('notices a child that hangs, ends it and says so', async () => {
    const client = await fakeTrainer(`process.on('message', () => { for (;;); });`, { silenceMs: 720 });
    const problem = await problemFrom(client.request('engineStatus', common()));
    expect(problem).toEqual({ reason: 'trainerSilent', seconds: 1 });
    await expectGone(client.processId);
  });

  it('waits for a child that is slow but alive', async () => {
    const beat = `setInterval(() => process.send({ v: 1, type: 'heartbeat' }), 100);`;
    const late = `process.on('message', () => setTimeout(() => process.send(${answer}), 2000));`;
    const client = await fakeTrainer(`${beat} ${late}`, { silenceMs: 720 });
    expect(await client.request('engineStatus', common())).toEqual({ engines: [] });
  });

  it('is not misled by a clock that jumps', async () => {
    const client = await fakeTrainer(`process.on('message', () => setTimeout(() => process.send(${answer}), 500));`, {
      silenceMs: 7200,
    });
    const request = client.request('engineStatus', common());
    const now = Date.now();
    vi.spyOn(Date, 'now').mockReturnValue(now + 3_600_000);
    onTestFinished(() => void vi.restoreAllMocks());
    expect(await request).toEqual({ engines: [] });
  });

  it('gets its answer from a child that was stopped for a while', async () => {
    const client = await fakeTrainer(`process.on('message', () => process.send(${answer}));`);
    await vi.waitFor(() => expect(client.isAlive).toBe(true));
    process.kill(client.processId ?? 0, 'SIGSTOP');
    const request = client.request('engineStatus', common());
    process.kill(client.processId ?? 0, 'SIGCONT');
    expect(await request).toEqual({ engines: [] });
  });

  it('ends a child that does not listen', async () => {
    const client = await fakeTrainer(
      `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); process.on('message', () => {});`,
    );
    const request = client.request('engineStatus', common());
    request.catch(() => undefined);
    await client.dispose();
    expect(await problemFrom(request)).toMatchObject({ reason: 'trainerExited', signal: 'SIGKILL' });
    expect(isAlive(client.processId ?? 0)).toBe(false);
  });
});
