#!/usr/bin/env node
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { BASELINES } from '../shared/baseline.ts';
import { describeProblem, isInputProblem, problemOf } from '../shared/errors.ts';
import { LEAST_FOLDS, MOST_FOLDS } from '../shared/foldPooling.ts';
import type { PlanSetting } from '../shared/planOverrides.ts';
import { MOST_THREADS, parseThreads, type ThreadChoice } from '../shared/threads.ts';
import { THAW_VERSION } from '../shared/version.ts';
import { adviseCommand } from './adviseCommand.ts';
import { cacheCommand } from './cacheCommand.ts';
import * as commands from './commands.ts';
import { compareCommand } from './compareCommand.ts';
import { crossValidateCommand } from './crossValidateCommand.ts';
import { ENGINE_ACTIONS, engineCommand, INSTALL_SOURCES } from './engineCommand.ts';
import { trialCommand } from './trialCommand.ts';

function integer(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 4294967295) {
    throw new InvalidArgumentError('it must be a whole number from 0 to 4294967295.');
  }
  return value;
}

function megabytes(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError('it must be a number of megabytes above 0, such as 4000.');
  }
  return value;
}

/** One `KEY=VALUE` more: the value is JSON, or a text as it stands. */
function setting(text: string, earlier: PlanSetting[] = []): PlanSetting[] {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined)
    throw new InvalidArgumentError('it must be KEY=VALUE, such as optimizer.headLearningRate=3e-4.');
  return [...earlier, { key, value: valueOf(value) }];
}

function valueOf(text: string): PlanSetting['value'] {
  try {
    return JSON.parse(text) as PlanSetting['value'];
  } catch {
    return text;
  }
}

function imageCount(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('it must be a whole number above 0.');
  return value;
}

function foldCount(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < LEAST_FOLDS || value > MOST_FOLDS) {
    throw new InvalidArgumentError(`it must be a whole number from ${LEAST_FOLDS} to ${MOST_FOLDS}.`);
  }
  return value;
}

function threadChoice(text: string): ThreadChoice {
  const threads = parseThreads(text);
  if (threads === null) throw new InvalidArgumentError(`it must be auto or a whole number from 1 to ${MOST_THREADS}.`);
  return threads;
}

/** What Commander says about a usage error, suggestions included, as one line. */
function usageLine(text: string): string {
  return `${text.trim().replace(/\s*\n\s*/g, ' ')} Run thaw --help for the commands and their options.\n`;
}

function createProgram(onExitCode: (code: number) => void): Command {
  const program = new Command('thaw')
    .description('Fine-tunes a pretrained network on your own images.')
    .version(THAW_VERSION)
    .configureOutput({ outputError: (text, write) => write(usageLine(text)) })
    .exitOverride();
  const command = (usage: string, description: string): Command =>
    program
      .command(usage)
      .description(description)
      .option('--json', 'machine-readable output')
      .option('--quiet', 'no progress and no remarks')
      .addOption(
        new Option('--engine <name>', 'engine to compute with').choices(['auto', 'native', 'portable']).default('auto'),
      )
      .option('--threads <number>', 'threads of the portable engine, or auto: what is quickest here', threadChoice)
      .option('--seed <number>', 'seed of all random numbers', integer)
      .exitOverride();
  const run =
    <Arguments extends unknown[]>(action: (...values: Arguments) => Promise<number>) =>
    async (...values: Arguments): Promise<void> =>
      onExitCode(await action(...values));

  command('inspect <model>', 'layers and blocks of a model').action(run(commands.inspectCommand));
  command('data <folder>', 'what a data folder holds').action(run(commands.dataCommand));
  command('init', 'writes the recommended plan')
    .requiredOption('--model <model>', 'folder, model.json, catalog name or run')
    .requiredOption('--data <folder>', 'labelled images')
    .option('-o, --output <file>', 'plan file to write')
    .addOption(
      new Option('--similarity <level>', 'how like the images are to what the network knows').choices(['low', 'high']),
    )
    .action(run(commands.initCommand));
  command('advise', 'how much data, how like what the network knows, and what follows')
    .requiredOption('--model <model>', 'folder, model.json, catalog name or run')
    .requiredOption('--data <folder>', 'labelled images')
    .option('--images <number>', 'how many images to measure on, about as many of each class', imageCount)
    .option('--no-measure', 'goes by the amount of data alone')
    .option('--learning-curve', 'measures whether more images would help')
    .action(run(adviseCommand));
  const memoryOption = (): Option =>
    new Option('--memory <megabytes>', 'most memory for training; default: half of what is free').argParser(megabytes);
  command('check <plan>', 'validates a plan and predicts its cost')
    .addOption(memoryOption())
    .action(run(commands.checkCommand));
  command('train <plan>', 'trains a plan')
    .option('--run <folder>', 'folder of the new run')
    .addOption(new Option('--resume <run>', 'continues a run from its checkpoint').conflicts(['run', 'from']))
    .option('--from <run>', 'starts from the weights of an earlier run')
    .option('--set <key=value>', 'trains with another value than the plan states, such as phases.0.epochs=3', setting)
    .addOption(
      new Option('--baseline <kind>', 'trains what the plan is compared with, under the same budget')
        .choices(BASELINES)
        .conflicts('from'),
    )
    .addOption(memoryOption())
    .addOption(
      new Option('--folds <number>', 'cross-validates: a run for each of this many parts of the images')
        .argParser(foldCount)
        .conflicts(['resume', 'from']),
    )
    .action(
      run((plan: string, options: Parameters<typeof commands.trainCommand>[1] & { folds?: number }) =>
        options.folds === undefined
          ? commands.trainCommand(plan, options)
          : crossValidateCommand(plan, { ...options, folds: options.folds }),
      ),
    );
  command('trial <plan>', 'tries the recommended plan and its challenger, short and on the same folds')
    .addOption(
      new Option('--folds <number>', 'parts of the images; each plan is trained once for each').argParser(foldCount),
    )
    .option('--run <folder>', 'folder of the runs; of a trial that was stopped, goes on with it')
    .addOption(memoryOption())
    .action(run(trialCommand));
  command('evaluate <model>', 'accuracy of a run or model on labelled images')
    .option('--data <folder>', 'labelled images; without it, those that the run held out')
    .action(run(commands.evaluateCommand));
  command('compare <models...>', 'which of several runs, models or cross-validations is better, on the same images')
    .option('--data <folder>', 'labelled images; without it, those of the folds of cross-validations')
    .action(run(compareCommand));
  command('predict <model> <files...>', 'classes of images').action(run(commands.predictCommand));
  command('runs [folder]', 'lists runs').action(run(commands.runsCommand));
  command('engine', 'which engines work here; installs or removes the native one')
    .addArgument(new Argument('[action]', 'what to do').choices(ENGINE_ACTIONS).default('status'))
    .addOption(new Option('--source <name>', 'where to get the native engine from').choices(INSTALL_SOURCES))
    .addOption(
      new Option(
        '--from <folder>',
        'takes it from an installed tfjs-node, libtensorflow or Python tensorflow',
      ).conflicts('source'),
    )
    .action(run(engineCommand));
  command('cache [action]', 'what is kept of images for other runs: status, clear').action(
    run((action: string | undefined, options: Parameters<typeof cacheCommand>[1]) =>
      cacheCommand(action ?? 'status', options),
    ),
  );
  return program;
}

async function main(): Promise<number> {
  let exitCode = commands.EXIT_DONE;
  try {
    await createProgram((code) => (exitCode = code)).parseAsync();
    return exitCode;
  } catch (error) {
    // Commander has printed its own message; only its help and version are no mistakes.
    if (error instanceof CommanderError) return error.exitCode === 0 ? commands.EXIT_DONE : commands.EXIT_INPUT;
    const problem = problemOf(error);
    if (problem.reason === 'cancelled') return commands.EXIT_INTERRUPTED;
    process.stderr.write(`${describeProblem(problem)}\n`);
    return isInputProblem(problem) ? commands.EXIT_INPUT : commands.EXIT_FAILED;
  }
}

process.exitCode = await main();
