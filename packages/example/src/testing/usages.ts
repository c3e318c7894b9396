/** Names that every plain object seems to have. */
const PROTOTYPE_NAMES = ['constructor', '__proto__', 'toString', 'hasOwnProperty'];
const unreachable = ['/dev/null/below', `${'long'.repeat(80)}/x`];

/** Bad values by what an option takes; undefined: the option is the last word. */
const count = [
  '',
  ' ',
  'x',
  '1.5',
  '-1',
  'NaN',
  'Infinity',
  '1e3',
  '0x10',
  '99999999999999999999',
  ...PROTOTYPE_NAMES,
  undefined,
];
const choice = ['', 'huge', 'QUICK', ...PROTOTYPE_NAMES, undefined];
const output = ['', 'a-file', 'a-file/below', ...unreachable, undefined];
const data = ['', 'a-file', 'nowhere', 'a-file/below', ...unreachable, ...PROTOTYPE_NAMES, undefined];
const weights = [
  '',
  'empty',
  'nowhere',
  'a-file',
  'empty-file',
  'a-file/below',
  'cut.safetensors',
  'nan.safetensors',
  ...unreachable,
  ...PROTOTYPE_NAMES,
  undefined,
];

const optimizers = [
  '',
  ' ',
  ',',
  'adam,',
  'adam,adam',
  'adam, adam',
  'adm',
  'lstm',
  'ADAM',
  'adam+',
  'adam+step',
  'adam+linear+cosine',
  'lbfgs+linear',
  'conjugate-gradient+cosine',
  '+linear',
  'adam;muon',
  'line\nbreak',
  `\u001b[2J${'x'.repeat(5000)}`,
  ...PROTOTYPE_NAMES,
  undefined,
];

/** A command with what it takes and what it must refuse. */
export interface Usage {
  /** Words with which the work begins. */
  readonly good: readonly string[];
  /** Words in place of the arguments that are refused. */
  readonly names: readonly (readonly string[])[];
  /** By option. */
  readonly bad: Readonly<Record<string, readonly (string | undefined)[]>>;
}

/** For a switch, which takes no value: written with the option in one word. */
export const noFlag = ['=yes'];
const names = [
  '',
  'nothing',
  'li-malik',
  'li-malik/figure-1',
  ...PROTOTYPE_NAMES,
  'line\nbreak',
  `\u001b[2J${'x'.repeat(5000)}`,
].map((name) => [name]);
const work = { '--workers': [...count, '257', '300'], '--engine': choice };
const training = {
  ...work,
  '--preset': choice,
  '--seed': count,
  '--search': [...count, '1001'],
  '--out': [...output, 'full', 'other-run', 'damaged-run'],
  '--data': data,
  '--resume': noFlag,
};
/** By command; a command whose arguments change what is right has several. */
export const usages: Readonly<Record<string, readonly Usage[]>> = {
  demo: [
    {
      good: [],
      names: [['more']],
      bad: { ...work, '--out': output, '--seed': count, '--data': [...data, 'empty', 'wrong-data'] },
    },
  ],
  list: [{ good: [], names: [['nothing'], ['constructor'], ['a', 'b']], bad: { '--json': noFlag } }],
  train: [
    {
      good: ['andrychowicz/mnist'],
      names: [
        ...names,
        [],
        ['andrychowicz/mnist', 'andrychowicz/mnist'],
        ['andrychowicz/mnist-relu'],
        ['andrychowicz/minst'],
      ],
      bad: { ...training, '--data': [...data, 'empty', 'wrong-data'] },
    },
    ...['andrychowicz/mnist-nominal', 'li-malik/l2l', 'li-malik/psd', 'li-malik/psd-plus'].map((name) => ({
      good: [name],
      names: [],
      bad: { ...training, '--data': [...data, 'empty', 'wrong-data'] },
    })),
    ...['andrychowicz/quadratics', 'control/pendulum'].map((name) => ({
      good: [name],
      names: [],
      bad: { ...training, '--data': [...data, 'empty'] },
    })),
  ],
  evaluate: [
    {
      good: ['andrychowicz/quadratics', '--optimizers', 'psd-plus,l2l-mnist,adam+linear,muon,lbfgs'],
      names: [],
      bad: {
        ...work,
        '--weights': weights,
        '--seeds': [...count, '0', '1', '10001'],
        '--seed': count,
        '--json': noFlag,
        '--out': output,
        '--data': [...data, 'empty'],
        '--optimizers': optimizers,
      },
    },
    {
      good: ['andrychowicz/mnist'],
      names: [
        ...names.filter(([name]) => name !== 'li-malik/figure-1'),
        [],
        ['andrychowicz/mnist', 'x'],
        ['li-malik/psd'],
        ['li-malik/figure-6'],
        // None of its data sets is there.
        ['li-malik/figure-1', '--data', 'empty'],
        ['control/pendulum'],
      ],
      bad: {
        ...work,
        '--weights': weights,
        '--optimizers': optimizers,
        '--seeds': [...count, '0', '1', '10001'],
        '--seed': count,
        '--json': noFlag,
        '--out': output,
        '--data': [...data, 'empty', 'wrong-data'],
      },
    },
  ],
  run: [
    {
      good: ['li-malik'],
      names: [
        ...names.filter(([name]) => !name!.startsWith('li-malik')),
        [],
        ['li-malik', 'x'],
        ['li-malik/psd'],
        ['andrychowicz/mnist'],
        ['li-malik/figure-6'],
      ],
      bad: {
        ...work,
        '--settings': ['', '0', '6', '1,,2', '1;2', 'x', ...PROTOTYPE_NAMES, undefined],
        '--seeds': [...count, '0', '1', '10001'],
        '--seed': count,
        '--weights': [
          ...[
            '',
            'x',
            '=',
            'PSD=',
            '=a-file',
            'adam=a-file',
            'constructor=a-file',
            '__proto__=a-file',
            'PSD=lstm.safetensors',
            undefined,
          ],
          ...weights
            .filter((value) => value !== undefined)
            .flatMap((value) => [`PSD=${value}`, `L2LBGDBGD=${value}`]),
        ],
        '--json': noFlag,
        '--out': output,
        '--data': data,
      },
    },
  ],
  tfjs: [
    {
      good: ['mnist'],
      names: [...names, [], ['mnist', 'cnn']],
      bad: { '--seed': count, '--out': output, '--data': data },
    },
    { good: ['compose'], names: [], bad: { '--seed': count, '--out': output, '--data': [...data, 'empty'] } },
  ],
  report: [
    {
      good: [],
      names: [
        [],
        [''],
        ['nowhere'],
        ['a-file'],
        ['empty'],
        ['a-file/below'],
        ['no-run'],
        ['damaged-run'],
        ...names,
        ['a', 'b'],
      ],
      bad: {},
    },
  ],
  bench: [
    {
      good: [],
      names: [['more']],
      bad: {
        '--repetitions': [...count, '0', '1001'],
        '--json': noFlag,
        '--psd': ['', 'huge', ...PROTOTYPE_NAMES],
      },
    },
  ],
};
