import { describe, expect, test } from '@jest/globals';
import { UserError } from '@metadescent/core';
import { variableGroups, type GroupOverrides } from './variable-groups.js';

const rolesAndLayers = (list: [string, number[]][], overrides?: GroupOverrides) =>
  variableGroups(
    list.map(([name, shape]) => ({ name, shape })),
    overrides,
  ).groups.map(({ role, layer }) => `${role} ${layer}`);

describe('variableGroups', () => {
  test('the layers of a convolutional network with normalisation', () => {
    expect(
      rolesAndLayers([
        ['conv2d_Conv2D1/kernel', [3, 3, 1, 8]],
        ['conv2d_Conv2D1/bias', [8]],
        ['batch_normalization_BatchNormalization1/gamma', [8]],
        ['batch_normalization_BatchNormalization1/beta', [8]],
        ['dense_Dense1/kernel_1', [72, 10]],
        ['dense_Dense1/bias_1', [10]],
      ]),
    ).toEqual(['kernel 0', 'bias 0', 'scale 1', 'bias 1', 'weight 2', 'bias 2']);
  });

  test('bare variables go by their shapes', () => {
    expect(
      rolesAndLayers([
        ['Variable', [4, 3]],
        ['Variable_1', [3]],
        ['Variable_2', [3, 2]],
        ['Variable_3', [5]],
        ['Variable_4', []],
      ]),
    ).toEqual(['weight 0', 'bias 0', 'weight 1', 'vector 1', 'vector 1']);
  });

  test('an embedding is a weight matrix, recurrent weights are of one layer', () => {
    expect(
      rolesAndLayers([
        ['embedding_Embedding1/embeddings', [50, 8]],
        ['lstm_LSTM1/kernel', [8, 16]],
        ['lstm_LSTM1/recurrent_kernel', [4, 16]],
        ['lstm_LSTM1/bias', [16]],
      ]),
    ).toEqual(['weight 0', 'weight 1', 'weight 1', 'bias 1']);
  });

  test('overrides correct both, by a part of the name', () => {
    expect(
      rolesAndLayers(
        [
          ['a/kernel', [2, 2]],
          ['b/kernel', [2, 2]],
        ],
        { 'b/': { role: 'kernel', layer: 7 } },
      ),
    ).toEqual(['weight 0', 'kernel 7']);
  });

  test('names that repeat and empty variables are refused', () => {
    expect(() =>
      rolesAndLayers([
        ['a', [2]],
        ['a', [2]],
      ]),
    ).toThrow(UserError);
    expect(() => rolesAndLayers([['a', [0]]])).toThrow(UserError);
  });
});
