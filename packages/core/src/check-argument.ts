import { describeKind } from './typed-array.js';
import { UserError } from './user-error.js';

/**
 * Refuses an argument that is not what its type says, at the door of a public function: plain JavaScript has
 * no types, and what goes wrong inside is said in words that its caller cannot know.
 *
 * @param caller the function, as its user knows it.
 * @param argument which argument it is, such as `the engine`.
 * @param members names of what must be there in it (properties and methods).
 * @param advice what to pass; follows a semicolon.
 * @throws UserError if `value` is no object, or one of its members is missing.
 * @example
 * checkArgument('rollout', 'the key', undefined, ['fold'], 'pass createKey(7)')
 * // throws UserError: rollout: the key must have "fold", but is undefined; pass createKey(7)
 */
export function checkArgument(
  caller: string,
  argument: string,
  value: unknown,
  members: readonly string[],
  advice: string,
): void {
  const wanted =
    members.length > 0 ? `have ${members.map((name) => `"${name}"`).join(', ')}` : 'be an object';
  if (typeof value !== 'object' || value === null) {
    throw new UserError(`${caller}: ${argument} must ${wanted}, but is ${describeKind(value)}; ${advice}`);
  }
  const missing = members.find((name) => (value as Readonly<Record<string, unknown>>)[name] === undefined);
  if (missing !== undefined)
    throw new UserError(`${caller}: ${argument} must ${wanted}, but has no "${missing}"; ${advice}`);
}
