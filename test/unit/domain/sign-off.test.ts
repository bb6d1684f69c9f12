import { describe, expect, test } from 'vitest'
import { blockedBy, mayStillSign } from '../../../src/domain/blocked-by.js'
import { isoOf } from '../../../src/domain/time.js'
import {
  checking,
  clause,
  day,
  gist,
  hour,
  installation,
  membership,
  minute,
  otherPromotion,
  passed,
  people,
  promoting,
  report,
  rules,
  seat,
  sha,
  start,
  type World,
} from './support.js'

const { both, owner, requester, rita, rob, sam, signer, sponsor, stranger, sue } = people

function waitsFor(world: World): readonly string[] {
  return blockedBy(world.state(), world.now).map(({ condition }) => condition)
}

function signers(world: World): readonly string[] {
  return world.state().signOffs.map(({ person, seat: where }) => `${person} at ${where}`)
}

const signedByScan = report('scan', { named: [{ person: signer, role: 'model-signer' }] })

describe('who may sign', () => {
  test.each([
    ['a member of the team', rita, 'risk', ['signed-off']],
    ['somebody of another team', sue, 'risk', 'NOT_ELIGIBLE'],
    ['an owner who is in no team', owner, 'risk', 'NOT_ELIGIBLE'],
    ['a stranger', stranger, 'risk', 'NOT_ELIGIBLE'],
    ['the requester, though in the team', requester, 'risk', 'NOT_ELIGIBLE'],
    ['the sponsor, though in the team', sponsor, 'risk', 'NOT_ELIGIBLE'],
    ['anybody at a seat that is not there', rita, 'legal', 'SEAT_UNKNOWN'],
  ])('%s', (_, person, where, expected) => {
    const members = membership({ risk: [rita, requester, sponsor] })
    expect(gist(passed({ sponsor, membership: members }).sign(where, person))).toEqual(expected)
  })

  test('nobody signs where there is no seat', () => {
    const decision = passed({ rules: rules({ seats: [] }) }).sign('risk', rita)
    expect(decision).toMatchObject({ code: 'SEAT_UNKNOWN', detail: expect.stringMatching(/none$/) })
  })

  const roles = ['author', 'committer', 'model-signer'] as const
  test.each(roles)('in production nobody signs for a model whose %s they are', (role) => {
    for (const [environment, expected] of [
      ['production', 'NOT_ELIGIBLE'],
      ['staging', ['signed-off']],
    ] as const) {
      const world = checking({ environment })
      world.check(report('evaluation'))
      world.check(report('scan', { named: [{ person: signer, role }] }))
      expect(gist(world.sign('risk', signer))).toEqual(expected)
    }
  })

  test.each([
    ['authenticated', 'api:0123456789abcdef', ['signed-off']],
    ['authenticated', 'person:0123456789abcdef', ['signed-off']],
    ['signed', 'api:0123456789abcdef', 'NOT_ELIGIBLE'],
    ['signed', 'person:0123456789abcdef', ['signed-off']],
    ['passkey', 'person:0123456789abcdef', 'NOT_ELIGIBLE'],
  ] as const)('a seat of level %s takes a statement signed by %s', (level, keyid, expected) => {
    const world = passed({ rules: rules({ seats: [seat('risk', { level }), seat('safety')] }) })
    expect(gist(world.sign('risk', rita, { keyid }))).toEqual(expected)
  })
})

describe('when one may sign', () => {
  const stages: readonly (readonly [string, () => World])[] = [
    ['while the checks run', checking],
    ['once every seat is filled', promoting],
  ]
  test.each(stages)('not %s', (_, make) => {
    expect(gist(make().sign('risk', rob))).toBe('WRONG_STATE')
  })

  test('not with conditions, which nobody could hold anybody to yet', () => {
    const world = passed()
    const seen = { seat: 'risk', decisionDigest: world.digestOf('risk'), reason: sha('why') }
    const body = { ...seen, verdict: 'approve', conditions: sha('terms') } as const
    expect(gist(world.act('sign-off', rita, body))).toBe('MALFORMED')
  })

  test('not over a digest that was never asked for', () => {
    const decision = passed().sign('risk', rita, { digest: sha('made up') })
    expect(decision).toMatchObject({
      code: 'DIGEST_OUT_OF_DATE',
      changes: ['this decision digest was never asked for'],
    })
  })

  test('not over what has changed since: the answer says what changed', () => {
    const world = passed()
    const digest = world.digestOf('risk')
    world.rerun(owner, 'scan')
    world.check(report('scan', { resultDigest: sha('another result') }))
    expect(world.sign('risk', rita, { digest })).toMatchObject({
      code: 'DIGEST_OUT_OF_DATE',
      changes: ['the results of the checks'],
    })
  })

  test('not at a seat whose digest somebody else was asked to sign', () => {
    const world = passed()
    expect(gist(world.sign('risk', both, { digest: world.digestOf('safety') }))).toBe(
      'DIGEST_OUT_OF_DATE',
    )
  })
})

describe('a statement', () => {
  const reason = sha('why')
  test.each([
    ['of another promotion', { promotion: otherPromotion }, 'SIGNATURE_INVALID'],
    ['of another installation', { installation: 'ins_99999999' as const }, 'SIGNATURE_INVALID'],
    ['for another act', { act: 'withdrawal' as const }, 'SIGNATURE_INVALID'],
    ['over another body', { bodyDigest: sha('another') }, 'SIGNATURE_INVALID'],
    ['that has expired', { notAfter: isoOf(start) }, 'STATEMENT_EXPIRED'],
    ['that is not good yet', { issued: isoOf(start + 5 * minute + 1) }, 'STATEMENT_EXPIRED'],
    ['that is good for too long', { notAfter: isoOf(start + 24 * hour + 1) }, 'STATEMENT_EXPIRED'],
    ['of a clock that is a little fast', { issued: isoOf(start + 5 * minute) }, ['cancelled']],
    ['that ends in a moment', { notAfter: isoOf(start + 1) }, ['cancelled']],
    ['that is good for a day', { notAfter: isoOf(start + 24 * hour) }, ['cancelled']],
  ])('%s', (_, said, expected) => {
    const world = passed()
    expect(gist(world.act('cancel', owner, { reason }, { installation, ...said }))).toEqual(
      expected,
    )
    expect(world.state().phase).toBe(
      typeof expected === 'string' ? 'awaiting-sign-off' : 'cancelled',
    )
  })

  test('that comes twice is done once, and gets the same answer', () => {
    const world = passed()
    const command = world.signing('risk', rita)
    world.send(command)
    const before = world.state()
    expect(world.send(command)).toEqual({ kind: 'repeat', refusal: null })
    expect(world.state()).toBe(before)
  })

  test('that was refused gets the same refusal again, even once it would be right', () => {
    const world = checking()
    const command = world.signing('risk', rita)
    const refusal = { code: 'WRONG_STATE', detail: 'too early' }
    const { nonce, bodyDigest } = command.signed.statement
    const body = { act: 'sign-off', nonce, bodyDigest, ...refusal } as const
    world.record({ type: 'refused', at: isoOf(start), person: rita, body })
    expect(world.send(command)).toEqual({ kind: 'repeat', refusal })
    expect(world.state().refusals).toBe(1)
  })

  test('that was never proven uses up nobody’s nonce', () => {
    const world = passed()
    const command = world.signing('risk', rita)
    const { nonce, bodyDigest } = command.signed.statement
    const body = {
      act: 'sign-off',
      code: 'SIGNATURE_INVALID',
      detail: '',
      nonce,
      bodyDigest,
    } as const
    world.record({ type: 'refused', at: isoOf(start), person: null, body })
    expect(gist(world.send(command))).toEqual(['signed-off'])
  })

  test('cannot lend its nonce to another act of the same person', () => {
    const world = passed()
    const command = world.signing('risk', rita)
    const { nonce } = command.signed.statement
    world.send(command)
    expect(gist(world.act('withdrawal', rita, { seat: 'risk', reason }, { nonce }))).toBe(
      'STATEMENT_REUSED',
    )
    expect(gist(world.act('cancel', rita, { reason }, { nonce }))).toBe('STATEMENT_REUSED')
    expect(gist(world.act('cancel', owner, { reason }, { nonce }))).toEqual(['cancelled'])
  })
})

test('refusals that are only counted any more change nothing else', () => {
  const world = passed()
  const { nextSeq, ...before } = world.state()
  const body = { count: 73 }
  world.record({ type: 'refusals-counted', at: isoOf(start), person: null, body })
  expect(world.state()).toEqual({ ...before, nextSeq: nextSeq + 1, refusals: 73 })
})

describe('seats', () => {
  test('are filled by distinct people: whoever could sit in two frees the one that nobody else fills', () => {
    const world = passed({ membership: membership({ risk: [both, rita], safety: [both] }) })
    world.sign('risk', both)
    world.sign('safety', both)
    expect(world.state().phase).toBe('awaiting-sign-off')
    expect(gist(world.sign('risk', rita))).toEqual(['signed-off', 'release-ready'])
    expect(world.events.at(-1)).toMatchObject({
      body: {
        seats: [
          { seat: 'risk', person: rita },
          { seat: 'safety', person: both },
        ],
      },
    })
  })

  test('with a quorum need so many people, and one person signs for one only', () => {
    const world = passed({ rules: rules({ seats: [seat('risk', { quorum: 2 })] }) })
    world.sign('risk', rita)
    world.sign('risk', rita)
    expect(waitsFor(world)).toEqual(['seat risk waits for a sign-off'])
    expect(gist(world.sign('risk', rob))).toEqual(['signed-off', 'release-ready'])
  })

  const joint = { teams: ['risk', 'safety'] }
  test('of any of several teams take people of either', () => {
    const world = passed({ rules: rules({ seats: [seat('joint', { ...joint, quorum: 2 })] }) })
    world.sign('joint', rita)
    expect(gist(world.sign('joint', rob))).toEqual(['signed-off', 'release-ready'])
  })

  test('of all of several teams need each of them', () => {
    const all = seat('joint', { ...joint, teamsNeeded: 'all' })
    const world = passed({ rules: rules({ seats: [all] }) })
    expect(waitsFor(world)).toHaveLength(2)
    world.sign('joint', rita)
    world.sign('joint', rob)
    expect(blockedBy(world.state(), start)).toMatchObject([{ who: ['safety'] }])
    expect(gist(world.sign('joint', sue))).toEqual(['signed-off', 'release-ready'])
    expect(world.events.at(-1)).toMatchObject({
      body: { seats: [{ team: 'risk' }, { team: 'safety', person: sue }] },
    })
  })

  test('stay empty until two people of each team signed, where the quorum is two of all', () => {
    const all = seat('joint', { ...joint, teamsNeeded: 'all', quorum: 2 })
    const world = passed({ rules: rules({ seats: [all] }) })
    for (const person of [rita, sue, both]) world.sign('joint', person)
    expect(blockedBy(world.state(), start)).toHaveLength(1)
    world.sign('joint', sam)
    expect(world.state().phase).toBe('promoting')
  })

  test('tell who could still fill them', () => {
    const world = passed()
    world.sign('risk', rita)
    expect(mayStillSign(world.state(), 'risk')).toEqual([rob, both, signer])
    expect(mayStillSign(world.state(), 'legal')).toEqual([])
  })
})

describe('a verdict', () => {
  test('of reject ends the promotion', () => {
    const world = passed()
    world.sign('risk', rita)
    expect(gist(world.sign('safety', sue, { verdict: 'reject' }))).toEqual([
      'signed-off',
      'rejected',
    ])
    expect(world.state()).toMatchObject({ phase: 'rejected', end: { detail: 'at seat safety' } })
  })

  test('can be withdrawn by whoever gave it, and by nobody else', () => {
    const world = promoting()
    expect(gist(world.withdraw(rob, 'risk'))).toBe('NOT_FOUND')
    expect(gist(world.withdraw(rita, 'safety'))).toBe('NOT_FOUND')
    expect(gist(world.withdraw(rita, 'risk'))).toEqual(['withdrawn', 'sign-off-asked'])
    expect(signers(world)).toEqual([`${sue} at safety`])
    expect(gist(world.sign('risk', rita))).toEqual(['signed-off', 'release-ready'])
  })
})

describe('a rerun', () => {
  test.each([
    [requester, ['rerun-requested', 'checks-reopened']],
    [owner, ['rerun-requested', 'checks-reopened']],
    [rita, 'NOT_ALLOWED'],
  ])('by %s', (person, expected) => {
    expect(gist(passed().rerun(person, 'scan'))).toEqual(expected)
  })

  test('that gives the same result voids nothing', () => {
    const world = promoting()
    world.rerun(owner, 'scan')
    expect(gist(world.check(report('scan')))).toEqual(['check-completed', 'release-ready'])
    expect(signers(world)).toHaveLength(2)
  })

  test('that gives another result voids exactly the sign-offs that cover it, and says what changed', () => {
    const seats = [seat('risk', { covers: ['scan'] }), seat('safety', { covers: ['evaluation'] })]
    const world = promoting({ rules: rules({ seats }) })
    world.rerun(owner, 'scan')
    const decision = world.check(report('scan', { resultDigest: sha('another') }))
    expect(gist(decision)).toEqual(['check-completed', 'sign-off-voided', 'sign-off-asked'])
    expect(world.events.at(-2)).toMatchObject({
      body: {
        person: rita,
        seat: 'risk',
        now: world.digestOf('risk'),
        changes: ['the results of the checks'],
      },
    })
    expect(signers(world)).toEqual([`${sue} at safety`])
  })

  test('of a check that did not run, or more often than the policy allows, is refused', () => {
    const world = passed()
    expect(gist(world.rerun(owner, 'provenance'))).toBe('WRONG_STATE')
    for (let used = 0; used < 2; used += 1) {
      world.rerun(owner, 'scan')
      expect(gist(world.rerun(owner, 'scan'))).toBe('WRONG_STATE')
      world.check(report('scan'))
    }
    expect(gist(world.rerun(owner, 'scan'))).toBe('LIMIT_REACHED')
  })

  test('that names the signer of the model voids what they signed', () => {
    const world = passed()
    world.sign('risk', signer)
    world.rerun(owner, 'scan')
    world.check(signedByScan)
    expect(signers(world)).toEqual([])
    expect(world.events.find(({ type }) => type === 'sign-off-voided')).toMatchObject({
      body: { person: signer, changes: ['the signer of the model fills no seat'] },
    })
  })
})

test('nobody’s clause changes what a seat covers that has no part in it', () => {
  const seats = [seat('risk', { covers: ['scan'] }), seat('safety', { covers: ['evaluation'] })]
  const checks = [clause('scan'), clause('evaluation', 'v1', true)]
  const world = promoting({ rules: rules({ seats, checks }) })
  world.now = start + day
  expect(gist(world.champion('6'))).toEqual(['champion-observed', 'checks-reopened'])
  expect(gist(world.check(report('evaluation')))).toEqual([
    'check-completed',
    'sign-off-voided',
    'sign-off-asked',
  ])
  expect(signers(world)).toEqual([`${rita} at risk`])
})
