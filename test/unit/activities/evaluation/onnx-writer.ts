/** Writes small ONNX models for tests, field by field, so that hostile ones can be written too. */
type Bytes = readonly number[]

function varint(value: bigint): number[] {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  return [...bytes, Number(rest)]
}

const utf8 = new TextEncoder()

export const int = (field: number, value: number | bigint): Bytes => [
  ...varint(BigInt(field) << 3n),
  ...varint(BigInt(value)),
]
export const part = (field: number, content: Bytes | string): Bytes => {
  const bytes = typeof content === 'string' ? [...utf8.encode(content)] : content
  return [...varint((BigInt(field) << 3n) | 2n), ...varint(BigInt(bytes.length)), ...bytes]
}
const all = (...parts: readonly Bytes[]): Bytes => parts.flat()

const types = { float: 1, int64: 7, string: 8, bool: 9, double: 11 } as const
export type Type = keyof typeof types

/** A tensor's name, type and shape; a text is a free dimension. */
export function value(name: string, type: Type, shape: readonly (number | string)[]): Bytes {
  const dims = shape.map((dim) => part(1, typeof dim === 'number' ? int(1, dim) : part(2, dim)))
  const tensor = all(int(1, types[type]), part(2, dims.flat()))
  return all(part(1, name), part(2, part(1, tensor)))
}

const floats = (values: readonly number[]) => [...new Uint8Array(Float32Array.from(values).buffer)]
const longs = (values: readonly bigint[]) => [...new Uint8Array(BigInt64Array.from(values).buffer)]

const tensor = (name: string, type: Type, dims: readonly number[], raw: Bytes): Bytes =>
  all(...dims.map((dim) => int(1, dim)), int(2, types[type]), part(8, name), part(9, raw))

export const floatTensor = (name: string, dims: readonly number[], values: readonly number[]) =>
  tensor(name, 'float', dims, floats(values))
export const longTensor = (name: string, dims: readonly number[], values: readonly bigint[]) =>
  tensor(name, 'int64', dims, longs(values))
export const trueTensor = (name: string) => tensor(name, 'bool', [], [1])

/** A tensor whose values would come from another file. */
export function externalTensor(name: string, dims: readonly number[], location: string): Bytes {
  const entry = part(13, all(part(1, 'location'), part(2, location)))
  return all(
    ...dims.map((dim) => int(1, dim)),
    int(2, types.float),
    part(8, name),
    entry,
    int(14, 1),
  )
}

export const intAttribute = (name: string, number: number) =>
  all(part(1, name), int(3, number), int(20, 2))
export const intsAttribute = (name: string, numbers: readonly number[]) =>
  all(part(1, name), ...numbers.map((one) => int(8, one)), int(20, 7))
export const textsAttribute = (name: string, texts: readonly string[]) =>
  all(part(1, name), ...texts.map((one) => part(9, one)), int(20, 8))
export const floatsAttribute = (name: string, numbers: readonly number[]) =>
  all(part(1, name), part(7, floats(numbers)), int(20, 6))
export const graphAttribute = (name: string, graph: Bytes) =>
  all(part(1, name), part(6, graph), int(20, 5))

export function node(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: readonly Bytes[] = [],
  domain = '',
): Bytes {
  return all(
    ...inputs.map((one) => part(1, one)),
    ...outputs.map((one) => part(2, one)),
    part(4, operator),
    ...attributes.map((one) => part(5, one)),
    ...(domain ? [part(7, domain)] : []),
  )
}

export interface GraphParts {
  readonly nodes: readonly Bytes[]
  readonly inputs: readonly Bytes[]
  readonly outputs: readonly Bytes[]
  readonly tensors?: readonly Bytes[]
}

export function graph({ nodes, inputs, outputs, tensors = [] }: GraphParts): Bytes {
  return all(
    ...nodes.map((one) => part(1, one)),
    part(2, 'graph'),
    ...tensors.map((one) => part(5, one)),
    ...inputs.map((one) => part(11, one)),
    ...outputs.map((one) => part(12, one)),
  )
}

export function onnx(parts: GraphParts): Uint8Array {
  const opset = (domain: string, version: number) => part(8, all(part(1, domain), int(2, version)))
  return Uint8Array.from(
    all(int(1, 8), part(7, graph(parts)), opset('', 17), opset('ai.onnx.ml', 3)),
  )
}
