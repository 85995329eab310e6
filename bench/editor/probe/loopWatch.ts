import { Session } from 'node:inspector/promises';
import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import { type FunctionTime, ownTimes } from '../ownTimes.ts';
import type { LoopTimes } from './protocol.ts';
import { threadMilliseconds } from './threadTime.ts';

const RESOLUTION_MS = 5;
const SAMPLING_MICROSECONDS = 250;

/** A turn of the event loop on the clock of profiles, in microseconds. */
interface Turn {
  milliseconds: number;
  from: number;
  to: number;
}

/** Watches how long the event loop of this process is kept from turning. */
export class LoopWatch {
  private readonly delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private longest: Turn = { milliseconds: 0, from: 0, to: 0 };
  private readonly started = performance.now();
  private readonly timer: NodeJS.Timeout;

  private constructor(private readonly session: Session | null) {
    this.delay.enable();
    let [last, from] = [threadMilliseconds(), microseconds()];
    this.timer = setInterval(() => {
      const [now, to] = [threadMilliseconds(), microseconds()];
      if (now - last > this.longest.milliseconds) this.longest = { milliseconds: now - last, from, to };
      [last, from] = [now, to];
    }, RESOLUTION_MS);
  }

  static async start(profile: boolean): Promise<LoopWatch> {
    if (!profile) return new LoopWatch(null);
    const session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: SAMPLING_MICROSECONDS });
    await session.post('Profiler.start');
    return new LoopWatch(session);
  }

  async stop(): Promise<LoopTimes> {
    clearInterval(this.timer);
    this.delay.disable();
    const { delay, longest, started } = this;
    return {
      longestTurn: longest.milliseconds,
      latest: delay.max / 1e6,
      percentile99: delay.percentile(99) / 1e6,
      seconds: (performance.now() - started) / 1000,
      profile: this.session ? await profileOf(this.session, longest) : [],
    };
  }
}

/** V8 stamps the samples of a profile with this clock. */
function microseconds(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

async function profileOf(session: Session, turn: Turn): Promise<FunctionTime[]> {
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  return ownTimes(profile, [turn.from, turn.to]);
}
