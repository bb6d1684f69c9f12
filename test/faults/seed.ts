import { randomInt } from 'node:crypto'

/** Numbers that look random and are the same for the same seed. */
export interface Chance {
  /** A whole number from 0 to below `limit`. */
  readonly below: (limit: number) => number
  readonly pick: <T>(from: readonly [T, ...T[]]) => T
}

/** The seed of this run: `COUNTERSIGN_FAULTS_SEED`, or a new one. Whoever sees a failure needs it, so it is printed. */
export function seedOfRun(): number {
  const given = Number(process.env['COUNTERSIGN_FAULTS_SEED'] ?? Number.NaN)
  return Number.isSafeInteger(given) ? given : randomInt(1, 2 ** 31)
}

/** mulberry32: small, fast and good enough to spread moments. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return { below, pick: (from) => from[below(from.length)] ?? from[0] }
}

/** `.ci/full` breaks everything in every way; other runs take one of each kind, by the seed. */
export const isFull = process.env['COUNTERSIGN_FULL'] === '1'

export function chosen<T>(chance: Chance, cases: readonly [T, ...T[]]): readonly T[] {
  return isFull ? cases : [chance.pick(cases)]
}
