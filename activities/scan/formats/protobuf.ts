import { isUtf8 } from 'node:buffer'
import type { Cursor } from '../cursor.js'
import { Malformed } from '../verdict.js'

export interface FieldHeader {
  readonly number: number
  readonly wire: number
}

/** A tag, then a length: neither takes more than ten bytes. */
export const headerBytes = 20

/**
 * Reads one varint: a number where that is exact, a bigint above. Longer encodings of the same number are refused:
 * they leave room to hide in.
 *
 * @throws Malformed
 */
export function readVarint(cursor: Cursor): number | bigint {
  const from = cursor.position()
  let low = 0
  for (let shift = 0; shift < 49; shift += 7) {
    const byte = cursor.byte()
    low += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return minimal(low, byte, shift, from)
  }
  let value = BigInt(low)
  for (let shift = 49; shift < 70; shift += 7) {
    const byte = cursor.byte()
    value |= BigInt(byte & 0x7f) << BigInt(shift)
    if (byte < 0x80) return within64(minimal(value, byte, shift, from), from)
  }
  throw new Malformed('a number takes more than ten bytes', from)
}

function minimal<T>(value: T, lastByte: number, shift: number, from: number): T {
  if (lastByte === 0 && shift > 0)
    throw new Malformed('a number is written longer than it is', from)
  return value
}

function within64(value: bigint, from: number): bigint {
  if (value >= 2n ** 64n) throw new Malformed('a number has more than 64 bits', from)
  return value
}

/** @throws Malformed for field numbers and wire types that do not exist, groups among them */
export function readHeader(cursor: Cursor): FieldHeader {
  const from = cursor.position()
  const tag = readVarint(cursor)
  if (typeof tag !== 'number' || tag < 8 || tag >= 2 ** 32) {
    throw new Malformed('a field has a number that cannot be', from)
  }
  const number = Math.floor(tag / 8)
  const wire = tag % 8
  if (wire !== 0 && wire !== 1 && wire !== 2 && wire !== 5) {
    throw new Malformed(`field ${number} has wire type ${wire}`, from)
  }
  return { number, wire }
}

/** The end of a length-delimited value. @throws Malformed when it lies behind the message's own end */
export function readEnd(cursor: Cursor, end: number): number {
  const from = cursor.position()
  const length = readVarint(cursor)
  if (length > end - cursor.position()) {
    throw new Malformed(`${length} bytes are announced and fewer are left`, from)
  }
  return cursor.position() + Number(length)
}

/** A string up to `end`. @throws Malformed when it is not UTF-8 or longer than a megabyte */
export async function readString(cursor: Cursor, end: number): Promise<string> {
  const from = cursor.position()
  if (end - from > 1_048_576) throw new Malformed('a text is longer than a megabyte', from)
  const bytes = await cursor.take(end - from)
  if (!isUtf8(bytes)) throw new Malformed('a text is not UTF-8', from)
  return Buffer.from(bytes).toString('utf8')
}
