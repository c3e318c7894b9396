import { packageVersions } from '@metadescent/runtime';

const PACKAGES = [
  'core',
  'kernels',
  'optimizees',
  'optimizers',
  'evaluation',
  'lstm-optimizer',
  'guided-policy-search',
  'predicted-step-descent',
  'runtime',
  'example',
].map((name) => `@metadescent/${name}`);

/**
 * What a run folder records of this program: the versions of its packages, and the commit of its sources
 * where git follows them.
 */
export function program(): { readonly source: string; readonly packages: Readonly<Record<string, string>> } {
  return { source: import.meta.url, packages: packageVersions(PACKAGES, import.meta.url) };
}
