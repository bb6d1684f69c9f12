import type { Tensor } from 'onnxruntime-node'
import type { ClassOrder, ScoringRequest } from '../protocol.js'
import { Refusal } from './refusal.js'

/** Float32 sums of probabilities end this far beside 1 at most; more is no rounding. */
const slack = 1e-6
/** How far two classes' probabilities may add up beside 1. */
const sumSlack = 1e-3

/**
 * Which number is the score of the positive class. A model that names its classes is believed and must name
 * the positive one; one with two unnamed classes has it second, as every library that sorts its labels does.
 *
 * @throws Refusal `class-order`, `model-labels`
 */
export function classOrderOf(
  labels: readonly (readonly string[])[],
  columns: number,
  positive: string,
): ClassOrder {
  if (columns === 1) return { source: 'single-score', labels: null, index: 0 }
  const [known, other] = labels
  if (!known) return { source: 'second-column', labels: null, index: 1 }
  if (other) throw new Refusal('class-order', 'The model names its classes in more than one way')
  if (known.length !== 2) {
    throw new Refusal('model-labels', `The model has ${known.length} classes, not two`)
  }
  const index = known.indexOf(positive)
  if (index < 0) {
    const what = `The model's classes are '${known.join("', '")}'; '${positive}' is not among them`
    throw new Refusal('class-order', what)
  }
  return { source: 'model-labels', labels: known, index }
}

/**
 * Where the class order was taken from habit, the labels of the set must bear it out: sorted, the positive one
 * is last.
 *
 * @throws Refusal `class-order`, `label-values`
 */
export function assertLabels(seen: ReadonlySet<string>, positive: string, order: ClassOrder) {
  const labels = [...seen].toSorted()
  if (labels.length > 2) {
    throw new Refusal('label-values', `The labels have ${labels.length} values, not two`)
  }
  if (labels.length === 2 && !seen.has(positive)) {
    throw new Refusal('label-values', `The labels are '${labels.join("', '")}', none '${positive}'`)
  }
  if (order.source === 'second-column' && labels.length === 2 && labels[1] !== positive) {
    const what = `The model does not name its classes, and '${positive}' sorts before '${labels[1]}'`
    throw new Refusal('class-order', what)
  }
}

/** How many numbers the model gives per row. @throws Refusal `output-shape` */
export function columnsOf(output: Tensor, rows: number, name: string): 1 | 2 {
  const [first, second = 1, ...more] = output.dims
  if (first === rows && more.length === 0 && (second === 1 || second === 2)) return second
  const shape = output.dims.join(', ')
  throw new Refusal('output-shape', `Output '${name}' has the shape [${shape}] for ${rows} rows`)
}

function assertProbability(score: number, name: string) {
  if (!Number.isFinite(score)) {
    throw new Refusal('score-not-finite', `Output '${name}' holds a score that is no finite number`)
  }
  if (score < -slack || score > 1 + slack) {
    throw new Refusal('score-out-of-range', `Output '${name}' holds a score outside 0 to 1`)
  }
}

/** The positive class's scores of these rows. @throws Refusal when one of them is no probability */
export function scoresOf(output: Tensor, columns: 1 | 2, request: ScoringRequest, index: number) {
  const { data } = output
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    throw new Refusal('output-type', `Output '${request.output}' holds no floats`)
  }
  const scores = new Float64Array(data.length / columns)
  for (let row = 0; row < scores.length; row += 1) {
    const score = data[row * columns + index] ?? Number.NaN
    assertProbability(score, request.output)
    const other = columns === 2 ? (data[row * 2 + 1 - index] ?? Number.NaN) : 1 - score
    if (!(Math.abs(score + other - 1) <= sumSlack)) {
      const what = `Output '${request.output}' holds two classes that do not add up to 1`
      throw new Refusal('score-out-of-range', what)
    }
    scores[row] = score
  }
  return scores
}
