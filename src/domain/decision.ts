import type { DecisionSlice } from '../schema/event.js'
import type { Rules, Seat } from '../schema/rules.js'
import type { CheckName } from '../schema/statement.js'
import { digestOfJson, type Digest } from './canonical.js'
import type { Concession, PromotionState } from './promotion.js'
import { isMember } from './seats.js'

/** Both sets of rules that must be satisfied: once where they are the same. */
export function rulesOf(state: PromotionState): readonly Rules[] {
  return state.pinned.governance.digest === state.inForce.governance.digest
    ? [state.inForce]
    : [state.pinned, state.inForce]
}

/** The seats of both sets, by id; a seat that the two define differently has both rules. */
export function seatsOf(state: PromotionState): ReadonlyMap<string, readonly Seat[]> {
  const seats = new Map<string, Seat[]>()
  for (const seat of rulesOf(state).flatMap((rules) => rules.seats)) {
    seats.set(seat.id, [...(seats.get(seat.id) ?? []), seat])
  }
  return seats
}

/** Whether a person may waive and accept now: by each set of rules, and not excluded. */
function mayConcede(state: PromotionState, person: string): boolean {
  const isExcluded = state.excluded.some((entry) => entry.person === person)
  const isNamed = rulesOf(state).every(
    ({ waivers }) => waivers !== null && isMember(state, waivers.teams, person),
  )
  return isNamed && !isExcluded
}

/**
 * The concessions that hold at a moment, in ms since the Unix epoch: they end with their time, and with the right of
 * whoever made them to make them.
 */
export function concessionsInForce(state: PromotionState, at: number): readonly Concession[] {
  return state.concessions.filter(({ until, person }) => until > at && mayConcede(state, person))
}

function distinct<T extends string>(values: readonly T[]): T[] {
  return [...new Set(values)].toSorted((a, b) => (a < b ? -1 : 1))
}

function championDigest(state: PromotionState, covered: ReadonlySet<CheckName>): Digest | null {
  const compares = rulesOf(state).some((rules) =>
    rules.checks.some((check) => check.comparesChampion && covered.has(check.check)),
  )
  if (!compares || state.champion === null) return null
  return state.champion.modelDigest ?? digestOfJson({ version: state.champion.version })
}

/**
 * What one seat signs over, now. Only what the seat answers for is in it, so that nothing else can void a sign-off.
 *
 * @returns null while there is no snapshot or a covered check has no result
 */
export function decisionSlice(
  state: PromotionState,
  seatId: string,
  at: number,
): DecisionSlice | null {
  const seats = seatsOf(state).get(seatId)
  if (!seats || !state.snapshot) return null
  const covered = new Set(seats.flatMap((seat) => seat.covers))
  const checks = state.checks.filter(({ check }) => covered.has(check))
  const results = checks.flatMap(({ check, clauseDigest, report }) =>
    report ? [{ check, clauseDigest, resultDigest: report.resultDigest }] : [],
  )
  if (results.length < checks.length) return null
  const holding = concessionsInForce(state, at).filter(({ check }) => covered.has(check))
  return {
    v: 'countersign-decision/1',
    seat: seatId,
    modelDigest: state.snapshot.modelDigest,
    environment: state.environment,
    tier: distinct(rulesOf(state).map((rules) => rules.tier)),
    clauses: checks.map(({ check, clauseDigest }) => ({ check, clauseDigest })),
    rules: distinct(seats.map((seat) => digestOfJson(seat))),
    results,
    champion: championDigest(state, covered),
    waivers: distinct(holding.filter((c) => c.kind === 'waiver').map((c) => c.digest)),
    acceptances: distinct(holding.filter((c) => c.kind === 'acceptance').map((c) => c.digest)),
    conditions: [],
  }
}

/** The decision digest of every seat: SHA-256 of the RFC 8785 form of its slice. Seats without a slice are left out. */
export function decisionDigests(
  state: PromotionState,
  at: number,
): ReadonlyMap<string, { readonly digest: Digest; readonly slice: DecisionSlice }> {
  return new Map(
    [...seatsOf(state).keys()].flatMap((seat) => {
      const slice = decisionSlice(state, seat, at)
      return slice ? [[seat, { digest: digestOfJson(slice), slice }] as const] : []
    }),
  )
}

const parts = [
  ['modelDigest', 'the bytes of the model'],
  ['environment', 'the environment'],
  ['tier', 'the tier'],
  ['clauses', 'the policy clauses and thresholds'],
  ['rules', 'the rule of the seat'],
  ['results', 'the results of the checks'],
  ['champion', 'the version that is live now'],
  ['waivers', 'the waivers in force'],
  ['acceptances', 'the acceptances in force'],
  ['conditions', 'the conditions'],
] as const satisfies readonly (readonly [keyof DecisionSlice, string])[]

/** What differs between the slice that somebody saw and the one of now, in words; `null` stands for an unknown slice. */
export function changesBetween(
  seen: DecisionSlice | null | undefined,
  now: DecisionSlice,
): readonly string[] {
  if (!seen) return ['this decision digest was never asked for']
  return parts
    .filter(([part]) => digestOfJson(seen[part]) !== digestOfJson(now[part]))
    .map(([, words]) => words)
}
