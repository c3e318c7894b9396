/** The log/sign preprocessing of gradients, as `KernelEngine.preprocessGradient` states it. A NaN gives two NaNs. */
export function preprocessGradient(
  n: number,
  gradient: Float32Array,
  p: number,
  features: Float32Array,
): void {
  const threshold = Math.exp(-p);
  const scale = Math.exp(p);
  for (let j = 0; j < n; j++) {
    const g = gradient[j] as number;
    const magnitude = Math.abs(g);
    if (magnitude >= threshold) {
      features[j] = Math.log(magnitude) / p;
      features[n + j] = Math.sign(g);
    } else {
      features[j] = Number.isNaN(g) ? NaN : -1;
      features[n + j] = scale * g;
    }
  }
}
