import { mayStillSign } from '../../../src/domain/blocked-by.js'
import type { Digest, Json } from '../../../src/domain/canonical.js'
import type { DomainCommand } from '../../../src/domain/decide.js'
import { decisionDigests } from '../../../src/domain/decision.js'
import { isEnded, type CheckState, type PromotionState } from '../../../src/domain/promotion.js'
import { releaseFault } from '../../../src/domain/release.js'
import { standing } from '../../../src/domain/standing.js'
import { isoOf } from '../../../src/domain/time.js'
import type { PromotionEvent } from '../../../src/schema/event.js'
import type { ActCommand, CheckName, Statement } from '../../../src/schema/statement.js'
import { anyChampion, anyMembership, anyReport, anyRules, crowd } from './generated-rules.js'
import type { Plot } from './story.js'
import {
  day,
  finding,
  hour,
  modelDigest,
  otherPromotion,
  sha,
  signed,
  snapshot,
} from './support.js'

/** What the release worker writes into the stream by itself. */
interface Written {
  readonly kind: 'written'
  readonly events: readonly PromotionEvent[]
}

type Next = DomainCommand | Written

const reason = sha('why')
const keyids = ['api:0123456789abcdef', 'person:0123456789abcdef'] as const
const checkNames = ['scan', 'evaluation', 'provenance'] as const
const findingIds = [finding.id, 'scan/second', 'scan/malicious', 'scan/none'] as const
const wrong: readonly [Digest, Digest] = [sha('never asked'), sha('nor this')]
type Asked = Pick<CheckState, 'check' | 'clauseDigest' | 'attempt'>
const nobodyAsked: Asked = { check: 'scan', clauseDigest: wrong[0], attempt: 1 }

function act(
  plot: Plot,
  name: ActCommand['act'],
  person: string,
  body: Json,
  more: Partial<Statement> = {},
): DomainCommand {
  const keyid = plot.tape.pick(keyids)
  const proof = signed(name, body, person, { issued: isoOf(plot.at), ...more }, keyid)
  const command = { act: name, body, signed: proof } as unknown as ActCommand
  plot.sent.push(command)
  return { kind: 'act', at: plot.at, command }
}

function written(plot: Plot, event: Pick<PromotionEvent, 'type' | 'body'>): Written {
  const whole = { ...event, at: isoOf(plot.at), person: null } as PromotionEvent
  return { kind: 'written', events: [whole] }
}

function signing(plot: Plot, seat: string, person: string, decisionDigest: Digest): DomainCommand {
  const verdict = plot.tape.below(25) === 24 ? 'reject' : 'approve'
  return act(plot, 'sign-off', person, { seat, decisionDigest, verdict, reason, conditions: null })
}

function waiver(
  plot: Plot,
  person: string,
  name: string,
  bytes: Digest = modelDigest,
): DomainCommand {
  const until = isoOf(plot.at + plot.tape.pick([5 * day, day, 7 * day, 8 * day, hour, 0]))
  return act(plot, 'waiver', person, {
    check: 'scan',
    finding: name,
    modelDigest: bytes,
    until,
    reason,
  })
}

function acceptance(plot: Plot, person: string, check: CheckName, resultDigest: Digest) {
  const until = isoOf(plot.at + plot.tape.pick([5 * day, day, 8 * day]))
  return act(plot, 'acceptance', person, { check, resultDigest, until, reason })
}

/** Whoever may waive by the set in force, or somebody who may not. */
function conceding(plot: Plot, state: PromotionState): string {
  const named = state.inForce.waivers?.teams ?? []
  return plot.tape.pickOr(
    named.flatMap((team) => state.membership.teams[team] ?? []),
    crowd[2],
  )
}

function mending(plot: Plot, state: PromotionState): DomainCommand {
  const { tape, at } = plot
  const now = standing(state, at)
  const [failing] = now.kind === 'blocked' ? now.checks : []
  if (!failing?.report) return { kind: 'tick', at }
  const { check, report } = failing
  if (tape.below(4) === 3) return act(plot, 'rerun', crowd[0], { check, reason })
  const person = conceding(plot, state)
  if (report.outcome === 'inconclusive') return acceptance(plot, person, check, report.resultDigest)
  const open = report.findings.find(
    ({ id }) => !state.concessions.some(({ of, until }) => of === id && until > at),
  )
  return waiver(plot, person, open?.id ?? finding.id)
}

function signingOn(plot: Plot, state: PromotionState): DomainCommand {
  const { tape, at } = plot
  const now = standing(state, at)
  const empty = now.kind === 'awaiting' ? now.empty.map(({ seat }) => seat) : []
  const seat = tape.pickOr(empty, 'alpha')
  const person = tape.pickOr(mayStillSign(state, seat), crowd[3])
  return signing(plot, seat, person, decisionDigests(state, at).get(seat)?.digest ?? wrong[0])
}

function releasing(plot: Plot, state: PromotionState): Next {
  const { tape, at } = plot
  if (!state.releasing) {
    if (releaseFault(state, at) !== null) return { kind: 'tick', at }
    return written(plot, { type: 'release-started', body: { attempt: state.releaseAttempts + 1 } })
  }
  if (tape.below(4) === 3) {
    const body = { attempt: state.releaseAttempts, why: 'the registry is away' }
    return written(plot, { type: 'release-stopped', body })
  }
  return { kind: 'released', at, result: { kind: 'moved', from: '6', aliasSeq: 3 } }
}

/** What would bring the promotion nearer to its end. */
function leadingOn(plot: Plot, state: PromotionState): Next {
  const { tape, at } = plot
  switch (state.phase) {
    case 'snapshotting':
      return { kind: 'snapshotted', at, snapshot }
    case 'checking': {
      const open = state.checks.filter(({ report }) => report === null)
      const { check, clauseDigest, attempt } = tape.pickOr<Asked>(open, nobodyAsked)
      return { kind: 'check', at, attempt, report: anyReport(tape, check, clauseDigest) }
    }
    case 'blocked':
      return mending(plot, state)
    case 'awaiting-sign-off':
      return signingOn(plot, state)
    case 'promoting':
      return releasing(plot, state)
    default:
      return { kind: 'tick', at }
  }
}

function changing(plot: Plot, state: PromotionState): DomainCommand {
  const { tape, at } = plot
  const what = tape.below(4)
  if (what === 0) return { kind: 'champion', at, champion: anyChampion(tape) }
  const membership = what === 1 ? state.membership : anyMembership(tape)
  if (what === 3) {
    const back = tape.below(2) === 0 ? state.pinned : state.inForce
    return { kind: 'observed', at, rules: back, membership }
  }
  const rules = anyRules(tape, plot.sets)
  plot.sets += 1
  return { kind: 'observed', at, rules, membership }
}

interface Attempt {
  readonly plot: Plot
  readonly state: PromotionState
  readonly person: string
  readonly seat: string
}

/** A digest to sign over: of now, of before, or of nothing. */
function anyDigest({ plot, state, seat }: Attempt): Digest {
  const known = Object.keys(state.slices) as Digest[]
  const now = decisionDigests(state, plot.at).get(seat)?.digest ?? wrong[1]
  return plot.tape.pick([now, plot.tape.pickOr(known, wrong[0]), wrong[0], now])
}

const attempts: readonly ((attempt: Attempt) => DomainCommand)[] = [
  (attempt) => signing(attempt.plot, attempt.seat, attempt.person, anyDigest(attempt)),
  ({ plot, person }) =>
    waiver(plot, person, plot.tape.pick(findingIds), plot.tape.pick([modelDigest, wrong[0]])),
  ({ plot, state, person }) =>
    acceptance(
      plot,
      person,
      plot.tape.pick(checkNames),
      state.checks[0]?.report?.resultDigest ?? wrong[0],
    ),
  ({ plot, person, seat }) => act(plot, 'withdrawal', person, { seat, reason }),
  ({ plot, person }) => act(plot, 'rerun', person, { check: plot.tape.pick(checkNames), reason }),
  ({ plot, person, seat }) =>
    plot.tape.below(4) === 3
      ? act(plot, 'cancel', person, { reason })
      : act(plot, 'withdrawal', person, { seat, reason }),
  (attempt) => forgedStatement(attempt.plot, attempt.seat, attempt.person, anyDigest(attempt)),
]

/** Somebody tries what they may not, or what comes too late, twice, or from elsewhere. */
function hostileAct(plot: Plot, state: PromotionState): DomainCommand {
  const person = plot.tape.pick([...crowd, 'per_zzzz'])
  const seat = plot.tape.pick(['alpha', 'beta', 'gamma'])
  return plot.tape.pick(attempts)({ plot, state, person, seat })
}

function forgedStatement(plot: Plot, seat: string, person: string, digest: Digest): DomainCommand {
  const { tape, at, sent } = plot
  const earlier = tape.pickOr<ActCommand | null>(sent, null)
  const nonce = earlier?.signed.statement.nonce ?? 'nonce-of-nobody'
  const said: readonly Partial<Statement>[] = [
    { promotion: otherPromotion },
    { installation: 'ins_99999999' },
    { act: 'withdrawal' },
    { bodyDigest: wrong[0] },
    { notAfter: isoOf(at) },
    { issued: isoOf(at + hour), notAfter: isoOf(at + 2 * hour) },
    { notAfter: isoOf(at + 3 * day) },
    { nonce, person: earlier?.signed.statement.person ?? person },
  ]
  const body = { seat, decisionDigest: digest, verdict: 'approve', reason, conditions: null }
  return act(plot, 'sign-off', person, body, tape.pick(said))
}

function repeated(plot: Plot): DomainCommand {
  const { tape, at, sent } = plot
  const command = tape.pickOr<ActCommand | null>(sent, null)
  return command ? { kind: 'act', at, command } : { kind: 'tick', at }
}

const malfunctions: readonly ((plot: Plot, state: PromotionState) => DomainCommand)[] = [
  ({ at }) => ({ kind: 'snapshotted', at, snapshot: { ...snapshot, modelDigest: wrong[0] } }),
  ({ tape, at }, state) => {
    const { check, clauseDigest, attempt } = tape.pickOr<Asked>(state.checks, nobodyAsked)
    const report = anyReport(tape, check, tape.pick([clauseDigest, wrong[0]]))
    return { kind: 'check', at, attempt: attempt + tape.pick([-1, 1, 0]), report }
  },
  ({ at }) => ({ kind: 'released', at, result: { kind: 'moved', from: null, aliasSeq: 9 } }),
  (plot) => {
    plot.at += plot.tape.pick([day, 2 * day, 4 * day])
    return { kind: 'tick', at: plot.at }
  },
  ({ tape, at }) =>
    tape.below(8) === 7
      ? { kind: 'fail', at, code: 'INTERNAL', detail: 'broken' }
      : { kind: 'tick', at },
  ({ tape, at }) =>
    tape.below(4) === 3
      ? { kind: 'released', at, result: { kind: 'refused', code: 'INTERNAL', detail: 'broken' } }
      : { kind: 'tick', at },
]

/** The next thing that anybody does: mostly what leads on, at times a change, a repeat or an attack. */
export function anyCommand(plot: Plot, state: PromotionState): Next {
  const { tape, leaning } = plot
  const choice = tape.below(100)
  if (choice < leaning.leadingOn && !isEnded(state.phase)) return leadingOn(plot, state)
  if (choice < leaning.leadingOn + leaning.changing) return changing(plot, state)
  if (choice < 88) return hostileAct(plot, state)
  return choice < 92 ? repeated(plot) : tape.pick(malfunctions)(plot, state)
}
