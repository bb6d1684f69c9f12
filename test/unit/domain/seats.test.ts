import { array, assert, boolean, integer, property, tuple } from 'fast-check'
import { expect, test } from 'vitest'
import { largestMatching, slotsOf, type Slot } from '../../../src/domain/seats.js'
import { seat } from './support.js'

/** The most places that distinct people can fill, by trying everything. */
function mostFilled(able: readonly (readonly boolean[])[], taken: readonly number[] = []): number {
  const [first, ...rest] = able
  if (!first) return 0
  const withSomebody = first.map((isAble, person) =>
    isAble && !taken.includes(person) ? 1 + mostFilled(rest, [...taken, person]) : 0,
  )
  return Math.max(mostFilled(rest, taken), ...withSomebody)
}

const tables = tuple(integer({ min: 0, max: 5 }), integer({ min: 1, max: 5 })).chain(
  ([slots, people]) =>
    array(array(boolean(), { minLength: people, maxLength: people }), {
      minLength: slots,
      maxLength: slots,
    }),
)

test('as many places are filled as distinct people can fill, and nobody sits where they may not', () => {
  assert(
    property(tables, (able) => {
      const slots: Slot[] = able.map((_, index) => ({ seat: String(index), team: null, teams: [] }))
      const people = (able[0] ?? []).map((_, index) => String(index))
      const mayFill = (person: string, slot: Slot) =>
        able[Number(slot.seat)]?.[Number(person)] === true
      const found = largestMatching(slots, people, mayFill)
      expect(found.every(({ person, slot }) => mayFill(person, slot))).toBe(true)
      expect(new Set(found.map(({ person }) => person)).size).toBe(found.length)
      expect(new Set(found.map(({ slot }) => slot)).size).toBe(found.length)
      expect(found.length).toBe(mostFilled(able))
    }),
    { numRuns: 3000 },
  )
})

test.each([
  ['any', 1, [['risk', 'safety']]],
  [
    'any',
    2,
    [
      ['risk', 'safety'],
      ['risk', 'safety'],
    ],
  ],
  ['all', 1, [['risk'], ['safety']]],
  ['all', 2, [['risk'], ['risk'], ['safety'], ['safety']]],
] as const)(
  'a seat of two teams, %s of them, quorum %d, has the places %j',
  (teamsNeeded, quorum, teams) => {
    const slots = slotsOf(seat('joint', { teams: ['risk', 'safety'], teamsNeeded, quorum }))
    expect(slots.map((slot) => slot.teams)).toEqual(teams)
  },
)
