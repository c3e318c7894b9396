import type { BarePsdFeatures } from './bare-accumulators.js';
import type { PsdAverages } from './accumulator-checks.js';
import { psdCorrections } from './accumulators.js';
import { layOutRegions, type KernelMemory } from '../wasm/kernel-memory.js';

/** The functions of c/psd-features.c; pointers are byte addresses. */
interface PsdFeatureExports {
  psd_observe(
    n: number,
    t: number,
    change: number,
    scale: number,
    gradient: number,
    parameters: number,
    before: number,
    previous: number,
    earlier: number,
    planes: number,
  ): void;
  psd_observe_scale(
    n: number,
    scale: number,
    momentumCorrection: number,
    squareCorrection: number,
    gradient: number,
    momentum: number,
    square: number,
    total: number,
    planes: number,
  ): void;
  psd_standardise(
    features: number,
    n: number,
    first: number,
    count: number,
    planes: number,
    mean: number,
    deviation: number,
    limit: number,
    total: number,
    at: number,
    inputs: number,
  ): void;
  psd_recent_mean(
    n: number,
    rows: number,
    oldest: number,
    width: number,
    scale: number,
    values: number,
    mean: number,
  ): void;
  psd_gradient_slot(n: number, now: number, before: number, slot: number): void;
  psd_ratio_slot(n: number, late: number, early: number, now: number, before: number, slot: number): void;
  psd_states(
    history: number,
    count: number,
    rows: number,
    objective: number,
    gradient: number,
    ratio: number,
    iterates: number,
    states: number,
  ): void;
}

/** The features in WebAssembly. Arrays are copied in and out, of a long history only what is read. */
export function psdFeatures(memory: KernelMemory): BarePsdFeatures {
  const kernels = memory.exports as unknown as PsdFeatureExports;
  /** Reserves regions for arrays and copies `inputs` into theirs; returns byte addresses by name. */
  const place = <Input extends string, Output extends string>(
    inputs: Record<Input, Float32Array | Float64Array | Int32Array>,
    outputs: Record<Output, { readonly byteLength: number }>,
  ) => {
    const arrays = Object.entries<{ readonly byteLength: number }>({ ...inputs, ...outputs });
    const at = layOutRegions(
      memory.base,
      Object.fromEntries(arrays.map(([name, { byteLength }]) => [name, byteLength / 4])) as Record<
        Input | Output,
        number
      >,
    );
    memory.reserve(at.end);
    for (const [name, array] of Object.entries<Float32Array | Float64Array | Int32Array>(inputs))
      memory.write(at[name as Input], array);
    return at;
  };
  const observeScale = (
    t: number,
    scale: number,
    gradient: Float32Array,
    averages: PsdAverages,
    planes: Float32Array,
  ): void => {
    const { momentum, square, total } = averages;
    const corrections = psdCorrections(t);
    const at = place({ gradient, momentum, square, total }, { planes });
    kernels.psd_observe_scale(
      gradient.length,
      scale,
      corrections.momentum,
      corrections.square,
      at.gradient,
      at.momentum,
      at.square,
      at.total,
      at.planes,
    );
    memory.read(at.momentum, momentum);
    memory.read(at.square, square);
    memory.read(at.total, total);
    memory.read(at.planes, planes);
  };
  return {
    observe(step) {
      const { n, averages, t, change, scale, gradient, parameters, memory: held, planes } = step;
      const { gradient: before, previous, earlier } = held;
      const at = place(
        { gradient, parameters, before, previous, earlier },
        { planes: { byteLength: 12 * n } },
      );
      kernels.psd_observe(
        n,
        t,
        change,
        scale,
        at.gradient,
        at.parameters,
        at.before,
        at.previous,
        at.earlier,
        at.planes,
      );
      memory.read(at.before, before);
      memory.read(at.previous, previous);
      memory.read(at.earlier, earlier);
      memory.read(at.planes, planes.subarray(0, 3 * n));
      if (averages) observeScale(t, scale, gradient, averages, planes.subarray(3 * n));
    },
    standardise(run) {
      const { features, n, total, planes, first, count, mean, deviation, limit, inputs, at: column } = run;
      const block = { byteLength: 4 * features * count };
      const at = place({ mean, deviation }, { planes: block, inputs: block });
      for (let i = 0; i < features; i++)
        memory.write(at.planes + 4 * i * count, planes.subarray(i * n + first, i * n + first + count));
      kernels.psd_standardise(
        features,
        count,
        0,
        count,
        at.planes,
        at.mean,
        at.deviation,
        limit,
        count,
        0,
        at.inputs,
      );
      for (let i = 0; i < features; i++)
        memory.read(
          at.inputs + 4 * i * count,
          inputs.subarray(i * total + column, i * total + column + count),
        );
    },
    recentMean(options) {
      const { n, rows, values, oldest, width, scale, mean } = options;
      const at = place({ values }, { mean });
      kernels.psd_recent_mean(n, rows, oldest, width, scale, at.values, at.mean);
      memory.read(at.mean, mean);
    },
    gradientSlot(n, now, before, slot) {
      const at = place({ now, before }, { slot });
      kernels.psd_gradient_slot(n, at.now, at.before, at.slot);
      memory.read(at.slot, slot);
    },
    ratioSlot(n, late, early, now, before, slot) {
      const at = place({ late, early, now, before }, { slot });
      kernels.psd_ratio_slot(n, at.late, at.early, at.now, at.before, at.slot);
      memory.read(at.slot, slot);
    },
    states(options) {
      const { history, count, objective, gradient, ratio, iterates, states } = options;
      const width = { byteLength: 8 * (history + 1) * count };
      const rows = options.rows.map((row, i) => (row < 0 ? -1 : i * count));
      const at = place({ rows, objective, iterates }, { gradient: width, ratio: width, states });
      options.rows.forEach((row, i) => {
        if (row < 0) return;
        memory.write(at.gradient + 8 * i * count, gradient.subarray(row, row + count));
        if (i < history) memory.write(at.ratio + 8 * i * count, ratio.subarray(row, row + count));
      });
      kernels.psd_states(
        history,
        count,
        at.rows,
        at.objective,
        at.gradient,
        at.ratio,
        at.iterates,
        at.states,
      );
      memory.read(at.states, states);
    },
  };
}
