import { env, setBackend } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
// tfjs-core alone knows no gradients: they are registered with tfjs-layers.
import '@tensorflow/tfjs-layers';

/** The reference backend, without its greeting. */
export async function useCpu(): Promise<void> {
  env().set('PROD', true);
  await setBackend('cpu');
}
