/**
 * The first key that an object in `json` holds twice, at any depth; undefined if there is none. `JSON.parse`
 * keeps the last of equal keys in silence, so that two readers of one file may see different things.
 *
 * @param json valid JSON: parse it first.
 * @example
 * duplicateKey('{"a": 1, "\\u0061": 2}') // => 'a'
 */
export function duplicateKey(json: string): string | undefined {
  /** The keys of each object that is open, outermost first; undefined for a list. */
  const open: (Set<string> | undefined)[] = [];
  /** Whether a string, if one comes next, is a key. */
  let keyNext = false;
  for (let at = 0; at < json.length; at++) {
    switch (json[at]) {
      case '{':
        open.push(new Set());
        keyNext = true;
        break;
      case '[':
        open.push(undefined);
        keyNext = false;
        break;
      case '}':
      case ']':
        open.pop();
        keyNext = false;
        break;
      case ',':
        keyNext = open.at(-1) !== undefined;
        break;
      case '"': {
        const end = endOfString(json, at);
        const keys = open.at(-1);
        if (keyNext && keys) {
          // Parsed, because one key can be written in several ways.
          const key = JSON.parse(json.slice(at, end + 1)) as string;
          if (keys.has(key)) return key;
          keys.add(key);
          keyNext = false;
        }
        at = end;
        break;
      }
      default:
    }
  }
  return undefined;
}

/**
 * Where the string that begins at `begin` has its closing quote: the first that an even number of backslashes
 * precedes.
 */
function endOfString(json: string, begin: number): number {
  for (let quote = json.indexOf('"', begin + 1); quote >= 0; quote = json.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (json[quote - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return quote;
  }
  return json.length;
}
