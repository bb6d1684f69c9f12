import { dirname, posix } from 'node:path'
import type { Finding } from '../../../src/schema/check.js'
import { findingOf } from '../../finding.js'
import { Malformed, type ExternalRange } from '../verdict.js'
import type { Seen } from './onnx-walk.js'

const inlineData = ['floats', 'ints', 'strings', 'longs', 'raw', 'doubles', 'unsigned']
const knownKeys: ReadonlySet<string> = new Set(['location', 'offset', 'length', 'checksum'])
const string = 8

/** Bits of one element by `TensorProto.DataType`; texts (8) have no width. */
const bitsOfType: readonly (number | null)[] = `
  . 32 8 8 16 16 32 64 . 8 16 64 32 64 64 128 16 8 8 8 8 4 4 4 8 2 2 6 6
`
  .trim()
  .split(' ')
  .map((bits) => (bits === '.' ? null : Number(bits)))

function bytesOf(seen: Seen, bits: number): bigint {
  const elements = seen.dims.reduce<bigint>((product, size) => product * BigInt(size), 1n)
  return (elements * BigInt(bits) + 7n) / 8n
}

function bitsOf(seen: Seen): number | null {
  const type = seen.numbers.get('data_type') ?? 0
  const bits = bitsOfType[Number(type)]
  if (bits === undefined || (bits === null && type !== string)) {
    throw new Malformed(`a tensor has the unknown type ${type}`, seen.at)
  }
  return bits
}

/** @throws Malformed when a tensor does not say exactly what it holds, or holds it twice */
export function assertTensor(seen: Seen): void {
  const bits = bitsOf(seen)
  if (seen.counts.has('segment')) throw new Malformed('a tensor comes in segments', seen.at)
  const stored = inlineData.filter((name) => seen.counts.has(name))
  const isExternal = seen.numbers.get('location') === 1
  if (isExternal !== seen.external.length > 0) {
    throw new Malformed('a tensor does not say clearly whether its data lie elsewhere', seen.at)
  }
  if (stored.length + Number(isExternal) > 1)
    throw new Malformed('a tensor holds its data twice', seen.at)
  const raw = seen.sizes.get('raw')
  if (raw === undefined) return
  if (bits === null || bytesOf(seen, bits) !== BigInt(raw)) {
    throw new Malformed(`a tensor's shape and type do not give its ${raw} bytes`, seen.at)
  }
}

function isPlainRelative(location: string): boolean {
  if (location.includes('\\') || /^[A-Za-z]:|[\p{C}]/u.test(location)) return false
  return location.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
}

function countOf(text: string, at: number): number {
  const value = /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value)) return value
  throw new Malformed('the place of external data is not a count of bytes', at)
}

function outside(path: string, location: string): Finding {
  return findingOf({
    rule: 'scan/onnx-external-path',
    about: path,
    severity: 'critical',
    what: `The ONNX file keeps a tensor in "${location}", which is no other file of this model.`,
    why: 'Loading the model would read a file of the machine that serves it (CVE-2022-25882, CVE-2024-27318).',
    remedy:
      'Save the model with its tensors inside it, or in a file beside it that is part of the version.',
    waivable: false,
  })
}

/**
 * Where an external tensor lies, or the finding that it lies where it must not.
 *
 * @throws Malformed when the range is unreadable or ends behind its file
 */
export function externalRange(
  path: string,
  seen: Seen,
  sizes: ReadonlyMap<string, number>,
): ExternalRange | Finding {
  const entries = entriesOf(seen)
  const location = entries.get('location') ?? ''
  const target = posix.join(dirname(path), location)
  const size = isPlainRelative(location) && target !== path ? sizes.get(target) : undefined
  if (size === undefined) return outside(path, location)

  const offset = countOf(entries.get('offset') ?? '0', seen.at)
  const end = offset + countOf(entries.get('length') ?? String(size - offset), seen.at)
  assertFits(seen, target, end - offset, end <= size)
  return { path: target, end }
}

function assertFits(seen: Seen, target: string, length: number, isInside: boolean): void {
  const bits = bitsOf(seen)
  if (isInside && bits !== null && bytesOf(seen, bits) === BigInt(length)) return
  throw new Malformed(`a tensor's external data do not lie as announced in ${target}`, seen.at)
}

function entriesOf(seen: Seen): ReadonlyMap<string, string> {
  const entries = new Map(seen.external)
  const isKnown = [...entries.keys()].every((key) => knownKeys.has(key))
  if (isKnown && entries.size === seen.external.length) return entries
  throw new Malformed('a tensor says in an unknown way where its data lie', seen.at)
}
