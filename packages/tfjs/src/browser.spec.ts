import { describe, expect, test } from '@jest/globals';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PageResult } from './testing/page/train.js';

const here = dirname(fileURLToPath(import.meta.url));
const chromiumFlags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] as const;

/** A Chromium to test in, or why there is none. */
type ChromiumSearch = { readonly name: string } | { readonly reason: string };

/**
 * The first of these programs that is there and starts: some are installed where they cannot run, as in
 * containers without their libraries.
 */
function findChromium(
  names: readonly string[] = ['chromium', 'chromium-browser', 'google-chrome'],
): ChromiumSearch {
  const failures: string[] = [];
  for (const name of names) {
    const profile = mkdtempSync(join(tmpdir(), 'metadescent-tfjs-probe-'));
    try {
      execFileSync(name, [...chromiumFlags, `--user-data-dir=${profile}`, '--dump-dom', 'about:blank'], {
        stdio: 'ignore',
        timeout: 60_000,
      });
      return { name };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        failures.push(`${name} does not start (${(error as Error).message.split('\n')[0]})`);
    } finally {
      rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    }
  }
  return { reason: failures.join('; ') || 'no Chromium was found; on Debian: apt-get install chromium' };
}

const found = findChromium();
const chromium = 'name' in found ? found.name : undefined;
if ('reason' in found) process.stderr.write(`browser.spec: skipped, ${found.reason}\n`);

describe('where no Chromium can be had, the test is skipped and says why', () => {
  test('none is installed', () => {
    expect(findChromium(['no-such-chromium'])).toEqual({
      reason: 'no Chromium was found; on Debian: apt-get install chromium',
    });
  });

  test('one is installed and does not start', () => {
    expect(findChromium(['no-such-chromium', 'false'])).toEqual({
      reason: expect.stringMatching(/^false does not start \(Command failed: false --headless/),
    });
  });

  test('one that starts is taken after one that does not', () => {
    expect(findChromium(['false', 'true'])).toEqual({ name: 'true' });
  });
});

/** Bundles the page as a user would, with Vite and no settings but where things are. */
function bundle(out: string): void {
  const require = createRequire(import.meta.url);
  const vite = join(dirname(require.resolve('vite/package.json')), 'bin/vite.js');
  const page = join(here, 'testing/page');
  const built = [
    'build',
    page,
    '--config',
    join(here, 'testing/page/vite.config.mjs'),
    '--outDir',
    out,
    '--emptyOutDir',
    '--logLevel',
    'error',
  ];
  execFileSync(process.execPath, [vite, ...built], { stdio: ['ignore', 'ignore', 'pipe'] });
  const wasm = dirname(require.resolve('@tensorflow/tfjs-backend-wasm'));
  for (const file of readdirSync(wasm).filter((name) => name.endsWith('.wasm')))
    copyFileSync(join(wasm, file), join(out, file));
}

const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

(chromium ? test : test.skip)(
  'a page that Vite bundles trains a small model in headless Chromium',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'metadescent-tfjs-page-'));
    let finish: (text: string) => void = () => undefined;
    const finished = new Promise<string>((resolve) => (finish = resolve));
    const server = createServer((request, response) => {
      const path = decodeURIComponent((request.url ?? '/').split('?')[0] as string);
      if (path === '/result') {
        let text = '';
        request.on('data', (chunk: Buffer) => (text += chunk.toString()));
        request.on('end', () => {
          response.end();
          finish(text);
        });
        return;
      }
      try {
        const file = join(folder, path === '/' ? 'index.html' : path);
        const body = readFileSync(file);
        response
          .writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' })
          .end(body);
      } catch {
        response.writeHead(404).end();
      }
    });
    let browser: ChildProcess | undefined;
    try {
      bundle(folder);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      browser = spawn(
        chromium as string,
        [...chromiumFlags, `--user-data-dir=${join(folder, 'profile')}`, url],
        { stdio: 'ignore' },
      );
      browser.on('close', () => finish('{"error": "Chromium ended before the page did"}'));
      const result = JSON.parse(await finished) as PageResult;
      expect(result).toMatchObject({ backend: 'tfjs wasm simd' });
      expect(result.last).toBeLessThan(0.7 * result.first);
      const times = Object.entries(result.millisecondsPerStep).map(
        ([name, time]) => `${name} ${time.toFixed(2)} ms`,
      );
      process.stdout.write(`headless Chromium, per step of fit: ${times.join(', ')}\n`);
    } finally {
      // Until it has ended it writes into its profile, which could then not be removed.
      if (browser && browser.exitCode === null)
        await new Promise((resolve) => browser?.once('exit', resolve).kill());
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    }
  },
  300_000,
);
