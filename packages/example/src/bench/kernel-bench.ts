import { median } from '@metadescent/core';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type KernelEngine, type PeakProbe, wasmEngine, wasmPeakProbe } from '@metadescent/kernels';
import { availableTargets, nativeEngine, nativePeakProbe } from '@metadescent/kernels/node';
import { cpuSeconds } from './cpu-time.js';
import { PEER_NAMES, type Peer, type PeerName, startPeer } from './peers.js';
import { twoWorkerGain } from './two-workers.js';
import { type Work, benchWorks } from './works.js';

/** One participant at one work. */
export interface KernelBenchRow {
  readonly work: string;
  /** Engine or library, with what exactly ran. */
  readonly participant: string;
  /** Processor time, the median over the repetitions. */
  readonly seconds: number;
  /** Floating-point operations of the work's matrix products, without any that are done twice. */
  readonly flops: number;
  /** Share of the peak of its instruction set, measured in the same turns; engines only. */
  readonly shareOfPeak?: number;
  /**
   * Medians of the peers' times over this one's in the same turn, by participant: above 1 this one is faster;
   * engines only.
   */
  readonly speedup: Readonly<Record<string, number>>;
  /** Throughput of two workers over one, where asked for. */
  readonly twoWorkers?: number;
}

/** Peak memory above idle of a 100-step unroll of 15,910 coordinates. */
export interface MemoryBenchRow {
  readonly work: string;
  readonly participant: string;
  readonly megabytes: number;
}

export interface KernelBenchOptions {
  /** Peers to start; one that cannot run is said so and left out. Default all. */
  readonly peers?: readonly PeerName[];
  /** Turns; in each, every participant does its work once. Default 15. */
  readonly repetitions?: number;
  /** Default the works of `benchWorks`. */
  readonly works?: readonly Work[];
  /** Whether workers and memory are measured too, which needs the compiled package. Default true. */
  readonly processes?: boolean;
  /** Receives progress, and the table at the end, line by line. */
  readonly log?: (line: string) => void;
}

/**
 * Times kernels and peers side by side, in turns within one run, so that a change of the machine's speed
 * meets all of them alike; ratios are taken within a turn, then their median. Times are processor times (see
 * `cpuSeconds`), for peers too.
 */
export async function runKernelBench(
  options: KernelBenchOptions = {},
): Promise<(KernelBenchRow | MemoryBenchRow)[]> {
  const {
    peers = PEER_NAMES,
    repetitions = 15,
    works = benchWorks(),
    processes = true,
    log = () => {},
  } = options;
  const participants = engines(log);
  const rows: (KernelBenchRow | MemoryBenchRow)[] = [];
  for (const [index, work] of works.entries()) {
    log(`measuring: ${work.name}`);
    const measured = await measureWork(work, participants, peers, repetitions, log);
    for (const row of measured) {
      const engine = participants.find(({ engine }) => engine.detail === row.participant)?.engine;
      rows.push(
        processes && work.twoWorkers && engine
          ? { ...row, twoWorkers: await twoWorkerGain(engine.name, index, Math.min(repetitions, 5)) }
          : row,
      );
    }
  }
  if (processes) {
    for (const { engine } of participants) rows.push(await peakMemory(engine));
  }
  for (const line of kernelBenchTable(rows)) log(line);
  return rows;
}

interface Participant {
  readonly engine: KernelEngine;
  readonly probe: PeakProbe;
}

function engines(log: (line: string) => void): Participant[] {
  const { engine, reason } = nativeEngine();
  if (!engine) log(`no native engine: ${reason}`);
  return [
    ...(engine ? [{ engine, probe: nativePeakProbe(availableTargets()[0] ?? 'baseline') }] : []),
    { engine: wasmEngine(), probe: wasmPeakProbe() },
  ];
}

async function measureWork(
  work: Work,
  participants: readonly Participant[],
  peerNames: readonly PeerName[],
  repetitions: number,
  log: (line: string) => void,
): Promise<KernelBenchRow[]> {
  const ours = participants.map(({ engine, probe }) => ({
    name: engine.detail,
    run: work.prepare(engine),
    probe,
    seconds: [] as number[],
    shares: [] as number[],
  }));
  const peers: { peer: Peer; seconds: number[] }[] = [];
  for (const name of peerNames) {
    const words = work.peers[name];
    if (!words) continue;
    const peer = await startPeer(name, words);
    if (typeof peer === 'string') log(`no ${name}: ${peer}`);
    else peers.push({ peer, seconds: [] });
  }
  try {
    // The first turn warms caches and just-in-time compilers, and does not count.
    for (let turn = -1; turn < repetitions; turn++) {
      for (const { run, probe, seconds, shares } of ours) {
        const time = cpuSeconds(() => {
          for (let i = 0; i < work.timesPerMeasurement; i++) run();
        });
        const own = time / work.timesPerMeasurement;
        const peak = measurePeak(probe);
        if (turn < 0) continue;
        seconds.push(own);
        shares.push(work.flops / own / peak);
      }
      for (const { peer, seconds } of peers) {
        const time = await peer.measure();
        if (turn >= 0) seconds.push(time);
      }
    }
  } finally {
    for (const { peer } of peers) peer.close();
  }
  const common = { work: work.name, flops: work.flops };
  return [
    ...ours.map(({ name, seconds, shares }) => ({
      ...common,
      participant: name,
      seconds: median(seconds),
      shareOfPeak: median(shares),
      speedup: Object.fromEntries(
        peers.map(({ peer, seconds: theirs }) => [
          peer.name,
          median(theirs.map((time, turn) => time / (seconds[turn] as number))),
        ]),
      ),
    })),
    ...peers.map(({ peer, seconds }) => ({
      ...common,
      participant: peer.name,
      seconds: median(seconds),
      speedup: {},
    })),
  ];
}

/** Floating-point operations per second of the probe, over about 4 ms. */
function measurePeak(probe: PeakProbe): number {
  const iterations = 1_000_000;
  return (probe.flopsPerIteration * iterations) / cpuSeconds(() => probe.run(iterations));
}

async function peakMemory(engine: KernelEngine): Promise<MemoryBenchRow> {
  const probe = fileURLToPath(new URL('./memory-probe.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [probe, engine.name]);
  return {
    work: 'peak memory above idle, 100-step unroll, 2x20 LSTM, 15910 coordinates',
    participant: engine.detail,
    megabytes: (JSON.parse(stdout) as { megabytes: number }).megabytes,
  };
}

/** The rows as lines of text. */
export function kernelBenchTable(rows: readonly (KernelBenchRow | MemoryBenchRow)[]): string[] {
  const lines: string[] = [];
  let work = '';
  for (const row of rows) {
    if (row.work !== work) {
      work = row.work;
      lines.push('', 'flops' in row ? `${work} (${(row.flops / 1e9).toPrecision(3)} GFLOP)` : work);
    }
    if ('megabytes' in row) {
      lines.push(`  ${row.participant.padEnd(28)} ${row.megabytes.toFixed(0).padStart(8)} MB`);
      continue;
    }
    const facts = [
      row.shareOfPeak === undefined ? '' : `${(100 * row.shareOfPeak).toFixed(0)} % of peak`,
      ...Object.entries(row.speedup).map(([peer, ratio]) => `${ratio.toPrecision(3)}x ${peer}`),
      row.twoWorkers === undefined ? '' : `two workers ${row.twoWorkers.toFixed(2)}x`,
    ];
    lines.push(
      `  ${row.participant.padEnd(28)} ${milliseconds(row.seconds).padStart(11)}  ${facts.filter(Boolean).join(', ')}`,
    );
  }
  return lines;
}

function milliseconds(seconds: number): string {
  return `${(1000 * seconds).toPrecision(4)} ms`;
}
