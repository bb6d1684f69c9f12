import {
  externalTensor,
  floatsAttribute,
  floatTensor,
  graph,
  graphAttribute,
  type GraphParts,
  intAttribute,
  intsAttribute,
  longTensor,
  node,
  onnx,
  textsAttribute,
  trueTensor,
  value,
} from './onnx-writer.js'

/** Weights of `a` and `b`: far apart, so that swapped columns cannot go unseen. */
const weights = floatTensor('w', [2, 1], [1, -0.25])
const features = value('features', 'float', ['N', 2])
const score = value('score', 'float', ['N', 1])
/** `p` = sigmoid(a - b / 4). */
const probability = [node('MatMul', ['features', 'w'], ['m']), node('Sigmoid', ['m'], ['p'])]

const scoring = (nodes: GraphParts['nodes'], more: Partial<GraphParts> = {}) =>
  onnx({
    nodes: [...probability, ...nodes],
    inputs: [features],
    outputs: [score],
    ...more,
    tensors: [weights, ...(more.tensors ?? [])],
  })

const given = node('Identity', ['p'], ['score'])

export const honest = () => scoring([given])

/** Two classes per row; `labels` stand in a classifier's attribute where they are given. */
export function twoClasses(labels?: readonly string[]): Uint8Array {
  const outputs = [value('probabilities', 'float', ['N', 2])]
  const both = [
    node('Sub', ['one', 'p'], ['q']),
    node('Concat', ['q', 'p'], ['probabilities'], [intAttribute('axis', 1)]),
  ]
  const named = (classes: readonly string[]) =>
    node(
      'LinearClassifier',
      ['features'],
      ['label', 'unused'],
      [
        floatsAttribute('coefficients', [1, 1, 1, 1]),
        floatsAttribute('intercepts', [0, 0]),
        textsAttribute('classlabels_strings', classes),
      ],
      'ai.onnx.ml',
    )
  const label = value('label', 'string', ['N'])
  return scoring(labels ? [...both, named(labels)] : both, {
    outputs: labels ? [...outputs, label] : outputs,
    tensors: [floatTensor('one', [1], [1])],
  })
}

/** One input per feature, in an order of its own: `b` as double, `colour` as text, `a` as float. */
export const oneInputPerFeature = () =>
  onnx({
    nodes: [
      node('Cast', ['b'], ['bf'], [intAttribute('to', 1)]),
      node(
        'LabelEncoder',
        ['colour'],
        ['c'],
        [
          textsAttribute('keys_strings', ['red', 'blue']),
          floatsAttribute('values_floats', [0.5, -0.5]),
        ],
        'ai.onnx.ml',
      ),
      node('Mul', ['bf', 'quarter'], ['bq']),
      node('Sub', ['a', 'bq'], ['d']),
      node('Add', ['d', 'c'], ['e']),
      node('Sigmoid', ['e'], ['score']),
    ],
    inputs: [
      value('b', 'double', ['N', 1]),
      value('colour', 'string', ['N', 1]),
      value('a', 'float', ['N', 1]),
    ],
    outputs: [score],
    tensors: [floatTensor('quarter', [1], [0.25])],
  })

/** Runs its body 2^62 times. */
export const endless = () => {
  const body = graph({
    nodes: [node('Identity', ['going'], ['goes']), node('Identity', ['v'], ['w2'])],
    inputs: [value('i', 'int64', []), value('going', 'bool', []), value('v', 'float', ['N', 1])],
    outputs: [value('goes', 'bool', []), value('w2', 'float', ['N', 1])],
  })
  return scoring([node('Loop', ['trips', 'yes', 'p'], ['score'], [graphAttribute('body', body)])], {
    tensors: [longTensor('trips', [], [2n ** 62n]), trueTensor('yes')],
  })
}

/** Asks for that many floats at once. */
export const greedy = (count: bigint) =>
  scoring(
    [
      node('ConstantOfShape', ['size'], ['huge']),
      node('ReduceSum', ['huge'], ['sum'], [intAttribute('keepdims', 0)]),
      node('Add', ['p', 'sum'], ['score']),
    ],
    { tensors: [longTensor('size', [1], [count])] },
  )

export const reading = (location: string) =>
  onnx({
    nodes: [...probability, given],
    inputs: [features],
    outputs: [score],
    tensors: [externalTensor('w', [2, 1], location)],
  })

export const undefinedScores = () =>
  scoring([node('Sub', ['p', 'p'], ['z']), node('Div', ['z', 'z'], ['score'])])
export const margins = () => scoring([node('Add', ['m', 'm'], ['score'])])
export const textScores = () =>
  scoring([node('Cast', ['p'], ['score'], [intAttribute('to', 8)])], {
    outputs: [value('score', 'string', ['N', 1])],
  })
export const oneScoreForAll = () =>
  scoring([node('ReduceMean', ['p'], ['score'], [intsAttribute('axes', [0])])])
export const unsteady = () => scoring([node('RandomUniformLike', ['p'], ['score'])])
export const fixedRows = () => scoring([given], { inputs: [value('features', 'float', [7, 2])] })
export const zipMapped = () =>
  scoring([
    given,
    node('ZipMap', ['p'], ['z'], [textsAttribute('classlabels_strings', ['x'])], 'ai.onnx.ml'),
  ])
export const unknownOperator = () => scoring([node('PhoneHome', ['p'], ['score'], [], 'evil')])
