import { createHash } from 'node:crypto'
import type { CheckRun, ModelFiles } from '../../../../activities/check.js'
import { snapshotOf } from '../../../../activities/snapshot/manifest.js'

export type Content = Uint8Array | string

/** A model in memory, as the checks see one. */
export function memoryFiles(contents: { readonly [path: string]: Content }): ModelFiles {
  const bytes = new Map(Object.entries(contents).map(([path, text]) => [path, Buffer.from(text)]))
  const { modelDigest, manifest } = snapshotOf(
    [...bytes].map(([path, content]) => ({
      path,
      size: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
    })),
  )
  return {
    modelDigest,
    manifest,
    signature: () => Promise.resolve(bytes.get('model.sig') ?? null),
    read: (path, offset, length) => {
      const content = bytes.get(path)
      if (!content) throw new Error(`no ${path}`)
      return Promise.resolve(content.subarray(offset, offset + length))
    },
    localPath: (path) => path,
  }
}

export function quietRun(): CheckRun {
  return { signal: new AbortController().signal, onProgress: () => undefined }
}

/** A safetensors file with this header text and so many bytes of data. */
export function safetensorsOf(header: string, dataBytes: number): Buffer {
  const text = Buffer.from(header)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, text, Buffer.alloc(dataBytes)])
}

export const goodHeader =
  '{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"b":{"dtype":"U8","shape":[3],"data_offsets":[16,19]}}'

export function goodSafetensors(): Buffer {
  return safetensorsOf(goodHeader, 19)
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest])
    bytes.push((rest % 128) + 128)
  }
}

/** One protobuf field: a number, or bytes, text or a message with its length. */
export function field(number: number, value: number | string | Uint8Array): Buffer {
  if (typeof value === 'number') return Buffer.concat([varint(number * 8), varint(value)])
  const bytes = Buffer.from(value)
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes])
}

export function message(...fields: readonly Uint8Array[]): Buffer {
  return Buffer.concat(fields)
}

export function entry(key: string, value: string): Buffer {
  return message(field(1, key), field(2, value))
}

/** A float tensor of two elements. */
export function tensor(...more: readonly Uint8Array[]): Buffer {
  return message(field(1, 2), field(2, 1), ...more, field(8, 'w'))
}

export function externalTensor(location: string, ...more: readonly Uint8Array[]): Buffer {
  return tensor(field(13, entry('location', location)), ...more, field(14, 1))
}

export function node(opType: string, domain = '', ...attributes: readonly Uint8Array[]): Buffer {
  return message(
    field(1, 'x'),
    field(2, 'y'),
    field(4, opType),
    ...attributes.map((attribute) => field(5, attribute)),
    ...(domain === '' ? [] : [field(7, domain)]),
  )
}

export interface OnnxParts {
  readonly nodes?: readonly Uint8Array[]
  readonly tensors?: readonly Uint8Array[]
  readonly opsets?: readonly string[]
  readonly tail?: readonly Uint8Array[]
}

/** A small ONNX model, its operator sets last, as Python writes it. */
export function onnxOf({
  nodes = [node('Relu')],
  tensors = [],
  opsets = [''],
  tail = [],
}: OnnxParts = {}): Buffer {
  const graph = message(
    ...nodes.map((one) => field(1, one)),
    field(2, 'graph'),
    ...tensors.map((one) => field(5, one)),
    field(11, field(1, 'x')),
    field(12, field(1, 'y')),
  )
  const imports = opsets.map((domain) =>
    field(8, message(...(domain === '' ? [] : [field(1, domain)]), field(2, 17))),
  )
  return message(field(1, 8), field(2, 'test'), field(7, graph), ...imports, ...tail)
}

/** `subgraph` inside an attribute, so many times. */
export function nested(times: number, innermost: Uint8Array): Buffer {
  let inside: Uint8Array = innermost
  for (let level = 0; level < times; level += 1) {
    const graph = message(field(1, inside), field(2, 'inner'))
    inside = node('If', '', message(field(1, 'then_branch'), field(6, graph), field(20, 5)))
  }
  return Buffer.from(inside)
}

/** A small repeatable source of numbers, so that a failure can be seen again. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}
