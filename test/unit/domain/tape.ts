/** A row of bytes that a generated story takes its choices from: a shorter or smaller row is a simpler story. */
export interface Tape {
  /** The next choice: 0 or more, below the limit (at most 256). After the end always 0. */
  readonly below: (limit: number) => number
  /** One of some values, of which there must be one. */
  readonly pick: <T>(from: readonly T[]) => T
  /** One of some values; the other where there are none. */
  readonly pickOr: <T>(from: readonly T[], other: T) => T
  readonly isOver: () => boolean
}

export function createTape(bytes: Uint8Array): Tape {
  let next = 0
  const below = (limit: number) => {
    const byte = bytes[next] ?? 0
    next += 1
    return byte % limit
  }
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T
  return {
    below,
    pick,
    pickOr: (from, other) => (from.length > 0 ? pick(from) : other),
    isOver: () => next >= bytes.length,
  }
}
