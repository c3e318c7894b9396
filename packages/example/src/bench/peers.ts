import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * A long-lived process that does the same work in another library and times it itself, so that start-up is
 * not measured.
 */
export interface Peer {
  /** Library and version, as it reports them. */
  readonly name: string;
  /** Seconds of one measurement. */
  measure(): Promise<number>;
  close(): void;
}

const peerFolder = fileURLToPath(new URL('../../../../tools/peers/', import.meta.url));

/** The names that `runKernelBench` knows peers by. */
export const PEER_NAMES = ['pytorch', 'tfjs'] as const;
export type PeerName = (typeof PEER_NAMES)[number];

/** Starts a peer; returns why not where it cannot run here. */
export async function startPeer(name: PeerName, words: readonly string[]): Promise<Peer | string> {
  const [script, ...rest] = words;
  if (!existsSync(`${peerFolder}${script}`)) {
    return `tools/peers/${script} is not there (peers run from a clone of the repository)`;
  }
  const commands = name === 'pytorch' ? ['python3', '/usr/bin/python3'] : [process.execPath];
  let problem = '';
  for (const command of commands) {
    const started = await start(command, [`${peerFolder}${script}`, ...rest]);
    if (typeof started !== 'string') return started;
    problem ||= started;
  }
  return problem;
}

async function start(command: string, args: readonly string[]): Promise<Peer | string> {
  const child = spawn(command, args, {
    stdio: 'pipe',
    env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
  });
  const { nextLine, problem } = lines(child);
  const ready = await nextLine();
  if (ready === undefined) return problem();
  return {
    name: (JSON.parse(ready) as { version: string }).version,
    async measure() {
      child.stdin.write('\n');
      const line = await nextLine();
      if (line === undefined) throw new Error(`the peer ${args.join(' ')} ended: ${problem()}`);
      return (JSON.parse(line) as { seconds: number }).seconds;
    },
    close() {
      child.stdin.end();
    },
  };
}

/** The JSON lines of a child's standard output one by one, and what it last said on standard error. */
function lines(child: ChildProcessWithoutNullStreams) {
  const waiting: ((line: string | undefined) => void)[] = [];
  const arrived: string[] = [];
  let ended = false;
  let said = '';
  const end = () => {
    ended = true;
    for (const resolve of waiting.splice(0)) resolve(undefined);
  };
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('{')) return;
    const resolve = waiting.shift();
    if (resolve) resolve(line);
    else arrived.push(line);
  });
  child.stderr.on('data', (text: Buffer) => (said = `${said}${text}`.slice(-2000)));
  child.stdin.on('error', () => {}); // a child that has died is reported by its closing
  child.on('error', (error) => {
    said = error.message;
    end();
  });
  child.on('close', end);
  return {
    nextLine: () =>
      new Promise<string | undefined>((resolve) => {
        const line = arrived.shift();
        if (line !== undefined || ended) resolve(line);
        else waiting.push(resolve);
      }),
    problem: () => {
      const all = said.trim().split('\n');
      return all.find((line) => /^\w*Error/.test(line)) ?? all[all.length - 1] ?? 'no message';
    },
  };
}
