/** One field as it stands in the bytes: `start` and `end` bound its content, `value` is set for whole numbers. */
export interface WireField {
  readonly number: number
  readonly kind: 'varint' | 'fixed64' | 'bytes' | 'fixed32'
  readonly value: bigint
  readonly start: number
  readonly end: number
}

/** The bytes are no protobuf message. Never leaves the room: whoever reads a model turns it into a finding. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage'
}

interface Varint {
  readonly value: bigint
  readonly next: number
}

function varint(bytes: Uint8Array, start: number): Varint {
  let value = 0n
  for (let index = 0; index < 10; index += 1) {
    const byte = bytes[start + index]
    if (byte === undefined) throw new MalformedMessage('a number is cut off')
    value |= BigInt(byte & 0x7f) << BigInt(7 * index)
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), next: start + index + 1 }
  }
  throw new MalformedMessage('a number is longer than 10 bytes')
}

/** A field's head at `start`. Its content may lie beyond `bytes`: the caller knows how far the message goes. */
export function wireFieldAt(bytes: Uint8Array, start: number): WireField {
  const key = varint(bytes, start)
  const number = Number(key.value >> 3n)
  if (number < 1) throw new MalformedMessage('a field has the number 0')
  const content = key.next
  switch (Number(key.value & 7n)) {
    case 0: {
      const { value, next } = varint(bytes, content)
      return { number, kind: 'varint', value, start: content, end: next }
    }
    case 1:
      return { number, kind: 'fixed64', value: 0n, start: content, end: content + 8 }
    case 2: {
      const { value, next } = varint(bytes, content)
      return { number, kind: 'bytes', value, start: next, end: next + Number(value) }
    }
    case 5:
      return { number, kind: 'fixed32', value: 0n, start: content, end: content + 4 }
    default:
      throw new MalformedMessage('a field has an unknown wire type')
  }
}

/** The fields between `start` and `end`, one after the other. @throws MalformedMessage */
export function* wireFields(
  bytes: Uint8Array,
  start = 0,
  end = bytes.length,
): Generator<WireField, void> {
  let at = start
  while (at < end) {
    const field = wireFieldAt(bytes, at)
    if (field.end > end) throw new MalformedMessage('a field goes beyond its message')
    yield field
    at = field.end
  }
}

const utf8 = new TextDecoder()

export function wireText(bytes: Uint8Array, field: WireField): string {
  return utf8.decode(bytes.subarray(field.start, field.end))
}
