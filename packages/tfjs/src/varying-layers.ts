/** What is used of a layer of tfjs-layers, and of what it holds: all of it may be absent. */
export interface LayerLike {
  readonly name: string;
  getClassName(): string;
}

/** A layer that gives one mini-batch more than one value. */
export interface VaryingLayer {
  readonly layer: LayerLike;
  readonly why: 'random' | 'stateful';
}

/** Layers whose output is random in training. */
const randomClasses = [
  'Dropout',
  'SpatialDropout1D',
  'GaussianNoise',
  'GaussianDropout',
  'AlphaDropout',
  'RandomHeight',
  'RandomWidth',
];
/** Where models, wrappers, recurrent layers, stacked cells and attention hold other layers. */
const holders = ['layers', 'layer', 'forwardLayer', 'backwardLayer', 'cell', 'cells'];
/** Those of them that users made without a name of their own: the layer around is named instead. */
const unnamed = ['cell', 'cells'];
/** Rates of layers that drop out inside: recurrent layers, their cells, attention. */
const rates = ['dropout', 'recurrentDropout'];

/**
 * The first layer, however deep it is within others, that draws at random in training or keeps a state from
 * one call to the next.
 *
 * @param training whether the layers will be called as in training
 */
export function varyingLayer(layers: readonly LayerLike[], training: boolean): VaryingLayer | undefined {
  for (const layer of layers) {
    const fields = layer as unknown as Readonly<Record<string, unknown>>;
    if (
      training &&
      (randomClasses.includes(layer.getClassName()) || rates.some((rate) => Number(fields[rate]) > 0))
    )
      return { layer, why: 'random' };
    for (const holder of holders) {
      const found = varyingLayer([fields[holder] ?? []].flat().filter(isLayer), training);
      if (found) return unnamed.includes(holder) ? { ...found, layer } : found;
    }
    if (fields['stateful'] === true) return { layer, why: 'stateful' };
  }
  return undefined;
}

function isLayer(value: unknown): value is LayerLike {
  return typeof value === 'object' && value !== null && 'getClassName' in value;
}
