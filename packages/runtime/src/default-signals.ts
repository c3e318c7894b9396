const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs synchronous work during which Ctrl-C and SIGTERM end the process at once: their handlers would have to
 * wait until the work is over.
 */
export function withDefaultSignals<Result>(work: () => Result): Result {
  const handlers = SIGNALS.map((signal) => [signal, process.listeners(signal)] as const);
  for (const signal of SIGNALS) process.removeAllListeners(signal);
  try {
    return work();
  } finally {
    for (const [signal, listeners] of handlers)
      for (const listener of listeners) process.on(signal, listener);
  }
}
