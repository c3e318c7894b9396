import { dispose, keep, serialization, type Tensor } from '@tensorflow/tfjs-core';

/** What is used of a stateful recurrent layer of tfjs-layers. */
interface StatefulLayer {
  states: readonly (Tensor | null)[];
}

/**
 * States of the stateful layers that a function called, as they were before it called them. They belong to
 * the caller, see `forget`.
 */
export interface LayerStates {
  readonly before: ReadonlyMap<StatefulLayer, readonly (Tensor | null)[]>;
  forget(): void;
}

type ResetStates = (this: StatefulLayer, states?: Tensor | Tensor[], training?: boolean) => void;

/** Runs `f`, which advances its stateful layers as always, and notes where they stood. */
export function notingLayerStates<T>(f: () => T): { value: T; states: LayerStates } {
  const before = new Map<StatefulLayer, readonly (Tensor | null)[]>();
  const value = interceptingStates((layer, advance) => {
    if (!before.has(layer))
      before.set(
        layer,
        layer.states.map((state) => state && keep(state.clone())),
      );
    advance();
  }, f);
  return {
    value,
    states: { before, forget: () => dispose([...before.values()].flat().filter((state) => state !== null)) },
  };
}

/** Runs `f` from noted states; afterwards the layers stand where they stood before this call. */
export function fromLayerStates<T>({ before }: LayerStates, f: () => T): T {
  const after = [...before.keys()].map((layer) => [layer, layer.states] as const);
  for (const [layer, states] of before) layer.states = states;
  try {
    return interceptingStates((layer, _, states) => {
      // What tfjs would do keeps tensors that only a call of its resetStates by the user releases.
      layer.states = states;
    }, f);
  } finally {
    for (const [layer, states] of after) layer.states = states;
  }
}

/**
 * A recurrent layer hands its new states to its own `resetStates`: there, and nowhere else, tfjs lets one
 * know of them.
 */
function interceptingStates<T>(
  hook: (layer: StatefulLayer, advance: () => void, states: Tensor[]) => void,
  f: () => T,
): T {
  const originals = statefulPrototypes().map((prototype) => [prototype, prototype.resetStates] as const);
  for (const [prototype, original] of originals) {
    prototype.resetStates = function (states, training) {
      const advance = (): void => original.call(this, states, training);
      if (states === undefined) advance();
      else hook(this, advance, Array.isArray(states) ? states : [states]);
    };
  }
  try {
    return f();
  } finally {
    for (const [prototype, original] of originals) prototype.resetStates = original;
  }
}

/** Recurrent layers and convolutional ones, where tfjs-layers is loaded: this package does not import it. */
function statefulPrototypes(): { resetStates: ResetStates }[] {
  const { classNameMap } = serialization.SerializationMap.getMap();
  return ['RNN', 'ConvLSTM2D'].flatMap((name) => {
    let prototype: unknown = Object.hasOwn(classNameMap, name) ? classNameMap[name]?.[0].prototype : null;
    while (prototype && !Object.hasOwn(prototype, 'resetStates'))
      prototype = Object.getPrototypeOf(prototype);
    return prototype ? [prototype as { resetStates: ResetStates }] : [];
  });
}
