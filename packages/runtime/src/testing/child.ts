import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A fixture that runs as a process of its own. Fixtures import the compiled package. */
export interface Child {
  readonly process: ChildProcess;
  /** Resolves as soon as standard output or standard error holds the text. */
  said(text: string): Promise<void>;
  readonly ended: Promise<{
    readonly code: number | null;
    readonly signal: string | null;
    readonly stdout: string;
    readonly stderr: string;
  }>;
}

export interface Fixture {
  /** File in `fixtures/`. */
  readonly name: string;
  /**
   * No file may grow beyond so many blocks (of 512 or 1,024 bytes, as the shell has it): a full disk for one
   * process.
   */
  readonly maxFileBlocks?: number;
  /** Run it in a PID namespace of its own, as in a container. Needs `unshare` and the right to use it. */
  readonly ownPids?: boolean;
}

/** The advice of the error that `maxFileBlocks` leads to. */
export const FILE_TOO_LARGE =
  'the file would pass the size limit of this file system or shell (ulimit -f); raise it or choose another folder';

export function startFixture(
  { name, maxFileBlocks, ownPids = false }: Fixture,
  ...parameters: string[]
): Child {
  const command = [
    process.execPath,
    fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url)),
    ...parameters,
  ];
  const limited =
    maxFileBlocks === undefined
      ? command
      : ['/bin/sh', '-c', `ulimit -f ${maxFileBlocks}; exec "$@"`, 'sh', ...command];
  const separate = ownPids
    ? ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child', ...limited]
    : limited;
  const child = spawn(separate[0] as string, separate.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (text: string) => (output[stream] += text));
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => ({
    code: code as number | null,
    signal: signal as string | null,
    ...output,
  }));
  return {
    process: child,
    ended,
    said: async (text) => {
      const heard = () => output.stdout.includes(text) || output.stderr.includes(text);
      while (!heard()) {
        const more = [once(child.stdout, 'data'), once(child.stderr, 'data')];
        if ((await Promise.race([...more, ended.then(() => 'ended' as const)])) === 'ended' && !heard()) {
          throw new Error(`${name} ended without saying "${text}": ${output.stderr}`);
        }
      }
    },
  };
}
