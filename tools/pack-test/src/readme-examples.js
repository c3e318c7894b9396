/**
 * The runnable examples of a README, and how a `// =>` line becomes a check.
 *
 * Every block marked ```js is one ES module that must run with plain node. A comment `// => value` after a
 * statement states what it gives: the value of an expression, the value bound by a `const`, or what a
 * `console.log` prints. Blocks marked otherwise (```ts, ```sh) are not run. A first line `// name.mjs` names the
 * file of a block, so that later blocks of the same document can import it.
 */
import ts from 'typescript';

/**
 * @typedef {object} Example
 * @property {number} line of the README where the code starts, from 1
 * @property {string} code
 * @property {string} [file] the name that its first line gives it
 */

/**
 * The blocks marked ```js, in order.
 *
 * @param {string} markdown
 * @returns {Example[]}
 */
export function readmeExamples(markdown) {
  const examples = [];
  for (const match of markdown.matchAll(/^```js\s*\n([\s\S]*?)^```\s*$/gm)) {
    const line = markdown.slice(0, match.index).split('\n').length + 1;
    const code = match[1] ?? '';
    const file = /^\/\/ ([a-z0-9-]+\.mjs)\n/.exec(code)?.[1];
    examples.push({ line, code, ...(file !== undefined && { file }) });
  }
  return examples;
}

/**
 * The same program with each `// => value` turned into a call of `check(actual, 'value', line)`, which the
 * module at `checker` exports.
 *
 * @param {Example} example
 * @param {string} checker module specifier
 * @returns {{ code: string, checks: number }}
 * @throws Error where a `// =>` stands after something that has no value.
 */
export function instrument({ code, line: firstLine }, checker) {
  const source = ts.createSourceFile('example.mjs', code, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  /** @type {{ start: number, end: number, text: string }[]} */
  const edits = [];
  let checks = 0;
  let claims = 0;

  /** @param {ts.Node} node */
  const visit = (node) => {
    const claim = ts.isStatement(node) && !ts.isBlock(node) ? claimAfter(node) : undefined;
    if (claim) {
      const [expected, line] = claim;
      checks++;
      if (ts.isExpressionStatement(node)) {
        const { expression } = node;
        const printed = printedArguments(expression);
        const actual = printed === undefined ? expression.getText(source) : `printed(${printed})`;
        edits.push({
          start: node.getStart(source),
          end: node.getEnd(),
          text: `check(${actual}, ${expected}, ${line});`,
        });
      } else if (ts.isVariableStatement(node)) {
        const names = node.declarationList.declarations.map(({ name }) => name.getText(source));
        edits.push({
          start: node.getEnd(),
          end: node.getEnd(),
          text: ` check(${names.at(-1)}, ${expected}, ${line});`,
        });
      } else {
        throw new Error(`line ${line}: "// =>" must follow an expression, a const or a console.log.`);
      }
      return;
    }
    ts.forEachChild(node, visit);
  };

  /**
   * The `// => value` on the line where a statement ends, or alone on the next; lines `//    more` carry it on.
   *
   * @param {ts.Node} node
   * @returns {[string, number] | undefined}
   */
  const claimAfter = (node) => {
    const comment = /^[ \t]*(?:\n[ \t]*)?\/\/ ?=>(.*(?:\n[ \t]*\/\/ {3,}.*)*)/.exec(
      code.slice(node.getEnd()),
    )?.[1];
    if (comment === undefined) return undefined;
    const line = source.getLineAndCharacterOfPosition(node.getEnd()).line + firstLine;
    return [JSON.stringify(comment.replace(/\n[ \t]*\/\/ +/g, ' ').trim()), line];
  };

  /** @param {ts.Expression} expression the text of the arguments, where it is a console.log */
  const printedArguments = (expression) =>
    ts.isCallExpression(expression) && expression.expression.getText(source) === 'console.log'
      ? expression.arguments.map((argument) => argument.getText(source)).join(', ')
      : undefined;

  for (const _ of code.matchAll(/\/\/ ?=>/g)) claims++;
  visit(source);
  if (claims !== checks) {
    throw new Error(
      `line ${firstLine}: ${claims} claims "// =>", but only ${checks} stand where a statement ends.`,
    );
  }

  let instrumented = code;
  for (const { start, end, text } of edits.sort((a, b) => b.start - a.start)) {
    instrumented = instrumented.slice(0, start) + text + instrumented.slice(end);
  }
  return { code: `import { check, printed } from ${JSON.stringify(checker)};\n${instrumented}`, checks };
}

/**
 * The packages that a README tells its reader to install.
 *
 * @param {string} markdown
 * @returns {string[]} names without versions
 */
export function namedInInstall(markdown) {
  return [...markdown.matchAll(/^\s*npm (?:install|i|add) +(.+)$/gm)]
    .flatMap((match) => (match[1] ?? '').split(/\s+#/)[0]?.split(/\s+/) ?? [])
    .filter((word) => /^@?[a-z0-9]/.test(word))
    .map((word) => word.replace(/(?<=.)@.*$/, ''));
}
