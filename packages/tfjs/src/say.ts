/** Receives one line that a person should read: a safeguard that acted, a backend that could not be had. */
export type Listener = (message: string) => void;

/**
 * Where lines go without a listener: the console's warnings. TensorFlow.js says its own there, and a
 * safeguard that nobody hears would be worse than one that is not asked for.
 */
export const sayOnConsole: Listener = (message) => {
  // eslint-disable-next-line no-console -- see above; every caller can give a listener of its own instead
  console.warn(`metadescent: ${message}`);
};
