import type { BareLstm } from './bare-lstm.js';
import type { LstmShape } from './lstm-kernel.js';
import { type LstmLayout, lstmStateIndex } from './lstm-layout.js';

/**
 * The LSTM by its definition, one coordinate after the other in double precision: the oracle of the C
 * kernels. Clear, not fast.
 *
 * A trace only counts here: the oracle always computes again.
 *
 * Forward and backward equations: Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000; the
 * order of gates is that of `LstmKernel`.
 */
export function lstm(shape: Required<LstmShape>, layout: LstmLayout): BareLstm<undefined> {
  const { hidden, layers, outputs: outputCount } = shape;

  const readState = (state: Float32Array, n: number, coordinate: number): LayerState[] =>
    Array.from({ length: layers }, (_, layer) => {
      const read = (part: 'h' | 'c') =>
        Float64Array.from(
          { length: hidden },
          (_, unit) => state[lstmStateIndex(shape, n, coordinate, layer, part, unit)] as number,
        );
      return { h: read('h'), c: read('c') };
    });

  const writeState = (values: LayerState[], state: Float32Array, n: number, coordinate: number): void => {
    values.forEach(({ h, c }, layer) => {
      for (let unit = 0; unit < hidden; unit++) {
        state[lstmStateIndex(shape, n, coordinate, layer, 'h', unit)] = h[unit] as number;
        state[lstmStateIndex(shape, n, coordinate, layer, 'c', unit)] = c[unit] as number;
      }
    });
  };

  return {
    forward(weights, inputs, state, outputs, n, steps) {
      for (let j = 0; j < n; j++) {
        let values = readState(state, n, j);
        for (let t = 0; t < steps; t++) {
          const cells = stepLayers(layout, shape, weights, featuresOf(inputs, shape.inputs, n, t, j), values);
          values = cells;
          for (let o = 0; o < outputCount; o++)
            outputs[(t * outputCount + o) * n + j] = outputOf(
              layout,
              weights,
              (cells[layers - 1] as Cell).h,
              o,
            );
        }
        writeState(values, state, n, j);
      }
    },
    backpropagate(weights, initialState, inputs, cotangent, weightGradient, n, steps, _trace, beside) {
      const gradient = new Float64Array(layout.weightCount);
      for (let j = 0; j < n; j++) {
        const recorded: Cell[][] = [];
        let values = readState(initialState, n, j);
        for (let t = 0; t < steps; t++) {
          const cells = stepLayers(layout, shape, weights, featuresOf(inputs, shape.inputs, n, t, j), values);
          recorded.push(cells);
          values = cells;
        }
        // ∂L/∂h and ∂L/∂c of every layer after the last step; `backward` makes those before the first of them.
        const carried = readState(beside?.stateCotangent ?? new Float32Array(initialState.length), n, j);
        const cotangentAt = (t: number, o: number) => cotangent[(t * outputCount + o) * n + j] as number;
        backward(layout, shape, weights, recorded, cotangentAt, gradient, carried, (t, dx) => {
          dx.forEach((d, i) => {
            if (beside?.inputGradient) beside.inputGradient[(t * shape.inputs + i) * n + j] = d;
          });
        });
        if (beside?.stateGradient) writeState(carried, beside.stateGradient, n, j);
      }
      for (let i = 0; i < gradient.length; i++)
        weightGradient[i] = (weightGradient[i] as number) + (gradient[i] as number);
    },
    allocateTrace: () => ({ storage: undefined, bytes: 0 }),
    freeTrace() {},
  };
}

interface LayerState {
  readonly h: Float64Array;
  readonly c: Float64Array;
}

/** Everything one layer computed for one coordinate at one step. */
interface Cell extends LayerState {
  /** x, the layer's input [I_layer] */
  readonly x: Float64Array;
  readonly previous: LayerState;
  /** σ(z_i), σ(z_f), tanh(z_g), σ(z_o), one after the other [4H] */
  readonly gates: Float64Array;
}

function featuresOf(inputs: Float32Array, width: number, n: number, t: number, j: number): Float64Array {
  return Float64Array.from(
    { length: width },
    (_, feature) => inputs[(t * width + feature) * n + j] as number,
  );
}

function outputOf(layout: LstmLayout, weights: Float32Array, h: Float64Array, output: number): number {
  const row = layout.outputWeights + output * h.length;
  let sum = weights[layout.outputBias + output] as number;
  for (let unit = 0; unit < h.length; unit++) sum += (weights[row + unit] as number) * (h[unit] as number);
  return sum;
}

function stepLayers(
  layout: LstmLayout,
  { hidden }: Required<LstmShape>,
  weights: Float32Array,
  features: Float64Array,
  state: readonly LayerState[],
): Cell[] {
  let x = features;
  return layout.layers.map((offsets, layer) => {
    const previous = state[layer] as LayerState;
    const gates = new Float64Array(4 * hidden);
    for (let row = 0; row < 4 * hidden; row++) {
      let z = weights[offsets.bias + row] as number;
      for (let k = 0; k < offsets.inputs; k++)
        z += (weights[offsets.inputWeights + row * offsets.inputs + k] as number) * (x[k] as number);
      for (let k = 0; k < hidden; k++)
        z += (weights[offsets.hiddenWeights + row * hidden + k] as number) * (previous.h[k] as number);
      gates[row] = row >= 2 * hidden && row < 3 * hidden ? Math.tanh(z) : 1 / (1 + Math.exp(-z));
    }
    const h = new Float64Array(hidden);
    const c = new Float64Array(hidden);
    for (let unit = 0; unit < hidden; unit++) {
      const [i, f, g, o] = gatesOf(gates, hidden, unit);
      c[unit] = f * (previous.c[unit] as number) + i * g;
      h[unit] = o * Math.tanh(c[unit] as number);
    }
    const cell: Cell = { x, previous, gates, h, c };
    x = h;
    return cell;
  });
}

function gatesOf(gates: Float64Array, hidden: number, unit: number): [number, number, number, number] {
  return [0, 1, 2, 3].map((gate) => gates[gate * hidden + unit] as number) as [
    number,
    number,
    number,
    number,
  ];
}

/**
 * Backpropagation through the recorded steps of one coordinate, added to `gradient` [weightCount]. `carried`
 * holds ∂L/∂h and ∂L/∂c of every layer, from step t + 1 to step t.
 */
function backward(
  layout: LstmLayout,
  { hidden, layers, outputs }: Required<LstmShape>,
  weights: Float32Array,
  recorded: readonly Cell[][],
  cotangent: (t: number, output: number) => number,
  gradient: Float64Array,
  carried: readonly LayerState[],
  inputGradient: (t: number, dx: Float64Array) => void,
): void {
  const add = (at: number, value: number) => {
    gradient[at] = (gradient[at] as number) + value;
  };
  for (let t = recorded.length - 1; t >= 0; t--) {
    const cells = recorded[t] as Cell[];
    const top = cells[layers - 1] as Cell;
    // ∂L/∂(output of the layer) that comes from above: first the linear output, then each upper layer's input.
    let fromAbove: Float64Array<ArrayBufferLike> = new Float64Array(hidden);
    for (let o = 0; o < outputs; o++) {
      const row = layout.outputWeights + o * hidden;
      for (let unit = 0; unit < hidden; unit++) {
        fromAbove[unit] = (fromAbove[unit] as number) + cotangent(t, o) * (weights[row + unit] as number);
        add(row + unit, cotangent(t, o) * (top.h[unit] as number));
      }
      add(layout.outputBias + o, cotangent(t, o));
    }

    for (let layer = layers - 1; layer >= 0; layer--) {
      const offsets = layout.layers[layer] as (typeof layout.layers)[number];
      const cell = cells[layer] as Cell;
      const next = carried[layer] as LayerState;
      const dz = new Float64Array(4 * hidden);
      for (let unit = 0; unit < hidden; unit++) {
        const [i, f, g, o] = gatesOf(cell.gates, hidden, unit);
        const tanhC = Math.tanh(cell.c[unit] as number);
        const dh = (fromAbove[unit] as number) + (next.h[unit] as number);
        const dc = (next.c[unit] as number) + dh * o * (1 - tanhC * tanhC);
        dz[unit] = dc * g * i * (1 - i);
        dz[hidden + unit] = dc * (cell.previous.c[unit] as number) * f * (1 - f);
        dz[2 * hidden + unit] = dc * i * (1 - g * g);
        dz[3 * hidden + unit] = dh * tanhC * o * (1 - o);
        next.c[unit] = dc * f;
      }
      const dx = new Float64Array(offsets.inputs);
      const dhPrevious = new Float64Array(hidden);
      for (let row = 0; row < 4 * hidden; row++) {
        const d = dz[row] as number;
        add(offsets.bias + row, d);
        for (let k = 0; k < offsets.inputs; k++) {
          const at = offsets.inputWeights + row * offsets.inputs + k;
          add(at, d * (cell.x[k] as number));
          dx[k] = (dx[k] as number) + d * (weights[at] as number);
        }
        for (let k = 0; k < hidden; k++) {
          const at = offsets.hiddenWeights + row * hidden + k;
          add(at, d * (cell.previous.h[k] as number));
          dhPrevious[k] = (dhPrevious[k] as number) + d * (weights[at] as number);
        }
      }
      next.h.set(dhPrevious);
      fromAbove = dx;
    }
    inputGradient(t, fromAbove);
  }
}
