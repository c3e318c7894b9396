/**
 * What Piscina loads in each worker thread. CommonJS on purpose: Piscina loads its file with `require`, and a
 * thread that ends while `require` loads an ES module can abort the whole process (seen in Node 20.20:
 * "v8::Module::IsGraphAsync must be used on an instantiated module").
 */
async function runTask(request: never): Promise<unknown> {
  const worker = await import('./executor-worker.js');
  return worker.runTask(request);
}

export = { runTask };
