import { createHash } from 'node:crypto'
import type { CheckReport } from '../../../src/schema/check.js'
import type { PromotionEvent } from '../../../src/schema/event.js'
import type { Champion, Membership, Rules, Seat } from '../../../src/schema/rules.js'

/*
 * A second, naive reading of the rules that never bend, straight from the recorded events. It shares no code with
 * src/domain: own digests, own fold, and a search through all assignments instead of a matching.
 */

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(
    entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, sorted(v)]),
  )
}

/** SHA-256 of the sorted JSON of plain values with ASCII keys. */
export function naiveDigest(value: unknown): string {
  return `sha256:${createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex')}`
}

interface GivenSignOff {
  readonly person: string
  readonly seat: string
  readonly verdict: string
  readonly decisionDigest: string
  readonly level: string
}

interface Given {
  readonly kind: 'waiver' | 'acceptance'
  readonly check: string
  readonly of: string
  readonly person: string
  readonly until: number
  readonly digest: string
}

export interface Facts {
  pinned: Rules
  inForce: Rules
  membership: Membership
  champion: Champion
  environment: string
  version: string
  modelDigest: string | null
  readonly excluded: Set<string>
  readonly reports: Map<string, CheckReport>
  readonly given: Given[]
  signOffs: GivenSignOff[]
}

type Requested = Extract<PromotionEvent, { type: 'requested' }>

function beginning({ body }: Requested): Facts {
  const { rules, membership, champion, environment, version, requester, sponsor } = body
  return {
    pinned: rules,
    inForce: rules,
    membership,
    champion,
    environment,
    version,
    modelDigest: null,
    excluded: new Set(sponsor === null ? [requester] : [requester, sponsor]),
    reports: new Map(),
    given: [],
    signOffs: [],
  }
}

function drop(facts: Facts, person: string | null, seat: string): void {
  facts.signOffs = facts.signOffs.filter((one) => one.person !== person || one.seat !== seat)
}

function forget(facts: Facts, isGone: (report: CheckReport) => boolean): void {
  for (const [key, report] of facts.reports) if (isGone(report)) facts.reports.delete(key)
}

function concede(
  facts: Facts,
  event: Extract<PromotionEvent, { type: 'waived' | 'accepted' }>,
): void {
  const { signed, ...body } = event.body
  const kind = event.type === 'waived' ? 'waiver' : 'acceptance'
  const { person } = signed.statement
  const of = 'finding' in body ? body.finding : body.resultDigest
  const digest = naiveDigest({ kind, person, ...body })
  facts.given.push({ kind, check: body.check, of, person, until: Date.parse(body.until), digest })
}

function comparing(facts: Facts): Set<string> {
  const all = [...facts.pinned.checks, ...facts.inForce.checks]
  return new Set(all.filter((one) => one.comparesChampion).map((one) => one.clauseDigest))
}

function take(facts: Facts, event: PromotionEvent): void {
  switch (event.type) {
    case 'snapshotted':
      facts.modelDigest = event.body.modelDigest
      return
    case 'check-completed': {
      const { report } = event.body
      facts.reports.set(`${report.check} ${report.clauseDigest}`, report)
      if (facts.environment === 'production') {
        for (const { person } of report.named) facts.excluded.add(person)
      }
      return
    }
    case 'rerun-requested':
      forget(facts, ({ check }) => check === event.body.check)
      return
    case 'champion-observed':
      facts.champion = event.body.champion
      forget(facts, ({ clauseDigest }) => comparing(facts).has(clauseDigest))
      return
    case 'governance-observed': {
      facts.inForce = event.body.rules
      facts.membership = event.body.membership
      const needed = new Set(bothOf(facts).flatMap((one) => one.checks.map((c) => c.clauseDigest)))
      forget(facts, ({ clauseDigest }) => !needed.has(clauseDigest))
      return
    }
    default:
      takeAct(facts, event)
  }
}

function takeAct(facts: Facts, event: PromotionEvent): void {
  if (event.type === 'waived' || event.type === 'accepted') concede(facts, event)
  if (event.type === 'withdrawn') drop(facts, event.person, event.body.seat)
  if (event.type === 'sign-off-voided') drop(facts, event.body.person, event.body.seat)
  if (event.type !== 'signed-off') return
  const { seat, verdict, decisionDigest, level, signed } = event.body
  const { person } = signed.statement
  drop(facts, person, seat)
  facts.signOffs.push({ person, seat, verdict, decisionDigest, level })
}

function bothOf(facts: Facts): readonly Rules[] {
  const isSame = facts.pinned.governance.digest === facts.inForce.governance.digest
  return isSame ? [facts.inForce] : [facts.pinned, facts.inForce]
}

/** What the events say, read from the first to the last; null before the request. */
export function factsOf(events: readonly PromotionEvent[]): Facts | null {
  let facts: Facts | null = null
  for (const event of events) {
    if (event.type === 'requested') facts = beginning(event)
    else if (facts) take(facts, event)
  }
  return facts
}

function isIn(facts: Facts, teams: readonly string[], person: string): boolean {
  return teams.some((team) => (facts.membership.teams[team] ?? []).includes(person))
}

function holding(facts: Facts, at: number): readonly Given[] {
  return facts.given.filter(
    ({ until, person }) =>
      until > at &&
      !facts.excluded.has(person) &&
      bothOf(facts).every(({ waivers }) => waivers !== null && isIn(facts, waivers.teams, person)),
  )
}

function checksOf(facts: Facts): readonly { check: string; clauseDigest: string }[] {
  const all = bothOf(facts).flatMap(({ checks }) => checks)
  const keys = all.map(({ check, clauseDigest }) => `${check} ${clauseDigest}`)
  return all.filter((_, index) => keys.indexOf(keys[index] ?? '') === index)
}

/** Every check of both sets passed, or was conceded by somebody who may. */
export function checksHold(facts: Facts, at: number): boolean {
  const given = holding(facts, at)
  return checksOf(facts).every(({ check, clauseDigest }) => {
    const report = facts.reports.get(`${check} ${clauseDigest}`)
    if (!report) return false
    if (report.outcome === 'passed') return true
    if (report.outcome === 'error') return false
    const mine = given.filter((one) => one.check === check)
    if (report.outcome === 'inconclusive') {
      return mine.some(({ kind, of }) => kind === 'acceptance' && of === report.resultDigest)
    }
    const serious = report.findings.filter(({ severity }) => severity !== 'info')
    const isWaived = (id: string) => mine.some(({ kind, of }) => kind === 'waiver' && of === id)
    return (
      report.findings.length === report.findingCount &&
      serious.length > 0 &&
      serious.every(({ id, waivable }) => waivable && isWaived(id))
    )
  })
}

function seatRules(facts: Facts, id: string): readonly Seat[] {
  return bothOf(facts).flatMap(({ seats }) => seats.filter((seat) => seat.id === id))
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].toSorted()
}

function championOf(facts: Facts, covers: ReadonlySet<string>): string | null {
  const compares = bothOf(facts).some(({ checks }) =>
    checks.some((one) => one.comparesChampion && covers.has(one.check)),
  )
  const { champion } = facts
  if (!compares || champion === null) return null
  return champion.modelDigest ?? naiveDigest({ version: champion.version })
}

/** The decision digest of a seat; null where a covered check has no result. */
export function naiveDecisionDigest(facts: Facts, id: string, at: number): string | null {
  const rules = seatRules(facts, id)
  const covers = new Set<string>(rules.flatMap((seat) => seat.covers))
  const clauses = checksOf(facts).filter(({ check }) => covers.has(check))
  const results = clauses.map(({ check, clauseDigest }) => ({
    check,
    clauseDigest,
    resultDigest: facts.reports.get(`${check} ${clauseDigest}`)?.resultDigest,
  }))
  if (rules.length === 0 || results.some(({ resultDigest }) => resultDigest === undefined))
    return null
  const given = holding(facts, at).filter(({ check }) => covers.has(check))
  const digests = (kind: Given['kind']) =>
    distinct(given.filter((one) => one.kind === kind).map(({ digest }) => digest))
  return naiveDigest({
    v: 'countersign-decision/1',
    seat: id,
    modelDigest: facts.modelDigest,
    environment: facts.environment,
    tier: distinct(bothOf(facts).map(({ tier }) => tier)),
    clauses: clauses.map(({ check, clauseDigest }) => ({ check, clauseDigest })),
    rules: distinct(rules.map(naiveDigest)),
    results,
    champion: championOf(facts, covers),
    waivers: digests('waiver'),
    acceptances: digests('acceptance'),
    conditions: [],
  })
}

const strength = ['authenticated', 'signed', 'passkey']

/** The sign-offs that count now: an approval over what is true now, by somebody who may, strong enough. */
export function countingSignOffs(facts: Facts, at: number): readonly GivenSignOff[] {
  return facts.signOffs.filter(({ person, seat: id, verdict, decisionDigest, level }) => {
    const rules = seatRules(facts, id)
    return (
      verdict === 'approve' &&
      rules.length > 0 &&
      !facts.excluded.has(person) &&
      rules.every((seat) => isIn(facts, seat.teams, person)) &&
      rules.every((seat) => strength.indexOf(level) >= strength.indexOf(seat.level)) &&
      decisionDigest === naiveDecisionDigest(facts, id, at)
    )
  })
}

/** Tries every way to put distinct people on places. */
export function canFill(
  places: readonly (readonly string[])[],
  taken: readonly string[] = [],
): boolean {
  const [first, ...rest] = places
  if (!first) return true
  return first.some((person) => !taken.includes(person) && canFill(rest, [...taken, person]))
}

function placesOf(facts: Facts, seat: Seat, counting: readonly GivenSignOff[]): string[][] {
  const groups = seat.teamsNeeded === 'all' ? seat.teams.map((team) => [team]) : [seat.teams]
  return groups.flatMap((teams) => {
    const mine = counting.filter((one) => one.seat === seat.id && isIn(facts, teams, one.person))
    return Array.from({ length: seat.quorum }, () => mine.map(({ person }) => person))
  })
}

/** Whether the alias may be moved at this moment, by both sets of rules. */
export function isApproved(facts: Facts, at: number): boolean {
  if (facts.modelDigest === null || !checksHold(facts, at)) return false
  const counting = countingSignOffs(facts, at)
  return bothOf(facts).every(({ seats }) =>
    canFill(seats.flatMap((seat) => placesOf(facts, seat, counting))),
  )
}
