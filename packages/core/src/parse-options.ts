import { printable } from './printable-text.js';
import { UserError } from './user-error.js';

/** One broken rule, as zod reports it (a structural part of its issues, so that this package needs no zod). */
export interface SchemaIssue {
  readonly code?: string | undefined;
  /** Where in the value: keys and indices from the outside in. */
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** A schema of zod or zod/mini, seen as far as parsing needs it. */
export interface Schema<T> {
  safeParse(
    value: unknown,
  ):
    | { readonly success: true; readonly data: T }
    | { readonly success: false; readonly error: { readonly issues: readonly SchemaIssue[] } };
}

/**
 * `options` checked against `schema`, with the schema's defaults filled in.
 *
 * @param caller the function whose options these are, as its user knows it.
 * @throws UserError that names the caller, what was received, each rule broken and where.
 * @example
 * parseOptions('sgd', z.strictObject({ learningRate: z._default(z.number(), 0.01) }), {}) // => { learningRate: 0.01 }
 */
export function parseOptions<T>(caller: string, schema: Schema<T>, options: unknown): T {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new UserError(
    `${caller}: invalid options ${shown(options)}; correct these:\n${describeIssues(parsed.error.issues, options)}`,
  );
}

/**
 * One line per broken rule, the outermost first, with its place: `✖ Too small: expected number to be >0` and
 * `  → at learningRate`.
 *
 * The wording is zod's English; zod/mini brings no words of its own, which spares every bundle its table of messages.
 *
 * @param value what was parsed: the received type is read off it.
 */
export function describeIssues(issues: readonly SchemaIssue[], value: unknown): string {
  return [...issues]
    .sort((a, b) => a.path.length - b.path.length)
    .slice(0, SHOWN_ISSUES)
    .map((issue) => {
      const said = `✖ ${describeIssue(issue, value)}`;
      return issue.path.length === 0 ? said : `${said}\n  → at ${placeOf(issue.path)}`;
    })
    .concat(issues.length > SHOWN_ISSUES ? [`… and ${issues.length - SHOWN_ISSUES} more`] : [])
    .join('\n');
}

/** A file may break the rules in every line; the first ones tell what is wrong. */
const SHOWN_ISSUES = 12;
/** The message of a schema for which no words were loaded. */
const NO_WORDS = 'Invalid input';
const UNITS: Readonly<Record<string, string>> = {
  string: 'characters',
  array: 'items',
  set: 'items',
  map: 'entries',
};

function describeIssue(issue: SchemaIssue, root: unknown): string {
  if (issue.message !== NO_WORDS) return printable(issue.message, 400);
  const facts = issue as unknown as Readonly<Record<string, unknown>>;
  switch (issue.code) {
    case 'invalid_type':
      return `Invalid input: expected ${String(facts['expected'])}, received ${kindOf(valueAt(root, issue.path))}`;
    case 'invalid_value': {
      const values = (facts['values'] as readonly unknown[]).map((value) => JSON.stringify(value));
      return values.length === 1
        ? `Invalid input: expected ${values[0]}`
        : `Invalid option: expected one of ${values.join('|')}`;
    }
    case 'too_small':
      return `Too small: expected ${limited(facts, '>', facts['minimum'])}`;
    case 'too_big':
      return `Too big: expected ${limited(facts, '<', facts['maximum'])}`;
    case 'not_multiple_of':
      return `Invalid number: must be a multiple of ${String(facts['divisor'])}`;
    case 'unrecognized_keys': {
      const keys = (facts['keys'] as readonly string[]).map((key) => `"${printable(key)}"`);
      return `Unrecognized key${keys.length > 1 ? 's' : ''}: ${keys.slice(0, SHOWN_ISSUES).join(', ')}${keys.length > SHOWN_ISSUES ? ', …' : ''}`;
    }
    default:
      return issue.message;
  }
}

function limited(facts: Readonly<Record<string, unknown>>, sign: string, bound: unknown): string {
  const origin = String(facts['origin']);
  const relation = facts['exact'] === true ? 'exactly ' : facts['inclusive'] === true ? `${sign}=` : sign;
  const unit = UNITS[origin];
  return unit
    ? `${origin} to have ${relation}${String(bound)} ${unit}`
    : `${origin} to be ${relation}${String(bound)}`;
}

/** The name of a value's type, as in zod's messages. */
function kindOf(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Readonly<Record<PropertyKey, unknown>> | null | undefined)?.[key],
    root,
  );
}

/** `layers[2].shape`, with what is unprintable written out. */
function placeOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((place, key) => {
    if (typeof key === 'number') return `${place}[${key}]`;
    const name = printable(String(key));
    return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)
      ? place === ''
        ? name
        : `${place}.${name}`
      : `${place}[${JSON.stringify(name)}]`;
  }, '');
}

/** JSON that keeps NaN and infinities visible, short enough for a message. */
function shown(value: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value, (_, entry: unknown) => {
      if (typeof entry === 'number' && !Number.isFinite(entry)) return String(entry);
      if (typeof entry === 'function' || typeof entry === 'bigint') return typeof entry;
      return ArrayBuffer.isView(entry) ? Object.prototype.toString.call(entry).slice(8, -1) : entry;
    });
  } catch {
    // Cyclic or with a throwing getter: its type has to do.
  }
  return printable(json ?? kindOf(value), 300);
}
