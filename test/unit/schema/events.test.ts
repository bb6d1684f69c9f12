import { describe, expect, test } from 'vitest'
import { promotionEvent } from '../../../src/schema/event.js'
import { promotionRequest } from '../../../src/schema/statement.js'
import { duration, policyFile } from '../../../src/schema/governance.js'
import { tell } from '../domain/story.js'
import { createTape } from '../domain/tape.js'
import { request } from '../domain/support.js'

/** A row of choices that looks random and is the same in every run. */
function rowOf(seed: number): Uint8Array {
  let state = seed
  return Uint8Array.from({ length: 160 }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state >> 16
  })
}

describe('events', () => {
  test('that the rules give are of the shape that is recorded, of every kind', () => {
    const kinds = new Set<string>()
    for (let seed = 1; seed <= 400; seed += 1) {
      const events = tell(createTape(rowOf(seed)), { leadingOn: 70, changing: 8 }, () => undefined)
      for (const event of events) {
        expect(promotionEvent.parse(event)).toEqual(event)
        kinds.add(event.type)
      }
    }
    const known = promotionEvent.options.map((option) => option.shape.type.value)
    expect(known.filter((kind) => !kinds.has(kind))).toEqual(['run-revived', 'refusals-counted'])
  })

  test('with anything more, anything less or an unknown kind are refused', () => {
    const at = '2026-01-05T09:00:00.000Z'
    const event = { type: 'expired', at, person: null, body: { clock: 'use' } }
    expect(promotionEvent.safeParse(event).success).toBe(true)
    const wrong = [
      { ...event, more: 1 },
      { ...event, body: { clock: 'use', name: 'Rita' } },
      { ...event, body: {} },
      { ...event, type: 'approved' },
      { ...event, at: 'yesterday' },
      { ...event, person: 'Rita' },
    ]
    expect(wrong.filter((one) => promotionEvent.safeParse(one).success)).toEqual([])
  })
})

test('a request is a body and the statement that holds it, and nothing else', () => {
  const { model, version, environment, reason, sponsor, signed } = request()
  const body = { model, version, environment, reason, sponsor }
  expect(promotionRequest.safeParse({ body, signed }).success).toBe(true)
  expect(promotionRequest.safeParse({ body: { ...body, tier: 'low' }, signed }).success).toBe(false)
})

describe('a policy', () => {
  const policy = {
    version: 1,
    id: 'one',
    match: { models: ['*'], environments: ['production'] },
    tier: 'low',
    checks: {},
    clocks: { decide: '14 days', use: '2 days', approvalHolds: '90 days' },
  }

  test('asks no seat, mends nothing and reruns five times unless it says otherwise', () => {
    expect(policyFile.parse(policy)).toMatchObject({
      seats: [],
      clocks: { mendWithin: 0 },
      limits: { reruns: 5 },
    })
  })

  test('is refused with a field that nobody knows, so that no condition is lost to a slip', () => {
    expect(policyFile.safeParse({ ...policy, seat: [] }).success).toBe(false)
    expect(policyFile.safeParse({ ...policy, checks: { scans: {} } }).success).toBe(false)
  })

  test.each(['-1 days', '1.5 days', '14', '14days', '14 weeks', '1000000 days', '01 days', ''])(
    'knows no duration %j',
    (text) => {
      expect(duration.safeParse(text).success).toBe(false)
    },
  )
})
