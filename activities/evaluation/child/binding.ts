import { type InferenceSession, Tensor } from 'onnxruntime-node'
import { Refusal } from './refusal.js'
import type { Batch, FeatureKind, Value } from './table.js'

type Metadata = InferenceSession.ValueMetadata

/** How the set's columns reach the model's inputs. */
export interface Binding {
  readonly kind: 'matrix' | 'columns'
  readonly features: readonly FeatureKind[]
  feedsOf(batch: Batch): Record<string, Tensor>
}

type NumberType = 'float32' | 'float64' | 'int32' | 'int64'
const numberTypes: ReadonlySet<string> = new Set(['float32', 'float64', 'int32', 'int64'])

const refuse = (what: string) => new Refusal('model-inputs', what)

function typeOf(input: Metadata): string {
  return input.isTensor ? input.type : 'no tensor'
}

/** A free dimension is a name or not positive. */
const isFree = (size: number | string | undefined) =>
  size === undefined || typeof size === 'string' || size < 1

function assertShape(input: Metadata, width: number) {
  const shape = input.isTensor ? input.shape : []
  const [rows, columns] = shape
  const told = `Input '${input.name}' has the shape [${shape.join(', ')}]`
  if (!isFree(rows)) throw refuse(`${told}; the number of rows must be free`)
  if (shape.length > 2) throw refuse(`${told}; it must have two dimensions`)
  if (!isFree(columns) && columns !== width) {
    throw refuse(`${told}; the policy names ${width} features for it`)
  }
}

function whole(value: number, type: NumberType, name: string): number {
  const fits = type === 'int32' ? Math.abs(value) < 2 ** 31 : true
  if (fits && Number.isSafeInteger(value)) return value
  throw refuse(`Input '${name}' takes ${type}, and the evaluation set has other numbers`)
}

function numbers(type: NumberType, values: readonly number[], dims: number[], name: string) {
  switch (type) {
    case 'float32': {
      const data = Float32Array.from(values)
      if (data.every((value) => Number.isFinite(value))) return new Tensor(type, data, dims)
      throw refuse(`Input '${name}' takes floats, and the evaluation set has larger numbers`)
    }
    case 'float64':
      return new Tensor(type, Float64Array.from(values), dims)
    case 'int32':
      return new Tensor(
        type,
        Int32Array.from(values.map((value) => whole(value, type, name))),
        dims,
      )
    case 'int64': {
      const data = BigInt64Array.from(values.map((value) => BigInt(whole(value, type, name))))
      return new Tensor(type, data, dims)
    }
  }
}

const isNumberType = (type: string): type is NumberType => numberTypes.has(type)

function bindMatrix(input: Metadata, features: readonly string[]): Binding {
  const type = typeOf(input)
  if (type !== 'float32' && type !== 'float64') {
    throw refuse(`Input '${input.name}' takes ${type}, not float or double`)
  }
  assertShape(input, features.length)
  return {
    kind: 'matrix',
    features: features.map(() => 'number'),
    feedsOf({ rows, features: columns }) {
      const width = features.length
      const values = Array.from({ length: rows * width }, () => 0)
      for (const [index, column] of columns.entries()) {
        for (let row = 0; row < rows; row += 1) values[row * width + index] = Number(column[row])
      }
      return { [input.name]: numbers(type, values, [rows, width], input.name) }
    },
  }
}

function columnTensor(input: Metadata, column: readonly Value[]): Tensor {
  const rank = input.isTensor ? input.shape.length : 0
  const dims = rank === 1 ? [column.length] : [column.length, 1]
  const type = typeOf(input)
  if (isNumberType(type)) return numbers(type, column.map(Number), dims, input.name)
  return new Tensor('string', column.map(String), dims)
}

function bindColumns(inputs: readonly Metadata[], features: readonly string[]): Binding {
  const byName = new Map(inputs.map((input) => [input.name, input]))
  const strange = inputs.filter((input) => !features.includes(input.name))
  if (strange.length > 0 || inputs.length !== features.length) {
    const takes = inputs.map((input) => `'${input.name}'`).join(', ')
    throw refuse(`The model takes ${takes}; the policy names ${features.join(', ')}`)
  }
  const ordered = features.flatMap((name) => byName.get(name) ?? [])
  for (const input of ordered) {
    assertShape(input, 1)
    const type = typeOf(input)
    if (type !== 'string' && !isNumberType(type)) {
      throw refuse(`Input '${input.name}' takes ${type}, which no column can give`)
    }
  }
  return {
    kind: 'columns',
    features: ordered.map((input) => (typeOf(input) === 'string' ? 'text' : 'number')),
    feedsOf(batch) {
      const entries = ordered.map((input, index): [string, Tensor] => [
        input.name,
        columnTensor(input, batch.features[index] ?? []),
      ])
      return Object.fromEntries(entries)
    },
  }
}

/**
 * Binds features to inputs: by name where the model has one input per feature, else as one matrix in the
 * policy's order.
 *
 * @throws Refusal `model-inputs`
 */
export function bindInputs(inputs: readonly Metadata[], features: readonly string[]): Binding {
  const [only, second] = inputs
  if (only && !second && !(features.length === 1 && features[0] === only.name)) {
    return bindMatrix(only, features)
  }
  return bindColumns(inputs, features)
}
