import { layOutRegions, type KernelMemory } from '../wasm/kernel-memory.js';
import type { BareAccumulators } from './bare-accumulators.js';
import { fourGroups } from './column-groups.js';

/** The functions of c/accumulators.c; all arguments are numbers, pointers byte addresses. */
type AccumulatorExports = Readonly<
  Record<
    'relative_changes' | 'moments' | 'standardise' | 'ring_mean' | 'ratios' | 'change_ratios' | 'interleave',
    (...args: number[]) => void
  >
>;

type Numbers = Float32Array | Float64Array | Int32Array;

/** The accumulators in WebAssembly. Arrays are copied in and out, of long ones only what is read. */
export function accumulators(memory: KernelMemory): BareAccumulators {
  const kernels = memory.exports as unknown as AccumulatorExports;
  /** Reserves regions for arrays and copies `inputs` into theirs; returns byte addresses by name. */
  const place = <Input extends string, Output extends string>(
    inputs: Record<Input, Numbers>,
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
    for (const [name, array] of Object.entries<Numbers>(inputs)) memory.write(at[name as Input], array);
    return at;
  };
  return {
    relativeChanges(step) {
      const { n, t, scale, gradient, parameters, memory: held, planes } = step;
      const { gradient: before, previous, earlier } = held;
      const at = place({ gradient, parameters, before, previous, earlier }, { planes });
      kernels.relative_changes(
        n,
        t,
        scale,
        step.gradientOffset,
        step.movementOffset,
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
      memory.read(at.planes, planes);
    },
    moments(step) {
      const { n, scale, gradient, averages, momentumDecay, squareDecay, floor, logUnit, planes } = step;
      const { momentum, square, total } = averages;
      const at = place({ gradient, momentum, square, total }, { planes });
      kernels.moments(
        n,
        scale,
        momentumDecay,
        squareDecay,
        step.momentumCorrection,
        step.squareCorrection,
        floor,
        logUnit,
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
    },
    standardise(run) {
      const { features, n, total, planes, first, count, mean, deviation, limit, inputs, at: column } = run;
      const block = { byteLength: 4 * features * count };
      const at = place({ mean, deviation }, { planes: block, inputs: block });
      for (let i = 0; i < features; i++)
        memory.write(at.planes + 4 * i * count, planes.subarray(i * n + first, i * n + first + count));
      kernels.standardise(
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
    ringMean({ n, count, values, oldest, width, scale, mean }) {
      const at = place({ values }, { mean });
      kernels.ring_mean(n, count, oldest, width, scale, at.values, at.mean);
      memory.read(at.mean, mean);
    },
    ratios({ n, now, before, offset, ratio }) {
      const at = place({ now, before }, { ratio });
      kernels.ratios(n, offset, at.now, at.before, at.ratio);
      memory.read(at.ratio, ratio);
    },
    changeRatios({ n, late, early, now, before, offset, ratio }) {
      const at = place({ late, early, now, before }, { ratio });
      kernels.change_ratios(n, offset, at.late, at.early, at.now, at.before, at.ratio);
      memory.read(at.ratio, ratio);
    },
    interleave({ count, groups, rows, width }) {
      let column = 0;
      for (let g = 0; g < groups.length; g += 4) {
        const { count: present, columns, steps, starts } = fourGroups(groups, g);
        let numbers = 0;
        for (let i = 0; i < present; i++) numbers += columns[i]! * (steps[i] ? count : 1);
        const at = place({ columns, steps }, { rows, starts, values: { byteLength: 8 * numbers } });
        // The columns that are read, one after the other.
        const places = [0, 0, 0, 0] as [number, number, number, number];
        let from = at.values;
        for (let i = 0, next = 0; i < present; i++) {
          const { values } = groups[g + i]!;
          const length = steps[i] ? count : 1;
          places[i] = from;
          for (let c = 0; c < columns[i]!; c++, next++, from += 8 * length) {
            const start = starts[next]!;
            if (start < 0) continue;
            starts[next] = c * length;
            memory.write(from, values.subarray(start, start + length));
          }
        }
        memory.write(at.starts, starts);
        // What the groups before have put in the rows stays.
        if (column > 0) memory.write(at.rows, rows);
        kernels.interleave(
          count,
          present,
          at.columns,
          at.steps,
          at.starts,
          ...places,
          width,
          at.rows + 8 * column,
        );
        memory.read(at.rows, rows);
        column += starts.length;
      }
    },
  };
}
