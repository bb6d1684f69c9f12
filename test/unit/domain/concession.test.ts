import { describe, expect, test } from 'vitest'
import { failureOf, isSatisfied } from '../../../src/domain/standing.js'
import {
  checking,
  clause,
  day,
  failedScan,
  finding,
  gist,
  membership,
  minute,
  passed,
  people,
  report,
  rules,
  sha,
  start,
  type World,
} from './support.js'

const { owner, requester, rita, rob, signer, sponsor, sue } = people
const oneCheck = rules({ checks: [clause('scan')] })
const evaluationOnly = rules({ checks: [clause('evaluation')] })
const inconclusive = report('evaluation', { outcome: 'inconclusive' })

function blockedScan(more: Parameters<typeof failedScan>[0] = {}, set = oneCheck): World {
  const world = checking({ rules: set, sponsor })
  world.check(failedScan(more))
  return world
}

function blockedEvaluation(): World {
  const world = checking({ rules: evaluationOnly })
  world.check(inconclusive)
  return world
}

describe('a waiver', () => {
  test.each([
    ['a member of the team that the policy names', rita, ['waived', 'sign-off-asked']],
    ['somebody else', sue, 'NOT_ELIGIBLE'],
    ['an owner who is not in that team', owner, 'NOT_ELIGIBLE'],
    ['the requester', requester, 'NOT_ELIGIBLE'],
    ['the sponsor', sponsor, 'NOT_ELIGIBLE'],
  ])('by %s', (_, person, expected) => {
    expect(gist(blockedScan().waive(person))).toEqual(expected)
  })

  test('by the signer of the model is refused', () => {
    const world = blockedScan({ named: [{ person: signer, role: 'model-signer' }] })
    expect(gist(world.waive(signer))).toBe('NOT_ELIGIBLE')
  })

  test.each([
    ['ends in the past', { until: start }, 'MALFORMED'],
    ['lasts longer than allowed', { until: start + 30 * day + 1 }, 'MALFORMED'],
    ['lasts as long as allowed', { until: start + 30 * day }, ['waived', 'sign-off-asked']],
    ['names another finding', { id: 'scan/other' }, 'NOT_FOUND'],
    ['names other bytes', { bytes: sha('other bytes') }, 'NOT_FOUND'],
  ])('that %s', (_, more, expected) => {
    expect(gist(blockedScan().waive(rita, more))).toEqual(expected)
  })

  test('of what nobody may waive is refused', () => {
    const world = blockedScan({ findings: [{ ...finding, waivable: false }] })
    expect(gist(world.waive(rita))).toBe('NOT_WAIVABLE')
  })

  test('is refused where the policy allows none', () => {
    expect(gist(blockedScan({}, { ...oneCheck, waivers: null }).waive(rita))).toBe('NOT_WAIVABLE')
  })

  test('of a check that has passed is refused', () => {
    expect(gist(passed().waive(rita))).toBe('NOT_FOUND')
  })

  test('covers one finding: the others still block', () => {
    const other = { ...finding, id: 'scan/other' }
    const note = { ...finding, id: 'scan/note', severity: 'info' } as const
    const world = blockedScan({ findings: [finding, other, note], findingCount: 3 })
    expect(gist(world.waive(rita))).toEqual(['waived'])
    expect(gist(world.waive(rob, { id: other.id }))).toEqual(['waived', 'sign-off-asked'])
  })

  test('covers nothing where there are more findings than the report names', () => {
    expect(gist(blockedScan({ findingCount: 2 }).waive(rita))).toEqual(['waived'])
  })

  test('covers nothing where a check failed without a finding that matters', () => {
    const note = { ...finding, severity: 'info' } as const
    expect(gist(blockedScan({ findings: [note] }).waive(rita))).toEqual(['waived'])
  })

  test('covers no error', () => {
    const world = blockedScan({ outcome: 'error' })
    expect(gist(world.waive(rita))).toBe('NOT_FOUND')
    expect(world.state().phase).toBe('blocked')
  })

  test('that ends sends the promotion back, and its sign-offs are void once it may go on', () => {
    const world = blockedScan()
    world.waive(rita, { until: start + day })
    world.sign('risk', rob)
    expect(gist(world.tick(start + day - 1))).toEqual([])
    expect(gist(world.tick(start + day))).toEqual(['blocked'])
    expect(gist(world.waive(rita))).toEqual(['waived', 'sign-off-voided', 'sign-off-asked'])
    expect(world.events.at(-2)).toMatchObject({ body: { changes: ['the waivers in force'] } })
  })

  test('that nobody needs any more changes what was seen all the same', () => {
    const world = blockedScan()
    world.waive(rita, { until: start + day })
    world.waive(rob, { until: start + 2 * day })
    world.sign('risk', rob)
    expect(gist(world.tick(start + day))).toEqual(['sign-off-voided', 'sign-off-asked'])
  })

  test('ends with the membership of whoever gave it', () => {
    const world = blockedScan()
    world.waive(rita)
    const without = membership({ risk: [rob] })
    expect(gist(world.observe(oneCheck, without))).toEqual(['governance-observed', 'blocked'])
  })

  test('ends when its giver turns out to have signed the model', () => {
    const world = blockedScan()
    world.waive(signer)
    world.rerun(owner, 'scan')
    const again = failedScan({ named: [{ person: signer, role: 'model-signer' }] })
    expect(gist(world.check(again))).toEqual(['check-completed', 'blocked'])
  })

  test('does not bind a set that allows none', () => {
    const world = blockedScan()
    world.waive(rita)
    const stricter = rules({ checks: oneCheck.checks, waivers: null }, 'set 2')
    expect(gist(world.observe(stricter))).toEqual(['governance-observed', 'blocked'])
  })
})

describe('an acceptance', () => {
  test('by a named reviewer lets an inconclusive check go on', () => {
    const world = blockedEvaluation()
    expect(gist(world.accept(sue, inconclusive.resultDigest))).toBe('NOT_ELIGIBLE')
    expect(gist(world.accept(rita, inconclusive.resultDigest))).toEqual([
      'accepted',
      'sign-off-asked',
    ])
    expect(world.events.at(-1)).toMatchObject({
      body: { seats: [{ slice: { acceptances: [expect.any(String)] } }, expect.anything()] },
    })
  })

  test.each([
    [
      'another result',
      report('evaluation', { outcome: 'inconclusive', resultDigest: sha('other') }),
    ],
    [
      'a result that failed',
      report('evaluation', { outcome: 'failed', resultDigest: inconclusive.resultDigest }),
    ],
  ])('of %s is refused', (_, given) => {
    const world = checking({ rules: evaluationOnly })
    world.check(given)
    expect(gist(world.accept(rita, inconclusive.resultDigest))).toBe('NOT_FOUND')
  })

  test('of one result does not cover the next, nor one of another check', () => {
    const world = blockedEvaluation()
    world.accept(rita, inconclusive.resultDigest)
    world.rerun(owner, 'evaluation')
    const next = report('evaluation', { outcome: 'inconclusive', resultDigest: sha('next') })
    expect(gist(world.check(next))).toEqual(['check-completed', 'blocked'])

    const { resultDigest } = inconclusive
    const scan = report('scan', { outcome: 'inconclusive', resultDigest })
    const [state, at] = [world.state(), start + minute]
    expect(
      isSatisfied(state, { ...clause('scan'), attempt: 1, report: scan, since: start }, at),
    ).toBe(false)
  })

  test('that ends sends the promotion back', () => {
    const world = blockedEvaluation()
    world.accept(rita, inconclusive.resultDigest, start + day)
    expect(gist(world.tick(start + day))).toEqual(['blocked'])
  })
})

test('a check that did not run is named as such', () => {
  const check = { ...clause('scan'), attempt: 1, report: null, since: start }
  expect(failureOf([check])).toBe('scan did not run: ')
  expect(isSatisfied(passed().state(), check, start)).toBe(false)
})

test('a waiver that lets a check go on lets a tier without seats be released', () => {
  const world = blockedScan({}, { ...oneCheck, seats: [] })
  expect(gist(world.waive(rita))).toEqual(['waived', 'release-ready'])
})
