import type { CurveSetInput } from '../curve-set.js';

/** f(t) = end + (start − end)·e^(−rate·t) with a standard error of a tenth [steps + 1]. */
export function decay(
  optimizer: string,
  kind: 'learned' | 'hand-made',
  start: number,
  end: number,
  rate: number,
  steps = 50,
): CurveSetInput['series'][number] {
  const mean = Array.from({ length: steps + 1 }, (_, t) => end + (start - end) * Math.exp(-rate * t));
  return { optimizer, kind, mean, standardError: mean.map((value) => value / 10), count: 20 };
}

/** Seven optimizers of which one diverges and one ends early. */
export function race(title = 'Quadratics'): CurveSetInput {
  const diverging = decay('nesterov', 'hand-made', 10, 0.1, 0.1);
  const ending = decay('rmsprop', 'hand-made', 10, 0.09, 0.1);
  return {
    title,
    series: [
      decay('sgd', 'hand-made', 10, 0.3, 0.05),
      decay('momentum', 'hand-made', 10, 0.12, 0.09),
      {
        ...diverging,
        mean: diverging.mean.map((value, t) => (t < 15 ? value : Number(value) * Math.exp(t - 15))),
      },
      { ...ending, mean: ending.mean.map((value, t) => (t > 30 ? NaN : value)) },
      decay('adagrad', 'hand-made', 10, 0.4, 0.06),
      decay('adam', 'hand-made', 10, 0.05, 0.085),
      decay('lstm', 'learned', 10, 0.02, 0.09),
    ],
  };
}

/** A name that would break out of any markup that forgot to escape it. */
export const HOSTILE = `</text></svg><script>alert("1")</script><img src=x onerror='alert(2)'> & \u001b[31mred`;
