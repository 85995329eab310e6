import { problemOf } from '../shared/errors.ts';
import { freezeProofSchema, proveFreeze, type FreezeProofReply } from './freezeProof.ts';

/**
 * A process that proves a freeze: `FreezeProofArguments` come as one message or, started without a channel, as JSON in
 * the first argument; the reply goes back the same way or to stdout.
 */
async function answer(input: unknown): Promise<FreezeProofReply> {
  try {
    const { sourceModel, savedModel, frozenNames, sourceNames } = freezeProofSchema.parse(input);
    const names = new Map(Object.entries(sourceNames ?? {}));
    return { proof: await proveFreeze(sourceModel, savedModel, frozenNames, names) };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}

// A Ctrl-C in the terminal reaches every process; the trainer decides what it means.
process.on('SIGINT', () => undefined);

if (process.send) {
  process.once('message', (message) => {
    void answer(message).then((reply) => process.send?.(reply, () => process.disconnect()));
  });
} else {
  const reply = await answer(JSON.parse(process.argv[2] ?? 'null'));
  process.stdout.write(`${JSON.stringify(reply)}\n`);
  process.exitCode = 'problem' in reply ? 1 : 0;
}
