/**
 * Kills trainings with `kill -9` at random moments, resumes them, and compares the bytes with a training that
 * was left alone:
 *
 *     node kill-test.mjs [--kills 20] [--seed 1] [meta-training policy-search fine-tuning]
 *
 * Exits with 1 if one run ends with other bytes, or does not resume.
 */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { createKey } from '@metadescent/core';

const PROGRAM = fileURLToPath(new URL('./short-run.mjs', import.meta.url));
const KINDS = ['meta-training', 'policy-search', 'fine-tuning'];
/** What tells one process from another: clocks, machines, and TensorBoard's file per process. */
const OF_ONE_PROCESS = /^(environment\.json|timing\.jsonl|events\.out\..*)$/;
/** What a run folder holds before its training is finished. */
const OF_A_RUN_UNDER_WAY = ['config.json', 'metrics.jsonl', 'checkpoints'];

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { kills: { type: 'string', default: '20' }, seed: { type: 'string', default: '1' } },
});
const kinds = positionals.length > 0 ? positionals : KINDS;
const kills = Number(values.kills);
const folder = mkdtempSync(join(tmpdir(), 'kill-test-'));
let failed = 0;
for (const kind of kinds) {
  const reference = join(folder, kind);
  const started = performance.now();
  const whole = await ended(start(kind, reference));
  const duration = performance.now() - started;
  if (whole.code !== 0) throw new Error(`${kind} ended with ${whole.code}: ${whole.stderr}`);
  const expected = contents(reference);
  process.stdout.write(
    `${kind}: ${(duration / 1000).toFixed(1)} s undisturbed, ${Object.keys(expected).length} files compared\n`,
  );

  const moments = createKey(Number(values.seed)).fold(kind).uniform(kills);
  let same = 0;
  for (let kill = 0; kill <= kills; kill++) {
    const directory = join(folder, `${kind}-${kill}`);
    const moment = kill < kills ? moments[kill] * duration : undefined;
    const trouble =
      moment === undefined
        ? await resumeBeforeResults(kind, reference, directory)
        : await killAndResume(kind, directory, moment);
    const difference = trouble ?? differenceOf(expected, contents(directory));
    if (difference === undefined) {
      same++;
      rmSync(directory, { recursive: true });
    } else {
      const when = moment === undefined ? 'before its results' : `after ${(moment / 1000).toFixed(2)} s`;
      process.stdout.write(`${kind}, killed ${when}: ${difference}; the run is kept in ${directory}\n`);
    }
  }
  process.stdout.write(
    `${kind}: ${same} of ${kills + 1} runs ended with the same bytes (${kills} random moments, and one before the results)\n`,
  );
  failed += kills + 1 - same;
}
if (failed === 0) rmSync(folder, { recursive: true });
else process.exitCode = 1;

/**
 * Kills a training after so many milliseconds and resumes it to its end. Returns what went wrong, if anything
 * did.
 */
async function killAndResume(kind, directory, milliseconds) {
  const child = start(kind, directory);
  const first = ended(child);
  await Promise.race([wait(milliseconds), first]);
  child.kill('SIGKILL');
  const { code, signal, stderr } = await first;
  if (signal !== 'SIGKILL' && code !== 0) return `ended with ${code} before it was killed: ${stderr}`;
  // Before the configuration is written there is no run to resume.
  const resume = existsSync(join(directory, 'config.json')) ? ['--resume'] : [];
  const second = await ended(start(kind, directory, ...resume));
  return second.code === 0 ? undefined : `did not resume (${second.code}): ${second.stderr}`;
}

/** The moment that chance seldom meets: after the last checkpoint, before anything that is written at the end. */
async function resumeBeforeResults(kind, reference, directory) {
  cpSync(reference, directory, { recursive: true });
  for (const name of readdirSync(directory)) {
    if (!OF_ONE_PROCESS.test(name) && !OF_A_RUN_UNDER_WAY.includes(name)) rmSync(join(directory, name));
  }
  const { code, stderr } = await ended(start(kind, directory, '--resume'));
  return code === 0 ? undefined : `did not resume (${code}): ${stderr}`;
}

function start(kind, directory, ...parameters) {
  return spawn(process.execPath, [PROGRAM, kind, directory, ...parameters], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

/** @returns {Promise<{ code: number | null, signal: string | null, stderr: string }>} */
function ended(child) {
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stderr }));
  });
}

/** Every file of a run that may not depend on interruptions, with its bytes. */
function contents(directory) {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !OF_ONE_PROCESS.test(entry.name),
  );
  return Object.fromEntries(
    files.map(({ name, parentPath }) => [
      join(parentPath, name).slice(directory.length + 1),
      readFileSync(join(parentPath, name), 'hex'),
    ]),
  );
}

function differenceOf(expected, found) {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])].filter(
    (name) => expected[name] !== found[name],
  );
  return names.length === 0 ? undefined : `other bytes in ${names.join(', ')}`;
}
