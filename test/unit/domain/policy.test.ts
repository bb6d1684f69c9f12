import { array, assert, constantFrom, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  durationMs,
  matchesPattern,
  membershipFor,
  policyFor,
  riskOf,
  rulesFor,
  type GovernanceSet,
} from '../../../src/domain/policy.js'
import { governanceFile, ownersFile, policyFile } from '../../../src/schema/governance.js'
import { day, hour, minute, people, rules, seat, sha } from './support.js'

const { rita, rob, sue } = people

function policy(id: string, more: Record<string, unknown> = {}) {
  return policyFile.parse({
    version: 1,
    id,
    match: { models: ['diabetes-*'], environments: ['production'] },
    tier: 'high',
    checks: { scan: {} },
    seats: [{ id: 'risk', teams: ['risk'] }],
    clocks: { decide: '14 days', use: '2 days', approvalHolds: '90 days' },
    ...more,
  })
}

function person(id: string, scopes = ['sign']) {
  return { id, name: 'A name', email: 'a@example.org', issuer: 'development', subject: id, scopes }
}

function team(id: string, members: readonly string[]) {
  return { id, name: id, members: [...members] }
}

function set(policies = [policy('one')], head: Record<string, unknown> = {}): GovernanceSet {
  return {
    digest: sha('set'),
    sequence: 3,
    head: governanceFile.parse({
      version: 1,
      sequence: 3,
      files: { 'keys/a.pem': sha('key a') },
      models: [
        { pattern: 'diabetes-risk', risk: 'high' },
        { pattern: 'diabetes-*', risk: 'low' },
      ],
      ...head,
    }),
    owners: ownersFile.parse({
      version: 1,
      people: [person(rita), person(rob, ['request']), person(sue)],
      teams: [team('risk', [rita, rob]), team('safety', [sue]), team('ops', [rob])],
      owns: [
        { models: ['diabetes-*'], stage: 'live', concern: 'risk', team: 'risk' },
        { models: ['*-risk'], stage: 'live', concern: 'running', team: 'ops' },
        { models: ['diabetes-risk'], stage: 'train', concern: 'running', team: 'ops' },
      ],
    }),
    policies,
  }
}

describe('the policy of a model', () => {
  const high = { models: ['*'], environments: ['production'], risks: ['high'] }
  const low = { models: ['*'], environments: ['production'], risks: ['low'] }

  test('is the one that matches its name, environment and risk', () => {
    const given = set([policy('high', { match: high }), policy('low', { match: low })])
    expect(policyFor(given, 'diabetes-risk', 'production').id).toBe('high')
    expect(policyFor(given, 'diabetes-other', 'production').id).toBe('low')
    expect(riskOf(given, 'ward')).toBeNull()
  })

  test.each([
    ['no pattern matches', 'ward', 'production'],
    ['the environment is another', 'diabetes-risk', 'staging'],
  ])('is missing where %s', (_, model, environment) => {
    expect(() => policyFor(set(), model, environment)).toThrow(
      expect.objectContaining({ code: 'NO_POLICY', message: expect.stringContaining(model) }),
    )
  })

  test('is missing where a risk is asked for that nobody gave the model', () => {
    expect(() => policyFor(set([policy('high', { match: high })]), 'ward', 'production')).toThrow(
      expect.objectContaining({ code: 'NO_POLICY' }),
    )
  })

  test('is ambiguous where two match, and both are named', () => {
    expect(() =>
      policyFor(set([policy('one'), policy('two')]), 'diabetes-risk', 'production'),
    ).toThrow(
      expect.objectContaining({
        code: 'AMBIGUOUS_POLICY',
        message: expect.stringMatching(/one, two/),
      }),
    )
  })
})

describe('the rules of a policy', () => {
  test('hold every clock in ms, the defaults of seats, and no waiver where none is allowed', () => {
    expect(rulesFor(set(), policy('one'))).toMatchObject({
      governance: { digest: sha('set'), sequence: 3 },
      policy: 'one',
      checks: [{ check: 'scan', comparesChampion: false }],
      seats: [seat('risk')],
      waivers: null,
      clocks: { decideMs: 14 * day, useMs: 2 * day, mendWithinMs: 0, approvalHoldsMs: 90 * day },
      limits: { reruns: 5 },
    })
  })

  test('name who may waive, and for how long', () => {
    const given = policy('one', { waivers: { teams: ['risk'], longest: '36 hours' } })
    expect(rulesFor(set(), given).waivers).toEqual({ teams: ['risk'], longestMs: 36 * hour })
  })

  const evaluation = {
    set: 'held-out',
    label: 'label',
    positive: 'yes',
    features: ['age'],
    output: 'probabilities',
    overall: { auc: { atLeast: 0.7 } },
  }
  const evaluationSet = { kind: 'held-out', file: 'held-out.csv', owner: 'risk' }
  const heldOut = { ...evaluationSet, id: 'held-out', digest: sha('rows') }
  const signer = { id: 'pipeline', file: 'keys/a.pem', person: null }

  function clauseDigest(given: GovernanceSet, checks: Record<string, unknown>, check: string) {
    const found = rulesFor(given, policy('one', { checks })).checks.find(
      (one) => one.check === check,
    )
    return found?.clauseDigest
  }

  test('come in one order, whatever the order of the file', () => {
    const checks = { evaluation, scan: {}, provenance: { signers: ['pipeline'] } }
    expect(rulesFor(set(), policy('one', { checks })).checks.map(({ check }) => check)).toEqual([
      'provenance',
      'scan',
      'evaluation',
    ])
  })

  const checks = { evaluation, provenance: { signers: ['pipeline'] } }
  const whole = { evaluationSets: [heldOut], signers: [signer] }

  test.each([
    ['evaluation', 'other rows', {}, { evaluationSets: [{ ...heldOut, digest: sha('others') }] }],
    ['evaluation', 'no such set', {}, { evaluationSets: [] }],
    ['evaluation', 'another threshold', { evaluation: { ...evaluation, threshold: 0.6 } }, {}],
    ['provenance', 'another key', {}, { files: { 'keys/a.pem': sha('key b') } }],
    ['provenance', 'no key', {}, { files: {} }],
    ['provenance', 'another signer', { provenance: { signers: ['pipeline', 'other'] } }, {}],
  ])('bind %s to all that the clause rests on: %s is another clause', (check, _, changed, head) => {
    const before = clauseDigest(set([], whole), checks, check)
    expect(before).toMatch(/^sha256:/)
    const after = clauseDigest(set([], { ...whole, ...head }), { ...checks, ...changed }, check)
    expect(after).not.toBe(before)
  })

  test('bind nothing to a signer that the clause does not name', () => {
    const checks = { provenance: { signers: ['pipeline'] } }
    const more = { ...signer, id: 'stranger' }
    expect(clauseDigest(set([], { signers: [signer] }), checks, 'provenance')).toBe(
      clauseDigest(set([], { signers: [signer, more] }), checks, 'provenance'),
    )
  })

  test('say which check compares with the champion', () => {
    const checks = { scan: {}, evaluation: { ...evaluation, comparesChampion: true } }
    const found = rulesFor(set(), policy('one', { checks })).checks
    expect(found.map(({ comparesChampion }) => comparesChampion)).toEqual([false, true])
  })
})

describe('membership', () => {
  test('holds the people of the named teams who may sign, and all who own the model', () => {
    expect(membershipFor(set(), rules(), 'diabetes-risk')).toEqual({
      teams: { risk: [rita], safety: [sue] },
      owners: [rita, rob],
    })
  })

  test('knows the teams of the pinned rules too, and holds nobody for a team that is gone', () => {
    const pinned = rules({ seats: [seat('safety'), seat('gone')], waivers: null })
    const inForce = rules({ seats: [], waivers: null })
    expect(membershipFor(set(), inForce, 'diabetes-risk', pinned).teams).toEqual({
      safety: [sue],
      gone: [],
    })
  })

  test('holds nobody for an owning team that is gone', () => {
    const whole = set()
    const owners = { ...whole.owners, teams: [] }
    expect(membershipFor({ ...whole, owners }, rules(), 'diabetes-risk').owners).toEqual([])
  })

  test('needs an owner', () => {
    expect(() => membershipFor(set(), rules(), 'ward')).toThrow(
      expect.objectContaining({ code: 'NO_OWNER', message: expect.stringContaining('ward') }),
    )
  })
})

describe('patterns', () => {
  const words = (letters: readonly string[]) =>
    array(constantFrom(...letters), { maxLength: 12 }).map((parts) => parts.join(''))

  test('match as the regular expression of the same meaning does', () => {
    assert(
      property(words(['a', 'b', '-', '*']), words(['a', 'b', '-']), (pattern, name) => {
        const oracle = new RegExp(`^${pattern.replaceAll('*', '.*')}$`)
        return matchesPattern(pattern, name) === oracle.test(name)
      }),
      { numRuns: 20_000 },
    )
  })

  test.each([
    ['a.c', 'abc'],
    ['[ab]', 'a'],
    ['a?', 'a'],
  ])('%s means itself and not %s', (pattern, name) => {
    expect(matchesPattern(pattern, name)).toBe(false)
    expect(matchesPattern(pattern, pattern)).toBe(true)
  })
})

test.each([
  [0, 0],
  ['0', 0],
  ['1 millisecond', 1],
  ['90 seconds', 90_000],
  ['1 minute', minute],
  ['36 hours', 36 * hour],
  ['14 days', 14 * day],
  ['2 weeks', Number.NaN],
])('a duration of %j is %d ms', (duration, ms) => {
  expect(durationMs(duration)).toBe(ms)
})
