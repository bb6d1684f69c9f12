import { mayStillSign } from '../../src/domain/blocked-by.js'
import { decisionDigests } from '../../src/domain/decision.js'
import { standing } from '../../src/domain/standing.js'
import { isoOf } from '../../src/domain/time.js'
import type { Projection } from '../../read-model/projection.js'
import type { PromotionRecord } from '../../read-model/promotions.js'
import type { InboxItem } from '../schema/answers.js'
import type { PersonOf } from './names.js'
import { deadlinesOf } from './summary.js'

type Task = Pick<InboxItem, 'task' | 'seat' | 'decisionDigest'>

function seatsFor({ state }: PromotionRecord, person: string, at: number): readonly Task[] {
  const now = standing(state, at)
  if (now.kind !== 'awaiting') return []
  const digests = decisionDigests(state, at)
  const seats = new Set(now.empty.map(({ seat }) => seat))
  return [...seats]
    .filter((seat) => mayStillSign(state, seat).includes(person))
    .map((seat) => ({ task: 'sign-off', seat, decisionDigest: digests.get(seat)?.digest ?? null }))
}

function mendsFor({ state }: PromotionRecord, person: string): readonly Task[] {
  const nothing = { seat: null, decisionDigest: null }
  if (person === state.requester || person === state.sponsor) return [{ task: 'mend', ...nothing }]
  const teams = state.inForce.waivers?.teams ?? []
  const isExcluded = state.excluded.some((one) => one.person === person)
  const isReviewer = teams.some((team) => state.membership.teams[team]?.includes(person))
  return isReviewer && !isExcluded ? [{ task: 'review', ...nothing }] : []
}

function tasksFor(record: PromotionRecord, person: string, at: number): readonly Task[] {
  if (record.state.phase === 'awaiting-sign-off') return seatsFor(record, person, at)
  return record.state.phase === 'blocked' ? mendsFor(record, person) : []
}

function aboutOf({ id, state }: PromotionRecord, personOf: PersonOf): Omit<InboxItem, keyof Task> {
  const { model, version, environment, requester, since } = state
  return {
    promotion: id,
    model,
    version,
    environment,
    requestedBy: personOf(requester),
    since: isoOf(since),
    deadline: deadlinesOf(state)[0]?.at ?? null,
    href: `/v1/promotions/${id}`,
  }
}

/** What has no deadline comes last. */
function orderOf(item: InboxItem): string {
  return `${item.deadline ?? '9'} ${item.since} ${item.promotion}`
}

/** What waits for one person, the oldest deadline first. */
export function inboxOf(
  projection: Projection,
  person: string,
  at: number,
  personOf: PersonOf,
): InboxItem[] {
  const items = [...projection.open].flatMap((id) => {
    const record = projection.promotions.get(id)
    if (!record) return []
    const about = aboutOf(record, personOf)
    return tasksFor(record, person, at).map((task) => Object.assign({}, about, task))
  })
  return items.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
}
