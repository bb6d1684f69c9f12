import { describe, expect, test } from 'vitest'
import { decide } from '../../../src/domain/decide.js'
import { nothingYet } from '../../../src/domain/promotion.js'
import { isoOf } from '../../../src/domain/time.js'
import {
  checking,
  clause,
  createWorld,
  day,
  failedScan,
  gist,
  hour,
  membership,
  minute,
  passed,
  people,
  promoting,
  report,
  request,
  rules,
  seat,
  sha,
  signed,
  snapshot,
  start,
  type World,
} from './support.js'

const clocks = rules().clocks
const failsAtOnce = rules({ clocks: { ...clocks, mendWithinMs: 0 } })
const withoutSeats = rules({ seats: [] })

describe('a request', () => {
  test('leads to the snapshot, and pins its rules', () => {
    const world = createWorld()
    expect(gist(world.open())).toEqual(['requested'])
    expect(world.state()).toMatchObject({ phase: 'snapshotting', nextSeq: 1, pinned: rules() })
  })

  test.each([
    ['nobody is in the team', { membership: membership({ safety: [] }) }, 'safety'],
    ['the team is unknown', { rules: rules({ seats: [seat('legal')] }) }, 'legal'],
    [
      'only the requester is in it',
      { membership: membership({ risk: [people.requester] }) },
      'risk',
    ],
    [
      'only the sponsor is in it',
      { sponsor: people.sponsor, membership: membership({ risk: [people.sponsor] }) },
      'risk',
    ],
    [
      'one person would have to sit twice',
      { membership: membership({ risk: [people.both], safety: [people.both] }) },
      'safety',
    ],
    [
      'the quorum is larger than the team',
      { rules: rules({ seats: [seat('risk', { quorum: 5 })] }) },
      'risk',
    ],
    [
      'a level is demanded of a team that is named like a built-in property',
      { rules: rules({ seats: [seat('seat', { teams: ['constructor'] })] }) },
      'constructor',
    ],
  ])('is refused where a seat could never be filled: %s', (_, more, name) => {
    const decision = createWorld().open(more)
    expect(gist(decision)).toBe('SEAT_UNFILLABLE')
    expect(decision).toMatchObject({ detail: expect.stringContaining(name) })
  })

  const own = request()
  const about = { ...own.signed, statement: { ...own.signed.statement } }
  test.each([
    ['of another promotion', { promotion: `prm_${'3'.repeat(32)}` as const }, 'SIGNATURE_INVALID'],
    ['of another installation', { installation: 'ins_00000002' as const }, 'SIGNATURE_INVALID'],
    ['for another act', { act: 'cancel' as const }, 'SIGNATURE_INVALID'],
    ['over another body', { bodyDigest: sha('another body') }, 'SIGNATURE_INVALID'],
    ['of another person', { person: people.stranger }, 'SIGNATURE_INVALID'],
    ['that has expired', { notAfter: isoOf(start) }, 'STATEMENT_EXPIRED'],
    ['that is not good yet', { issued: isoOf(start + 6 * minute) }, 'STATEMENT_EXPIRED'],
    [
      'that is good for longer than a day',
      { notAfter: isoOf(start + 25 * hour) },
      'STATEMENT_EXPIRED',
    ],
  ])('is refused with a statement %s', (_, wrong, code) => {
    const statement = { ...about.statement, ...wrong }
    const world = createWorld()
    expect(gist(world.open({ ...own, signed: { ...about, statement } }))).toBe(code)
    expect(world.state()).toEqual(nothingYet)
  })

  test('opens a promotion once', () => {
    const world = createWorld()
    world.open()
    expect(gist(world.open())).toEqual([])
  })

  test('does nothing to a promotion that does not exist yet', () => {
    const world = createWorld()
    expect(gist(world.tick())).toEqual([])
    expect(gist(world.snapshotted())).toEqual([])
    const said = { installation: '' as never, promotion: '' as never }
    expect(gist(world.act('cancel', people.owner, { reason: sha('why') }, said))).toBe(
      'WRONG_STATE',
    )
    expect(world.state()).toEqual(nothingYet)
  })
})

describe('the snapshot', () => {
  test('leads to the checks', () => {
    const world = checking()
    expect(world.state()).toMatchObject({ phase: 'checking', snapshot })
    expect(gist(world.snapshotted())).toEqual([])
  })

  test('that cannot be taken ends the promotion as failed, with the reason cut to its limit', () => {
    const world = createWorld()
    world.open()
    const detail = 'x'.repeat(600)
    world.give({ kind: 'fail', at: start, code: 'SNAPSHOT_REFUSED', detail })
    expect(world.state()).toMatchObject({
      phase: 'failed',
      end: { code: 'SNAPSHOT_REFUSED', detail: 'x'.repeat(500) },
    })
  })

  test('comes first: a check of bytes that nobody copied counts for nothing', () => {
    const world = createWorld()
    world.open()
    expect(gist(world.check(report('scan')))).toEqual([])
  })
})

describe('checks', () => {
  test('that all passed lead to the sign-off, asked once', () => {
    const world = checking()
    expect(gist(world.check(report('scan')))).toEqual(['check-completed'])
    expect(gist(world.check(report('evaluation')))).toEqual(['check-completed', 'sign-off-asked'])
    expect(world.state().phase).toBe('awaiting-sign-off')
    expect(gist(world.tick())).toEqual([])
  })

  test('are enough in a tier without seats', () => {
    const world = passed({ rules: withoutSeats })
    expect(world.state().phase).toBe('promoting')
    expect(world.events.at(-1)).toMatchObject({ type: 'release-ready', body: { seats: [] } })
  })

  test.each([
    ['an older attempt', 2, report('scan')],
    ['a clause that does not apply', 1, report('scan', { clauseDigest: sha('other') })],
    ['a check that was not asked for', 1, report('provenance')],
  ])('count for nothing when they are of %s', (_, attempt, given) => {
    const world = checking()
    expect(gist(world.give({ kind: 'check', at: start, attempt, report: given }))).toEqual([])
  })

  test('that were completed are not completed again', () => {
    const world = checking()
    world.check(report('scan'))
    expect(gist(world.check(failedScan()))).toEqual([])
  })

  const outcomes = ['failed', 'inconclusive', 'error'] as const
  test.each(outcomes)('that are %s block, and fail once the time to mend is over', (outcome) => {
    const world = checking()
    world.check(report('evaluation'))
    expect(gist(world.check(report('scan', { outcome })))).toEqual(['check-completed', 'blocked'])
    expect(world.events.at(-1)).toMatchObject({
      body: { checks: ['scan'], until: isoOf(start + 3 * day) },
    })
    expect(gist(world.tick(start + 3 * day - 1))).toEqual([])
    expect(gist(world.tick(start + 3 * day))).toEqual(['failed'])
    expect(world.state().end?.code).toBe('CHECKS_FAILED')
  })

  test.each(outcomes)(
    'that are %s end the promotion at once where nothing may be mended',
    (outcome) => {
      const world = checking({ rules: failsAtOnce })
      world.check(report('evaluation'))
      expect(gist(world.check(report('scan', { outcome })))).toEqual(['check-completed', 'failed'])
      expect(world.state().end).toEqual({
        code: 'CHECKS_FAILED',
        detail: `scan ${outcome}: scan ${outcome}`,
      })
    },
  )

  test('wait for each other before the promotion is blocked', () => {
    const world = checking()
    expect(gist(world.check(failedScan()))).toEqual(['check-completed'])
    expect(world.state().phase).toBe('checking')
  })
})

describe('the release', () => {
  test('moves the alias for an approved promotion, and says until when that holds', () => {
    const world = promoting()
    expect(world.state().phase).toBe('promoting')
    world.releaseStarts()
    expect(gist(world.moved())).toEqual(['promoted'])
    expect(world.state()).toMatchObject({
      phase: 'promoted',
      releasing: false,
      promoted: { from: null, aliasSeq: 0, approvedUntil: isoOf(start + 90 * day) },
    })
  })

  const early: readonly (readonly [string, () => World])[] = [
    ['snapshotting', () => opened()],
    ['checking', checking],
    ['blocked', () => blocked()],
    ['awaiting sign-off', passed],
    ['promoting, but no release was begun', promoting],
  ]
  test.each(early)('that says it moved while %s promotes nothing', (_, make) => {
    const world = make()
    const before = world.state()
    expect(gist(world.moved())).toBe('WRONG_STATE')
    expect(world.state()).toBe(before)
  })

  test('that is refused ends the promotion as failed', () => {
    const world = promoting()
    world.releaseStarts()
    const result = {
      kind: 'refused',
      code: 'SNAPSHOT_UNSTABLE',
      detail: 'the bytes changed',
    } as const
    world.give({ kind: 'released', at: start, result })
    expect(world.state()).toMatchObject({ phase: 'failed', end: { code: 'SNAPSHOT_UNSTABLE' } })
  })

  test('that is refused when the promotion went back ends nothing', () => {
    const world = promoting()
    world.rerun(people.owner, 'scan')
    const result = { kind: 'refused', code: 'INTERNAL', detail: 'late' } as const
    expect(gist(world.give({ kind: 'released', at: start, result }))).toBe('WRONG_STATE')
  })

  test('that has begun is not disturbed by any act, nor by a clock', () => {
    const world = promoting()
    world.releaseStarts()
    expect(gist(world.cancel(people.owner))).toBe('WRONG_STATE')
    expect(gist(world.withdraw(people.rita, 'risk'))).toBe('WRONG_STATE')
    expect(gist(world.tick(start + 30 * day))).toEqual([])
  })

  test('that stopped leaves it promoting, to be tried again or cancelled', () => {
    const world = promoting()
    world.releaseStarts()
    world.releaseStops()
    expect(world.state()).toMatchObject({ phase: 'promoting', releasing: false })
    expect(gist(world.cancel(people.owner))).toEqual(['cancelled'])
  })
})

describe('deadlines', () => {
  test('the time to decide runs from the first asking, and expires the promotion', () => {
    const world = passed()
    world.tick(start + 10 * day)
    world.rerun(people.owner, 'scan')
    world.check(report('scan', { resultDigest: sha('another') }))
    expect(world.state().phase).toBe('awaiting-sign-off')
    expect(gist(world.tick(start + 14 * day - 1))).toEqual([])
    expect(gist(world.tick(start + 14 * day))).toEqual(['expired'])
    expect(world.state().end?.detail).toContain('decide')
  })

  test('the time to use the decision expires the promotion, unless the alias is being moved', () => {
    const world = promoting()
    world.releaseStarts()
    expect(gist(world.tick(start + 2 * day))).toEqual([])
    world.releaseStops()
    expect(gist(world.tick(start + 2 * day))).toEqual(['expired'])
    expect(world.state().end?.detail).toContain('use')
  })

  test('an act that comes after the deadline and before the clock is too late', () => {
    const world = passed()
    world.sign('risk', people.rita)
    world.now = start + 14 * day
    expect(gist(world.sign('safety', people.sue))).toBe('WRONG_STATE')
    expect(gist(world.tick())).toEqual(['expired'])
  })

  test('nothing that is learned after the deadline lets the promotion go on', () => {
    const world = passed()
    world.now = start + 14 * day
    expect(gist(world.observe(rules({ seats: [] }, 'set 2')))).toEqual(['expired'])

    const other = promoting()
    other.now = start + 2 * day
    expect(gist(other.champion('6'))).toEqual(['expired'])
  })

  test('a mend that comes after its time is too late', () => {
    const world = blocked()
    world.now = start + 3 * day
    expect(gist(world.waive(people.rita))).toBe('WRONG_STATE')
    expect(gist(world.tick())).toEqual(['failed'])
  })
})

describe('cancelling', () => {
  const { requester, sponsor, owner, rita, stranger } = people
  test.each([
    ['the requester', requester, ['cancelled']],
    ['the sponsor', sponsor, ['cancelled']],
    ['an owner', owner, ['cancelled']],
    ['somebody who only signs', rita, 'NOT_ALLOWED'],
    ['a stranger', stranger, 'NOT_ALLOWED'],
  ])('by %s', (_, person, expected) => {
    const world = passed({ sponsor })
    expect(gist(world.cancel(person))).toEqual(expected)
  })

  test('ends whatever the promotion waits for', () => {
    for (const world of [opened(), checking(), blocked(), passed(), promoting()]) {
      world.cancel(owner)
      expect(world.state()).toMatchObject({ phase: 'cancelled', end: { code: 'CANCELLED' } })
    }
  })
})

describe('after an end', () => {
  const endings: readonly (readonly [string, () => World])[] = [
    ['promoted', () => end(promoting(), (world) => (world.releaseStarts(), world.moved()))],
    [
      'rejected',
      () => end(passed(), (world) => world.sign('risk', people.rita, { verdict: 'reject' })),
    ],
    ['failed', () => end(blocked(), (world) => world.tick(start + 3 * day))],
    ['expired', () => end(passed(), (world) => world.tick(start + 14 * day))],
    ['cancelled', () => end(passed(), (world) => world.cancel(people.owner))],
  ]

  test.each(endings)('%s: nothing happens any more', (phase, make) => {
    const world = make()
    const state = world.state()
    expect(state.phase).toBe(phase)
    const { now: at } = world
    const decisions = [
      world.open(),
      world.snapshotted(),
      world.check(report('scan')),
      world.give({ kind: 'fail', at, code: 'INTERNAL', detail: '' }),
      world.moved(),
      world.observe(rules({}, 'set 2')),
      world.champion('6'),
      world.tick(start + 100 * day),
    ]
    expect(decisions.map(gist)).toEqual(decisions.map(() => []))
    expect(gist(world.cancel(people.owner))).toBe('WRONG_STATE')
    expect(gist(world.sign('risk', people.rob))).toBe('WRONG_STATE')
    expect(world.state()).toBe(state)
  })
})

test('the rules only answer: the same question gives the same answer and changes nothing', () => {
  const world = passed()
  const command = { kind: 'act', at: start, command: world.signing('risk', people.rita) } as const
  const before = structuredClone(world.state())
  expect(decide(world.state(), command)).toEqual(decide(world.state(), command))
  expect(world.state()).toEqual(before)
})

test('a machine asks for its sponsor, and both stand behind the request', () => {
  const machine = 'mac_0001'
  const { reason, model, version, environment } = request()
  const body = { model, version, environment, reason, sponsor: people.sponsor }
  const world = passed({
    requester: machine,
    sponsor: people.sponsor,
    signed: signed('request', body, machine),
  })
  expect(world.state().excluded.map(({ person }) => person)).toEqual([machine, people.sponsor])
})

function opened(): World {
  const world = createWorld()
  world.open()
  return world
}

function blocked(): World {
  const world = checking({ rules: rules({ checks: [clause('scan')] }) })
  world.check(failedScan())
  return world
}

function end(world: World, last: (world: World) => unknown): World {
  last(world)
  return world
}
