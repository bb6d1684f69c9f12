import { isUtf8 } from 'node:buffer'
import type { ByteSource } from '../byte-source.js'
import { inert, Malformed, type FileVerdict } from '../verdict.js'
import { isJsonObject, parseStrictJson, type JsonValue } from './strict-json.js'

const longestHeader = 100_000_000

/** Bits of one element. The format's reference implementation knows these and no others. */
const dtypeBits: ReadonlyMap<string, number> = new Map([
  ...(['F4', 'F6_E2M3', 'F6_E3M2'] as const).map((name) => [name, name === 'F4' ? 4 : 6] as const),
  ...['BOOL', 'U8', 'I8', 'F8_E5M2', 'F8_E4M3', 'F8_E8M0'].map((name) => [name, 8] as const),
  ...['I16', 'U16', 'F16', 'BF16'].map((name) => [name, 16] as const),
  ...['I32', 'U32', 'F32'].map((name) => [name, 32] as const),
  ...['I64', 'U64', 'F64', 'C64'].map((name) => [name, 64] as const),
])

interface Span {
  readonly name: string
  readonly begin: number
  readonly end: number
}

/** True when the file begins as safetensors does: a length that may be one, then a JSON object. */
export function looksLikeSafetensors(head: Uint8Array): boolean {
  if (head.length < 9 || head[8] !== 0x7b) return false
  return headerLength(head) <= BigInt(longestHeader)
}

function headerLength(head: Uint8Array): bigint {
  return new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true)
}

function isCount(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

/** Exact even for shapes whose product leaves the safe integers. */
function bytesOfShape(shape: readonly number[], bits: number): bigint | null {
  const all = shape.reduce((product, size) => product * BigInt(size), BigInt(bits))
  return all % 8n === 0n ? all / 8n : null
}

function bad(what: string): Malformed {
  return new Malformed(`a tensor's ${what}`, 8)
}

function bitsOf(dtype: JsonValue | undefined): number {
  const bits = typeof dtype === 'string' ? dtypeBits.get(dtype) : undefined
  if (bits === undefined) throw bad('type is not one that the format knows')
  return bits
}

function countsOf(value: JsonValue | undefined, what: string, most: number): readonly number[] {
  if (Array.isArray(value) && value.length <= most && value.every(isCount)) return value
  throw bad(`${what} is not a list of counts`)
}

function spanOf(name: string, entry: JsonValue): Span {
  if (!isJsonObject(entry)) throw bad('entry is no object')
  const { dtype, shape, data_offsets: offsets, ...others } = entry
  if (Object.keys(others).length > 0) throw bad('entry holds a key that the format does not know')
  const [begin = 0, end = -1] = countsOf(offsets, 'data_offsets', 2)
  const length = bytesOfShape(countsOf(shape, 'shape', 64), bitsOf(dtype))
  if (end >= begin && length === BigInt(end - begin)) return { name, begin, end }
  throw bad('shape and type do not give the length of its data')
}

function assertMetadata(metadata: JsonValue | undefined): void {
  if (metadata === undefined) return
  if (isJsonObject(metadata) && Object.values(metadata).every((v) => typeof v === 'string')) return
  throw new Malformed('__metadata__ is not an object of texts', 8)
}

/** A hole, an overlap or a tail is room for a second file that another loader would read. */
function assertTiled(spans: readonly Span[], bufferBytes: number): void {
  let reached = 0
  for (const span of spans.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (span.begin !== reached) {
      throw new Malformed(
        `the data of the tensors leaves a hole or overlaps at ${reached}`,
        reached,
      )
    }
    reached = span.end
  }
  if (reached !== bufferBytes) {
    throw new Malformed(
      `the tensors end at byte ${reached} of ${bufferBytes} bytes of data`,
      reached,
    )
  }
}

/**
 * Reads the header of a safetensors file strictly; never the tensors. What passes can hold numbers only.
 *
 * @throws Malformed
 */
export async function inspectSafetensors(source: ByteSource): Promise<FileVerdict> {
  if (source.size < 10) throw new Malformed('shorter than the shortest safetensors file', 0)
  const length = headerLength(await source.read(0, 8))
  if (length > BigInt(longestHeader) || length > BigInt(source.size - 8)) {
    throw new Malformed(`a header of ${length} bytes is announced`, 0)
  }
  const headerBytes = await source.read(8, Number(length))
  if (headerBytes[0] !== 0x7b || !isUtf8(headerBytes)) {
    throw new Malformed('the header is not JSON in UTF-8', 8)
  }
  const header = parseStrictJson(Buffer.from(headerBytes).toString('utf8'), { depth: 4 })
  if (!isJsonObject(header)) throw new Malformed('the header is no JSON object', 8)
  const { __metadata__: metadata, ...tensors } = header
  assertMetadata(metadata)
  const spans = Object.entries(tensors).map(([name, entry]) => spanOf(name, entry))
  assertTiled(spans, source.size - 8 - Number(length))
  return inert('safetensors')
}
