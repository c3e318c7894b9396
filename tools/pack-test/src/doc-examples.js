/** The examples in the doc comments of shipped sources whose `// =>` lines state what they give. */
import ts from 'typescript';

/** @typedef {import('./readme-examples.js').Example} Example */

/**
 * The `@example` blocks of a source file that hold a `// =>`.
 *
 * @param {string} source TypeScript
 * @returns {Example[]}
 */
export function docExamples(source) {
  const examples = [];
  for (const comment of source.matchAll(/\/\*\*([\s\S]*?)\*\//g)) {
    const firstLine = source.slice(0, comment.index).split('\n').length;
    const lines = (comment[1] ?? '').split('\n').map((line) => line.replace(/^\s*\* ?/, ''));
    for (let i = 0; i < lines.length; i++) {
      const opening = /(?:^|\s)@example\b[ \t]*(.*)$/.exec(lines[i] ?? '');
      if (!opening) continue;
      let end = i + 1;
      while (end < lines.length && !/^\s*@\w/.test(lines[end] ?? '')) end++;
      const code = [opening[1], ...lines.slice(i + 1, end)]
        .filter((line) => !/^```/.test(line ?? ''))
        .join('\n');
      if (/\/\/ ?=>/.test(code)) examples.push({ line: firstLine + i, code: `${code.trim()}\n` });
      i = end - 1;
    }
  }
  return examples;
}

/**
 * Names that a program uses without declaring them: they must be in scope for it to run.
 *
 * @param {string} code
 * @returns {string[]}
 */
export function freeNames(code) {
  const file = ts.createSourceFile('example.ts', code, ts.ScriptTarget.Latest, true);
  const used = new Set();
  const declared = new Set();
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isIdentifier(node)) {
      const { parent } = node;
      const isMember = ts.isPropertyAccessExpression(parent) && parent.name === node;
      const isKey =
        (ts.isPropertyAssignment(parent) && parent.name === node) ||
        (ts.isBindingElement(parent) && parent.propertyName === node);
      const isDeclaration =
        (ts.isVariableDeclaration(parent) ||
          ts.isParameter(parent) ||
          ts.isBindingElement(parent) ||
          ts.isFunctionDeclaration(parent)) &&
        parent.name === node;
      if (ts.isMetaProperty(parent)) used.add('import.meta');
      else if (isDeclaration) declared.add(node.text);
      else if (!isMember && !isKey && !ts.isTypeNode(parent)) used.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return [...used]
    .filter((name) => !declared.has(name) && !(name in globalThis) && name !== 'undefined')
    .sort();
}
