import { describe, expect, test } from 'vitest'
import { actOf, audit } from '../../../src/domain/audit.js'
import { fold } from '../../../src/domain/evolve.js'
import {
  checking,
  clause,
  createWorld,
  day,
  failedScan,
  passed,
  people,
  promoting,
  report,
  rules,
  start,
  type World,
} from './support.js'

const { owner, rita, sue } = people

function promoted(): World {
  const world = promoting()
  world.releaseStarts()
  world.moved()
  return world
}

/** Everything that can be recorded, in as few stories as it takes. */
function manyTurns(): World {
  const world = checking({
    rules: rules({ checks: [clause('scan'), clause('evaluation', 'v1', true)] }),
  })
  world.check(failedScan())
  world.check(report('evaluation', { outcome: 'inconclusive' }))
  world.waive(rita, { until: start + 9 * day })
  world.accept(rita, report('evaluation', { outcome: 'inconclusive' }).resultDigest)
  world.sign('risk', people.rob)
  world.withdraw(people.rob, 'risk')
  world.sign('risk', people.rob)
  world.champion('6')
  world.check(report('evaluation'))
  world.observe(rules({}, 'set 2'))
  world.rerun(owner, 'scan')
  return world
}

describe('an audit', () => {
  test.each([
    ['promoted', promoted],
    ['in the middle of many turns', manyTurns],
    ['empty', createWorld],
  ])('finds a true stream sound: %s', (_, make) => {
    const { events } = make()
    expect(audit(events)).toEqual({ kind: 'sound', state: fold(events) })
  })

  test.each([
    ['cancelled', (world: World) => world.cancel(owner)],
    ['rejected', (world: World) => world.sign('safety', sue, { verdict: 'reject' })],
    ['expired', (world: World) => world.tick(start + 14 * day)],
    [
      'failed',
      (world: World) => world.give({ kind: 'fail', at: start, code: 'INTERNAL', detail: '' }),
    ],
  ])('finds a true end sound: %s', (phase, finish) => {
    const world = passed()
    finish(world)
    expect(audit(world.events)).toMatchObject({ kind: 'sound', state: { phase } })
  })

  test('finds a stream sound that was cut off between the events of one command', () => {
    const { events } = promoting()
    for (let length = 0; length <= events.length; length += 1) {
      expect(audit(events.slice(0, length)).kind).toBe('sound')
    }
  })

  test('names the first event that the rules would not have given', () => {
    const { events } = promoted()
    const place = events.findIndex(({ type }) => type === 'signed-off')
    const found = audit(events.toSpliced(place, 1))
    expect(found).toMatchObject({ kind: 'unsound', seq: expect.any(Number) })
    expect(audit(events.toSpliced(0, 1))).toMatchObject({ kind: 'unsound', seq: 0 })
  })

  test('finds each event that is left out', () => {
    const { events } = promoted()
    const kinds = events.map((_, place) => audit(events.toSpliced(place, 1)).kind)
    // Only the last may be missing: what never happened leaves no gap.
    expect(kinds).toEqual(
      events.map((_, place) => (place === events.length - 1 ? 'sound' : 'unsound')),
    )
  })

  test('finds a waiver that was made longer than its giver said', () => {
    const { events } = manyTurns()
    const place = events.findIndex(({ type }) => type === 'waived')
    const event = events[place]
    if (event?.type !== 'waived') throw new Error('the story has no waiver')
    const body = { ...event.body, until: '2099-01-01T00:00:00.000Z' }
    const forged = events.with(place, { ...event, body })
    expect(audit(forged)).toMatchObject({
      kind: 'unsound',
      detail: 'the rules would not have given waived',
    })
  })

  test('finds an event after the end, and an act that was refused or done twice', () => {
    const world = promoted()
    const { events } = world
    const act = events.find(({ type }) => type === 'signed-off')
    expect(audit([...events, ...events.slice(-1)])).toMatchObject({ kind: 'unsound' })
    expect(audit(act ? [...events, act] : [])).toMatchObject({
      kind: 'unsound',
      detail: 'the rules would not have given signed-off',
    })
  })
})

test('every act can be read back from its event, and no other event claims one', () => {
  const acts = [...manyTurns().events, ...promoted().events].flatMap((event) => {
    const act = actOf(event)
    return act ? [[act.act, act.signed.statement.act]] : []
  })
  expect(acts.every(([claimed, said]) => claimed === said)).toBe(true)
  expect(new Set(acts.map(([claimed]) => claimed))).toEqual(
    new Set(['waiver', 'acceptance', 'sign-off', 'withdrawal', 'rerun']),
  )
})
