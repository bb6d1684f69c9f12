import { digestOf, digestOfJson, type Digest, type Json } from '../../../src/domain/canonical.js'
import { decide, type Decision, type DomainCommand } from '../../../src/domain/decide.js'
import { decisionDigests } from '../../../src/domain/decision.js'
import { evolve } from '../../../src/domain/evolve.js'
import { nothingYet, type PromotionState } from '../../../src/domain/promotion.js'
import { isoOf } from '../../../src/domain/time.js'
import type { CheckReport } from '../../../src/schema/check.js'
import type { PromotionEvent } from '../../../src/schema/event.js'
import type { Membership, Rules, Seat } from '../../../src/schema/rules.js'
import type {
  Act,
  ActCommand,
  CheckName,
  SignedStatement,
  Statement,
} from '../../../src/schema/statement.js'

export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour
/** When every promotion of these tests is requested: 2026-01-05T09:00:00.000Z. */
export const start = Date.UTC(2026, 0, 5, 9)

export const installation = 'ins_00000001'
export const promotion = `prm_${'1'.repeat(32)}` as const
export const otherPromotion = `prm_${'2'.repeat(32)}` as const

/** People by what they are in the stories: ids carry no names. */
export const people = {
  requester: 'per_aaaa',
  sponsor: 'per_bbbb',
  rita: 'per_cccc',
  rob: 'per_dddd',
  sue: 'per_eeee',
  sam: 'per_ffff',
  both: 'per_gggg',
  owner: 'per_hhhh',
  signer: 'per_iiii',
  stranger: 'per_zzzz',
} as const

export function sha(text: string): Digest {
  return digestOf(text)
}

export function seat(id: string, more: Partial<Seat> = {}): Seat {
  return {
    id,
    teams: [id],
    teamsNeeded: 'any',
    quorum: 1,
    level: 'authenticated',
    covers: ['provenance', 'scan', 'evaluation'],
    ...more,
  }
}

export function clause(check: CheckName, name = 'v1', comparesChampion = false) {
  return { check, clauseDigest: sha(`clause ${check} ${name}`), comparesChampion }
}

/** Two checks, two seats, a way to mend; `name` makes another governance set of it. */
export function rules(more: Partial<Rules> = {}, name = 'set 1'): Rules {
  return {
    governance: { digest: sha(name), sequence: 1 },
    policy: 'example',
    tier: 'high',
    checks: [clause('scan'), clause('evaluation')],
    seats: [seat('risk'), seat('safety')],
    waivers: { teams: ['risk'], longestMs: 30 * day },
    clocks: {
      decideMs: 14 * day,
      useMs: 2 * day,
      mendWithinMs: 3 * day,
      approvalHoldsMs: 90 * day,
    },
    limits: { reruns: 2 },
    ...more,
  }
}

export function membership(teams: Membership['teams'] = {}): Membership {
  const { rita, rob, sue, sam, both, owner, signer } = people
  return {
    teams: { risk: [rita, rob, both, signer], safety: [sue, sam, both], ...teams },
    owners: [owner],
  }
}

let nonces = 0

/** A statement about a body; the rules read no signature, so it has a placeholder. */
export function signed(
  act: Act,
  body: Json,
  person: string,
  more: Partial<Statement> = {},
  keyid = 'api:0123456789abcdef',
): SignedStatement {
  nonces += 1
  const issued = more.issued ?? isoOf(start)
  return {
    statement: {
      v: 'countersign-statement/1',
      installation,
      promotion,
      act,
      bodyDigest: digestOfJson(body),
      person,
      nonce: `nonce-${String(nonces).padStart(6, '0')}`,
      issued,
      notAfter: isoOf(Date.parse(issued) + 12 * hour),
      ...more,
    },
    signature: { keyid, sig: 'AAAA' },
  }
}

type RequestedBody = Extract<PromotionEvent, { type: 'requested' }>['body']

export function request(more: Partial<RequestedBody> = {}): RequestedBody {
  const facts = {
    model: 'diabetes-risk',
    version: '7',
    environment: 'production',
    reason: sha('reason'),
    requester: people.requester,
    sponsor: null,
    ...more,
  }
  const { model, version, environment, reason, sponsor, requester } = facts
  return {
    installation,
    promotion,
    ...facts,
    signed: signed('request', { model, version, environment, reason, sponsor }, requester),
    rules: rules(),
    membership: membership(),
    champion: null,
    origin: { registry: 'folder', createdAt: null, run: null },
    development: false,
    ...more,
  }
}

export const modelDigest = sha('the bytes')

export const snapshot = { modelDigest, signatureDigest: null, files: 3, sizeBytes: 4096 }

export function report(check: CheckName, more: Partial<CheckReport> = {}): CheckReport {
  const outcome = more.outcome ?? 'passed'
  return {
    check,
    outcome,
    clauseDigest: clause(check).clauseDigest,
    resultDigest: sha(`result ${check} ${outcome}`),
    attestationDigest: sha(`attestation ${check}`),
    findings: [],
    findingCount: 0,
    named: [],
    summary: `${check} ${outcome}`,
    ...more,
  }
}

export const finding = { id: 'scan/pickle:model.pkl', severity: 'high', waivable: true } as const

/** A scan that found one thing. */
export function failedScan(more: Partial<CheckReport> = {}): CheckReport {
  return report('scan', { outcome: 'failed', findings: [finding], findingCount: 1, ...more })
}

type BodyOf<Name extends ActCommand['act']> = Extract<ActCommand, { act: Name }>['body']

interface SigningOptions {
  readonly verdict?: 'approve' | 'reject'
  readonly digest?: Digest
  readonly keyid?: string
}

/** One promotion, carried by decide and evolve as the driver does, with a clock that the test sets. */
export function createWorld(initial: PromotionState = nothingYet) {
  const events: PromotionEvent[] = []
  let state = initial
  let now = start

  const record = (...more: readonly PromotionEvent[]) => {
    events.push(...more)
    state = more.reduce(evolve, state)
  }
  /** Decides and, as the driver does, records what was decided. */
  const give = (command: DomainCommand): Decision => {
    const decision = decide(state, command)
    if (decision.kind === 'events') record(...decision.events)
    return decision
  }
  const reason = sha('why')

  /** The decision digest of a seat now; of nothing where the seat has none. */
  function digestOf(seatId: string): Digest {
    return decisionDigests(state, now).get(seatId)?.digest ?? sha('no such decision')
  }
  function command<Name extends ActCommand['act']>(
    act: Name,
    person: string,
    body: BodyOf<Name>,
    more: Partial<Statement> = {},
    keyid?: string,
  ): ActCommand {
    const proof = signed(act, body, person, { issued: isoOf(now), ...more }, keyid)
    return { act, body, signed: proof } as unknown as ActCommand
  }
  function send(command: ActCommand): Decision {
    return give({ kind: 'act', at: now, command })
  }
  function act<Name extends ActCommand['act']>(
    act: Name,
    person: string,
    body: BodyOf<Name>,
    more: Partial<Statement> = {},
  ): Decision {
    return send(command(act, person, body, more))
  }
  function signing(seatId: string, person: string, more: SigningOptions = {}): ActCommand {
    const { verdict = 'approve', digest = digestOf(seatId), keyid } = more
    const body = { seat: seatId, decisionDigest: digest, verdict, reason, conditions: null }
    return command('sign-off', person, body, {}, keyid)
  }
  return {
    /** The present, in ms since the Unix epoch. */
    get now() {
      return now
    },
    set now(at: number) {
      now = at
    },
    digestOf,
    command,
    send,
    act,
    signing,
    events,
    state: () => state,
    record,
    give,
    open(more: Partial<RequestedBody> = {}): Decision {
      return give({ kind: 'open', at: now, request: request(more) })
    },
    snapshotted(): Decision {
      return give({ kind: 'snapshotted', at: now, snapshot })
    },
    check(given: CheckReport): Decision {
      const attempt =
        state.checks.find(
          ({ check, clauseDigest }) => check === given.check && clauseDigest === given.clauseDigest,
        )?.attempt ?? 1
      return give({ kind: 'check', at: now, attempt, report: given })
    },
    tick(at: number = now): Decision {
      now = at
      return give({ kind: 'tick', at })
    },
    observe(found: Rules, members: Membership = membership()): Decision {
      return give({ kind: 'observed', at: now, rules: found, membership: members })
    },
    champion(version: string): Decision {
      const champion = { version, modelDigest: sha(`champion ${version}`) }
      return give({ kind: 'champion', at: now, champion })
    },
    sign(seatId: string, person: string, more: SigningOptions = {}): Decision {
      return send(signing(seatId, person, more))
    },
    waive(person: string, more: { id?: string; until?: number; bytes?: Digest } = {}): Decision {
      const { id = finding.id, until = now + day, bytes = modelDigest } = more
      const about = { check: 'scan', finding: id, modelDigest: bytes } as const
      return act('waiver', person, { ...about, until: isoOf(until), reason })
    },
    accept(person: string, resultDigest: Digest, until: number = now + day): Decision {
      const about = { check: 'evaluation', resultDigest } as const
      return act('acceptance', person, { ...about, until: isoOf(until), reason })
    },
    rerun: (person: string, check: CheckName): Decision => act('rerun', person, { check, reason }),
    cancel: (person: string): Decision => act('cancel', person, { reason }),
    withdraw: (person: string, seatId: string): Decision =>
      act('withdrawal', person, { seat: seatId, reason }),
    releaseStarts(attempt = 1): void {
      record({ type: 'release-started', at: isoOf(now), person: null, body: { attempt } })
    },
    releaseStops(attempt = 1): void {
      const body = { attempt, why: 'the registry is away' }
      record({ type: 'release-stopped', at: isoOf(now), person: null, body })
    },
    moved(): Decision {
      const result = { kind: 'moved', from: null, aliasSeq: 0 } as const
      return give({ kind: 'released', at: now, result })
    },
  }
}

export type World = ReturnType<typeof createWorld>

type Setup = Partial<RequestedBody>

export function checking(more: Setup = {}): World {
  const world = createWorld()
  world.open(more)
  world.snapshotted()
  return world
}

/** All checks of the state passed. */
export function passed(more: Setup = {}): World {
  const world = checking(more)
  for (const { check, clauseDigest } of world.state().checks) {
    world.check(report(check, { clauseDigest }))
  }
  return world
}

export function promoting(more: Setup = {}): World {
  const world = passed(more)
  world.sign('risk', people.rita)
  world.sign('safety', people.sue)
  return world
}

/** The types of what a decision gave, or its refusal's code. */
export function gist(decision: Decision): readonly string[] | string {
  if (decision.kind === 'events') return decision.events.map(({ type }) => type)
  if (decision.kind === 'refused') return decision.code
  return decision.refusal?.code ?? 'repeat'
}
