import { describe, expect, it } from 'vitest';
import { type StageResult, STAGES } from '../../bench/measurement.ts';
import { type Benchmark, disagreement, missedStages, renderReport, type Round } from '../../bench/report.ts';

const MILLISECONDS = { forward: 20, head: 0.2, lastBlock: 10, lastThird: 20, lastTwoThirds: 40, all: 90 };
const PEER_MILLISECONDS = { forward: 10, head: 10, lastBlock: 10, lastThird: 12, lastTwoThirds: 15, all: 20 };

function side(times: Record<keyof typeof MILLISECONDS, number>, version: string, check = 1): StageResult[] {
  return STAGES.map((stage) => ({
    stage,
    milliseconds: [1.5 * times[stage], times[stage]],
    peakBytes: 1e9,
    check: [check],
    version,
    microBatch: 16,
  }));
}

function benchmark(rounds: Round[]): Benchmark {
  return {
    date: '2020-02-02',
    load: 0.5,
    machine: {
      processor: 'Processor',
      cores: 2,
      memoryBytes: 8e9,
      system: 'linux x64',
      node: '20.9.0',
    },
    python: '3.11',
    repetitions: { forward: 2 },
    rounds,
    profiles: { all: [{ kernel: 'FusedConv2D 1x1', calls: 34, milliseconds: 300, share: 0.25 }] },
  };
}

const rowOf = (report: string, stage: string): string | undefined =>
  report.split('\n').find((line) => line.startsWith(`| ${stage}`));

describe('report of the benchmark', () => {
  it('compares the best times of each round with the goals', () => {
    const ours = side(MILLISECONDS, 'ours');
    const slower = side({ ...PEER_MILLISECONDS, forward: 20 }, 'peer');
    const report = renderReport(
      benchmark([
        { portable: ours, native: [], peer: side(PEER_MILLISECONDS, 'peer') },
        { portable: ours, native: [], peer: slower },
      ]),
    );
    expect(rowOf(report, 'forward, frozen part')).toBe(
      '| forward, frozen part | portable | 20.0 / 25.0 / 30.0 ms | 10.0 / 17.5 / 30.0 ms | 1.50 (1.00 to 2.00) | <= 2.5 | met |',
    );
  });

  it('names the stages whose time misses the goal', () => {
    const peer = side({ ...PEER_MILLISECONDS, all: 15 }, 'peer');
    const rounds = [{ portable: side(MILLISECONDS, 'ours'), native: side(PEER_MILLISECONDS, 'ours'), peer }];
    expect(missedStages(rounds, 'portable')).toEqual(['all']);
    expect(missedStages(rounds, 'native')).toEqual(['head', 'lastBlock', 'all']);
    expect(rowOf(renderReport(benchmark(rounds)), 'all layers | portable')).toContain(
      '| 6.00 (6.00 to 6.00) | <= 5 | missed |',
    );
  });

  it('calls nothing of the peer measured where it is not installed', () => {
    const report = renderReport(benchmark([{ portable: side(MILLISECONDS, 'ours'), native: [], peer: [] }]));
    expect(rowOf(report, 'last block + head')).toBe(
      '| last block + head | portable | 10.0 / 12.5 / 15.0 ms | not measured | not measured | <= 1.5 | not measured |',
    );
    expect(report).toContain('Keras: not installed, so not measured');
    expect(report).not.toMatch(/\| (met|missed) \|/);
  });

  it('lists the kernels of a profile', () => {
    const report = renderReport(benchmark([{ portable: side(MILLISECONDS, 'ours'), native: [], peer: [] }]));
    expect(report).toContain('| FusedConv2D 1x1 | 34 | 300.0 | 25.0 % |');
  });

  it('finds the largest difference between the results of the two sides', () => {
    const ours = side(MILLISECONDS, 'ours', 1.1);
    expect(
      disagreement([{ portable: ours, native: [], peer: side(PEER_MILLISECONDS, 'peer') }], 'portable'),
    ).toBeCloseTo(0.1, 6);
    expect(disagreement([{ portable: ours, native: [], peer: [] }], 'portable')).toBeNull();
  });
});
