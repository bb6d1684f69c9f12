import { describe, expect, test } from 'vitest'
import { blockedBy } from '../../../src/domain/blocked-by.js'
import {
  checking,
  clause,
  day,
  gist,
  membership,
  passed,
  people,
  promoting,
  report,
  rules,
  seat,
  start,
  type World,
} from './support.js'

const { both, requester, rita, rob, sam, sue } = people

function signers(world: World): readonly string[] {
  return world.state().signOffs.map(({ person, seat: where }) => `${person} at ${where}`)
}

describe('people', () => {
  test('who join a team void nothing', () => {
    const world = promoting()
    const joined = membership({ risk: [rita, rob, both, 'per_new1'] })
    expect(gist(world.observe(rules(), joined))).toEqual(['governance-observed'])
    expect(world.state().phase).toBe('promoting')
  })

  test('who leave void their own sign-off only', () => {
    const world = promoting()
    const left = membership({ risk: [rob] })
    expect(gist(world.observe(rules(), left))).toEqual([
      'governance-observed',
      'sign-off-voided',
      'sign-off-asked',
    ])
    expect(signers(world)).toEqual([`${sue} at safety`])
    expect(world.events.at(-2)).toMatchObject({
      body: { person: rita, changes: ['only members of risk may fill seat risk'] },
    })
  })

  test('who leave while another can sit for them change who is recorded at the seat', () => {
    const world = passed()
    world.sign('risk', rita)
    world.sign('risk', rob)
    world.sign('safety', sue)
    expect(gist(world.observe(rules(), membership({ risk: [rob] })))).toEqual([
      'governance-observed',
      'sign-off-voided',
      'release-ready',
    ])
    expect(world.events.at(-1)).toMatchObject({
      body: {
        seats: [
          { seat: 'risk', person: rob },
          { seat: 'safety', person: sue },
        ],
      },
    })
    expect(gist(world.tick())).toEqual([])
  })
})

describe('another governance set', () => {
  test('that is already known changes nothing', () => {
    const world = promoting()
    expect(gist(world.observe(rules()))).toEqual([])
  })

  test('with the same rules voids nothing, and one sign-off still fills the seat of both', () => {
    const world = passed()
    world.sign('risk', rita)
    expect(gist(world.observe(rules({}, 'set 2')))).toEqual(['governance-observed'])
    expect(blockedBy(world.state(), start).map(({ condition }) => condition)).toEqual([
      'seat safety waits for a sign-off',
    ])
    expect(gist(world.sign('safety', sue))).toEqual(['signed-off', 'release-ready'])
  })

  test('with one seat more needs that too, and one less takes nothing away', () => {
    const world = promoting()
    const more = rules(
      { seats: [...rules().seats, seat('joint', { teams: ['risk', 'safety'] })] },
      'set 2',
    )
    expect(gist(world.observe(more))).toEqual(['governance-observed', 'sign-off-asked'])
    expect(gist(world.sign('joint', sam))).toEqual(['signed-off', 'release-ready'])

    const other = passed()
    other.observe(rules({ seats: [] }, 'set 2'))
    expect(other.state().phase).toBe('awaiting-sign-off')
    other.sign('risk', rita)
    other.sign('safety', sue)
    expect(other.state().phase).toBe('promoting')
  })

  test('with a stricter seat voids what was signed under the looser one', () => {
    const world = promoting()
    const stricter = rules({ seats: [seat('risk', { quorum: 2 }), seat('safety')] }, 'set 2')
    world.observe(stricter)
    expect(signers(world)).toEqual([`${sue} at safety`])
    const voided = world.events.find(({ type }) => type === 'sign-off-voided')
    expect(voided).toMatchObject({ body: { changes: ['the rule of the seat'] } })
    world.sign('risk', rita)
    expect(world.state().phase).toBe('awaiting-sign-off')
    world.sign('risk', rob)
    expect(world.state().phase).toBe('promoting')
  })

  test('that demands a stronger proof voids the weaker one', () => {
    const world = promoting()
    world.observe(rules({ seats: [seat('risk', { level: 'signed' }), seat('safety')] }, 'set 2'))
    expect(world.events.find(({ type }) => type === 'sign-off-voided')).toMatchObject({
      body: { changes: ['the seat now demands a stronger proof of the person'] },
    })
  })

  test('whose extra seat is dropped again voids what was signed there', () => {
    const world = passed()
    world.observe(rules({ seats: [...rules().seats, seat('extra', { teams: ['risk'] })] }, 'set 2'))
    world.sign('extra', rob)
    world.observe(rules({}, 'set 3'))
    expect(signers(world)).toEqual([])
    expect(world.events.find(({ type }) => type === 'sign-off-voided')).toMatchObject({
      body: { now: null, changes: ['the seat is no longer asked for'] },
    })
  })

  test('with another clause runs the check under both, and needs both', () => {
    const world = promoting()
    const next = clause('scan', 'v2')
    const decision = world.observe(rules({ checks: [next, clause('evaluation')] }, 'set 2'))
    expect(gist(decision)).toEqual(['governance-observed', 'checks-reopened'])
    expect(world.state().checks.map(({ report: found }) => found !== null)).toEqual([
      true,
      true,
      false,
    ])
    const { clauseDigest } = next
    const failed = report('scan', { clauseDigest, outcome: 'error' })
    expect(gist(world.check(failed))).toEqual(['check-completed', 'blocked'])
    world.rerun(requester, 'scan')
    expect(gist(world.check(report('scan', { clauseDigest })))).toEqual(['check-completed'])
    expect(gist(world.check(report('scan')))).toContain('sign-off-voided')
    expect(signers(world)).toEqual([])
  })

  test('with shorter clocks, fewer reruns and another tier holds beside the pinned one', () => {
    const world = passed()
    const clocks = { decideMs: day, useMs: day, mendWithinMs: 0, approvalHoldsMs: 9 * day }
    world.observe(rules({ clocks, tier: 'low', limits: { reruns: 0 } }, 'set 2'))
    expect(gist(world.rerun(requester, 'scan'))).toBe('LIMIT_REACHED')
    expect(world.events.at(-1)).toMatchObject({
      body: { seats: [{ slice: { tier: ['high', 'low'] } }, {}] },
    })
    world.sign('risk', rita)
    world.sign('safety', sue)
    world.releaseStarts()
    expect(world.moved()).toMatchObject({
      events: [{ body: { approvedUntil: new Date(start + 9 * day).toISOString() } }],
    })
  })

  test('while the alias is being moved waits until that is over', () => {
    const world = promoting()
    world.releaseStarts()
    const stricter = rules({ seats: [seat('risk', { quorum: 2 }), seat('safety')] }, 'set 2')
    expect(gist(world.observe(stricter))).toEqual(['governance-observed'])
    world.releaseStops()
    expect(gist(world.tick())).toEqual(['sign-off-voided', 'sign-off-asked'])
  })
})

describe('another champion', () => {
  const checks = [clause('scan'), clause('evaluation', 'v1', true)]
  const compared = { rules: rules({ checks }) }

  test('runs again what compares with it, and nothing else', () => {
    const world = promoting(compared)
    expect(gist(world.champion('6'))).toEqual(['champion-observed', 'checks-reopened'])
    expect(
      world.state().checks.map(({ attempt, report: found }) => [attempt, found !== null]),
    ).toEqual([
      [1, true],
      [2, false],
    ])
    world.check(report('evaluation'))
    const voided = world.events.find(({ type }) => type === 'sign-off-voided')
    expect(voided).toMatchObject({ body: { changes: ['the version that is live now'] } })
  })

  test('that nothing compares with voids nothing', () => {
    const world = promoting()
    expect(gist(world.champion('6'))).toEqual(['champion-observed'])
    expect(gist(world.champion('6'))).toEqual([])
    expect(world.state().phase).toBe('promoting')
  })

  test('is told apart by version where its bytes are not known', () => {
    const world = checking(compared)
    for (const version of ['5', '6']) {
      const champion = { version, modelDigest: null }
      world.give({ kind: 'champion', at: start, champion })
      world.check(report('scan'))
      world.check(report('evaluation'))
    }
    const asked = world.events.flatMap((event) => (event.type === 'sign-off-asked' ? [event] : []))
    const champions = asked.map(({ body }) => body.seats[0]?.slice.champion)
    expect(new Set(champions).size).toBe(2)
    expect(champions).not.toContain(null)
  })
})

test('a digest that was asked for before is asked for again only when owners are asked anew', () => {
  const world = passed()
  const first = world.digestOf('risk')
  world.observe(rules({ tier: 'higher' }, 'set 2'))
  expect(world.digestOf('risk')).not.toBe(first)
  expect(gist(world.observe(rules({}, 'set 3')))).toEqual(['governance-observed'])
  expect(world.digestOf('risk')).toBe(first)
  expect(gist(world.sign('risk', rita, { digest: first }))).toEqual(['signed-off'])
})
