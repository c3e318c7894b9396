/**
 * Where two JSON values differ, one line per place; empty if they are equal. The order of keys does not matter.
 *
 * @example
 * configDifference({ rate: 0.1 }, { rate: 0.2 }) // => ['rate: 0.1 there, 0.2 now']
 */
export function configDifference(stored: unknown, given: unknown, path = ''): string[] {
  if (Object.is(stored, given)) return [];
  if (isContainer(stored) && isContainer(given) && Array.isArray(stored) === Array.isArray(given)) {
    const keys = new Set([...Object.keys(stored), ...Object.keys(given)]);
    return [...keys].flatMap((key) =>
      configDifference(
        entryOf(stored, key),
        entryOf(given, key),
        path === '' ? key : Array.isArray(stored) ? `${path}[${key}]` : `${path}.${key}`,
      ),
    );
  }
  return [`${path === '' ? '(everything)' : path}: ${show(stored)} there, ${show(given)} now`];
}

type Container = Readonly<Record<string, unknown>>;

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

function entryOf(container: Container, key: string): unknown {
  return Object.hasOwn(container, key) ? container[key] : undefined;
}

function show(value: unknown): string {
  return isContainer(value) || typeof value === 'string'
    ? JSON.stringify(value)
    : value === undefined
      ? 'absent'
      : String(value);
}
