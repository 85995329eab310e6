import { describe, expect, it } from 'vitest';
import { type Measured, type Subject, SUBJECTS } from '../../bench/editor/measured.ts';
import { ownTimes } from '../../bench/editor/ownTimes.ts';
import { isMet, renderReport } from '../../bench/editor/report.ts';
import { scriptTime, type TraceEvent } from '../../bench/editor/traceTimes.ts';

const measured = (subject: Subject, values: number[]): Measured => ({ subject, values, note: null, profile: [] });

function report(all: Measured[]): string {
  return renderReport({
    date: '2020-02-02',
    load: { before: 0.5, after: 1 },
    machine: { processor: 'Processor', cores: 2, memoryBytes: 8e9, system: 'linux x64', node: '20.9.0' },
    versions: { vscode: '1.100.0', node: '24.0.0', browser: '156.0' },
    measured: all,
  });
}

describe('report of the editor', () => {
  it('judges by the median, and where a goal speaks of everything by the largest', () => {
    expect(isMet(measured('redrawDelta', [7, 8, 30]))).toBe(true);
    expect(isMet(measured('redrawDelta', [7, 8.1, 9]))).toBe(false);
    expect(isMet(measured('hostTurn', [3, 4, 50]))).toBe(true);
    expect(isMet(measured('hostTurn', [3, 4, 51]))).toBe(false);
    expect(report([measured('redrawDelta', [7, 8, 30])])).toContain(
      '| redraw of eight runs, more steps | 7.00 / 8.00 / 30.0 | 3 | median <= 8 | met |',
    );
  });

  it('has a row of its own for every subject, whatever the order', () => {
    const all = SUBJECTS.map((subject) => measured(subject, [1000]));
    const rows = report([...all].reverse())
      .split('\n')
      .filter((line) => line.endsWith('| missed |'));
    expect(new Set(rows.map((row) => row.split('|')[1])).size).toBe(SUBJECTS.length);
    expect(report([...all].reverse())).toBe(report(all));
  });

  it('tells where the time goes of what was profiled', () => {
    const profile = [{ name: 'draw (webview.js:3)', milliseconds: 1.25 }];
    expect(report([{ ...measured('redrawDelta', [9]), profile }])).toContain('| `draw (webview.js:3)` | 1.25 |');
    expect(report([measured('redrawDelta', [9])])).not.toContain('function |');
  });
});

describe('script time of a trace', () => {
  const place = { pid: 1, tid: 2 };
  const complete = (name: string, ts: number, dur: number, url?: string): TraceEvent => {
    return {
      ...place,
      name,
      ph: 'X',
      ts,
      dur,
      tts: ts / 2,
      tdur: dur / 2,
      ...(url ? { args: { data: { url } } } : {}),
    };
  };
  const mark = (name: string, ts: number): TraceEvent => {
    return { ...place, name, cat: 'blink.user_timing', ph: 'I', ts, tts: ts / 2 };
  };
  const OWN = 'https://host/dist/webview.js';

  it('is the rest of the task and the calls after it, each once, on the clock of the thread', () => {
    const events = [
      complete('ThreadControllerImpl::RunTask', 1000, 9000),
      mark('action 0', 2000),
      complete('FunctionCall', 20_000, 4000, OWN),
      // Within the one before.
      complete('FunctionCall', 21_000, 1000, OWN),
      complete('FunctionCall', 26_000, 4000, 'https://host/workbench.js'),
      { ...complete('FunctionCall', 27_000, 4000, OWN), tid: 3 },
      mark('drawn 0', 30_000),
      complete('FunctionCall', 31_000, 4000, OWN),
    ];
    // Half of (10,000 - 2,000) and of 4,000 microseconds.
    expect(scriptTime(events, 0)).toBe(6);
  });
});

describe('own times of a profile', () => {
  it('add up by function and leave out what is no script or out of the time', () => {
    const frame = (
      functionName: string,
      url = '',
      lineNumber = -1,
    ): { functionName: string; url: string; lineNumber: number } => ({
      ...{ functionName, url, lineNumber },
    });
    const nodes = [
      { id: 1, callFrame: frame('(idle)') },
      { id: 2, callFrame: frame('draw', 'https://host/dist/webview.js', 2) },
      { id: 3, callFrame: frame('lineTo') },
    ];
    const profile = { nodes, samples: [2, 1, 3, 2, 2], timeDeltas: [1000, 5000, 500, 2000, 4000], startTime: 10_000 };
    expect(ownTimes(profile)).toEqual([
      { name: 'draw (webview.js:3)', milliseconds: 7 },
      { name: 'lineTo', milliseconds: 0.5 },
    ]);
    // Samples are at 11, 16, 16.5, 18.5 and 22.5 ms.
    expect(ownTimes(profile, [16_000, 19_000])).toEqual([
      { name: 'draw (webview.js:3)', milliseconds: 2 },
      { name: 'lineTo', milliseconds: 0.5 },
    ]);
  });
});
