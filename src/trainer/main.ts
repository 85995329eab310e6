import { resolve } from 'node:path';
import { inspectData } from './data/inspectData.ts';
import { engineStatus } from './engines.ts';
import { advise } from './requests/advise.ts';
import { check } from './requests/check.ts';
import { compare } from './requests/compare.ts';
import { crossValidate } from './requests/crossValidate.ts';
import { describePlan } from './requests/describe.ts';
import { evaluate } from './requests/evaluate.ts';
import { planCost } from './requests/cost.ts';
import { init } from './requests/init.ts';
import { inspect } from './requests/inspect.ts';
import { planLearningCurve } from './requests/learningCurve.ts';
import { predict } from './requests/predict.ts';
import { planSimilarity } from './requests/similarity.ts';
import { thumbnails } from './requests/thumbnails.ts';
import { train } from './requests/train.ts';
import { trial } from './requests/trial.ts';
import { type Handlers, serve } from './server.ts';

const handlers: Handlers = {
  inspect,
  data: ({ path, heldOut }, { directory, signal }) => inspectData(resolve(directory, path), { signal, heldOut }),
  init,
  advise,
  check,
  train,
  crossValidate,
  trial,
  evaluate,
  compare,
  predict,
  engineStatus: (_, { threads }) => engineStatus(threads),
  describe: describePlan,
  cost: planCost,
  similarity: planSimilarity,
  learningCurve: planLearningCurve,
  thumbnails,
};

// The parent decides when to stop: a Ctrl-C in its terminal reaches this process too, and must not end it in mid-step.
process.on('SIGINT', () => undefined);
// Without a parent nobody hears the result.
process.on('disconnect', () => process.exit(0));

if (!process.send) {
  console.error('The trainer is started by Thaw; run "thaw --help" instead.');
  process.exit(2);
}

serve(
  {
    send: (message) => {
      if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
    },
    onMessage: (listener) => process.on('message', listener),
  },
  handlers,
);
