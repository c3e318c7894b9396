import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, test } from '@jest/globals';

import { arrows } from './arrows.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

const guides = ['README.md', 'FEATURES.md', 'CONTRIBUTING.md', ...documentsIn('docs')];
const readmes = readdirSync(join(root, 'packages'))
  .map((folder) => `packages/${folder}/README.md`)
  .filter((path) => existsSync(join(root, path)));

function documentsIn(folder: string): string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`);
}

/** A document without its code blocks, whose lines keep their numbers. */
function withoutCode(markdown: string): string {
  return markdown.replace(/^ *```[\s\S]*?^ *```/gm, (block) => block.replace(/[^\n]/g, ''));
}

/** Where the links of a document lead, without those to other sites. */
function relativeLinks(markdown: string): string[] {
  return [...withoutCode(markdown).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target as string)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** The rows of the table under a heading, as cells without their code marks. */
function tableUnder(heading: string, markdown: string): string[][] {
  const section = markdown.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
}

describe.each([...guides, ...readmes])('%s', (path) => {
  test('no line of prose is longer than 160 columns', () => {
    const long = withoutCode(textOf(path))
      .split('\n')
      .flatMap((line, i) => (line.length > 160 && !line.startsWith('|') ? [`line ${i + 1}: ${line}`] : []));
    expect(long).toEqual([]);
  });
});

/** GitHub's anchor of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
}

test.each(guides)('every link of %s leads to a file of the repository', (path) => {
  const dead = relativeLinks(textOf(path)).filter((target) => {
    const [file, anchor] = target.split('#') as [string, string?];
    const place = file === '' ? join(root, path) : join(root, dirname(path), file);
    if (!existsSync(place)) return true;
    const headings = anchor === undefined ? [] : readFileSync(place, 'utf8').matchAll(/^#+ (.*)$/gm);
    return (
      anchor !== undefined && ![...headings].some(([, heading]) => anchorOf(heading as string) === anchor)
    );
  });
  expect(dead).toEqual([]);
});

test.each(readmes)('%s, which is read on npm too, has no link into the repository', (path) => {
  expect(relativeLinks(textOf(path)).filter((target) => !target.startsWith('#'))).toEqual([]);
});

test('the index names every document', () => {
  const linked = relativeLinks(textOf('docs/README.md')).map((target) => `docs/${target}`);
  expect(documentsIn('docs').filter((path) => path !== 'docs/README.md' && !linked.includes(path))).toEqual(
    [],
  );
});

describe('docs/architecture.md', () => {
  const text = textOf('docs/architecture.md');
  const packages = readdirSync(join(root, 'packages')).sort();

  test('its arrows are those that lint enforces', () => {
    const stated = Object.fromEntries(
      tableUnder('Arrows', text).map(([from, to]) => [from, to === '–' ? [] : to?.split(', ')]),
    );
    expect(stated).toEqual(Object.fromEntries(packages.map((name) => [name, arrows[name]])));
  });

  test('it says of every package what it holds', () => {
    expect(
      tableUnder('Packages', text)
        .map(([name]) => name)
        .sort(),
    ).toEqual(packages);
  });
});
