import type { CheckReport } from '../../../src/schema/check.js'
import type { Champion, Membership, Rules, Seat } from '../../../src/schema/rules.js'
import type { CheckName } from '../../../src/schema/statement.js'
import { clause, day, finding, hour, report, sha } from './support.js'
import type { Tape } from './tape.js'

export const crowd = [
  'per_cr00',
  'per_cr01',
  'per_cr02',
  'per_cr03',
  'per_cr04',
  'per_cr05',
  'per_cr06',
] as const

/** Asks in every generated story. */
export const asker = crowd[0]
export const teams = ['north', 'east', 'south'] as const

const usual: Readonly<Record<(typeof teams)[number], number>> = {
  north: 0b0001100,
  east: 0b0011000,
  south: 0b0110000,
}

/** Overlapping teams: the usual members, and at times anybody else too, the requester among them. */
export function anyMembership(tape: Tape): Membership {
  const isUsual = tape.below(3) > 0
  const membersOf = (team: (typeof teams)[number]) => {
    const bits = isUsual ? usual[team] | tape.below(128) : tape.below(128)
    return crowd.filter((_, index) => (bits >> index) & 1)
  }
  return {
    teams: Object.fromEntries(teams.map((team) => [team, membersOf(team)])),
    owners: [crowd[2], crowd[6]],
  }
}

const teamSets = [['north'], ['east'], ['south'], ['north', 'east'], ['east', 'south']] as const
const coverings = [['scan'], ['evaluation'], ['provenance', 'scan', 'evaluation']] as const

function anySeat(tape: Tape, id: string): Seat {
  return {
    id,
    teams: [...tape.pick<readonly string[]>(teamSets)],
    teamsNeeded: tape.pick(['any', 'any', 'all']),
    quorum: tape.pick([1, 1, 1, 2]),
    level: tape.pick(['authenticated', 'authenticated', 'authenticated', 'signed']),
    covers: [...tape.pick<readonly CheckName[]>(coverings)],
  }
}

const clauses = {
  scan: [clause('scan', 'v1'), clause('scan', 'v2')],
  evaluation: [clause('evaluation', 'v1'), clause('evaluation', 'v2', true)],
} as const

/** Digests of governance sets, in the order of their numbers. */
const setDigests = Array.from({ length: 64 }, (_, index) => sha(`generated set ${index}`))

/** The rules of one governance set; `number` tells the sets of a story apart. */
export function anyRules(tape: Tape, number: number): Rules {
  const checks = [tape.pick(clauses.scan), tape.pick(clauses.evaluation)].slice(
    0,
    1 + tape.below(3),
  )
  const seats = ['alpha', 'beta'].slice(0, tape.below(4)).map((id) => anySeat(tape, id))
  return {
    governance: {
      digest: setDigests[number] ?? sha(`generated set ${number}`),
      sequence: number + 1,
    },
    policy: 'generated',
    tier: tape.pick(['high', 'low']),
    checks,
    seats,
    waivers: tape.below(5) > 0 ? { teams: [tape.pick(teams)], longestMs: 7 * day } : null,
    clocks: {
      decideMs: tape.pick([10 * day, 3 * day]),
      useMs: tape.pick([2 * day, day]),
      mendWithinMs: tape.pick([3 * day, day, 0]),
      approvalHoldsMs: tape.pick([90 * day, hour]),
    },
    limits: { reruns: tape.below(4) },
  }
}

const champions: readonly Champion[] = [
  null,
  { version: '5', modelDigest: sha('bytes of 5') },
  { version: '6', modelDigest: null },
]

export function anyChampion(tape: Tape): Champion {
  return tape.pick(champions)
}

const other = { id: 'scan/second', severity: 'medium', waivable: true } as const
const note = { id: 'scan/note', severity: 'info', waivable: true } as const
const grave = { id: 'scan/malicious', severity: 'critical', waivable: false } as const
const findings = [[finding], [finding, note], [finding, other], [grave], []] as const

/** Two results for each outcome: a result's digest covers its outcome. */
const results = new Map(
  (['provenance', 'scan', 'evaluation'] as const).flatMap((check) =>
    (['passed', 'failed', 'inconclusive', 'error'] as const).map((outcome) => [
      `${check} ${outcome}`,
      ['a', 'b'].map((letter) => sha(`${check} ${outcome} ${letter}`)),
    ]),
  ),
)

const outcomes = [
  'passed',
  'passed',
  'passed',
  'passed',
  'passed',
  'failed',
  'inconclusive',
  'error',
] as const

/** What a check might answer; mostly that it passed. */
export function anyReport(tape: Tape, check: CheckName, clauseDigest: CheckReport['clauseDigest']) {
  const outcome = tape.pick(outcomes)
  const found =
    outcome === 'failed' ? tape.pick<readonly CheckReport['findings'][number][]>(findings) : []
  const named =
    tape.below(5) === 4 ? [{ person: tape.pick(crowd), role: 'model-signer' as const }] : []
  return report(check, {
    outcome,
    clauseDigest,
    resultDigest: tape.pick(results.get(`${check} ${outcome}`) ?? []),
    findings: [...found],
    findingCount: found.length + (tape.below(10) === 9 ? 1 : 0),
    named,
  })
}
