import { setTimeout as pause } from 'node:timers/promises'
import type { Opened } from '../../api/schema/answers.js'
import type { Detail } from '../../api/schema/views.js'
import { CommandFailure } from '../../cli/failure.js'
import { readDetail } from '../../cli/reports.js'
import type { People } from './people.js'
import { dim, word, type Teller } from './tell.js'

const ends: ReadonlySet<string> = new Set([
  'promoted',
  'rejected',
  'failed',
  'expired',
  'cancelled',
])
const patienceMs = 120_000

/** Mira asks; where an earlier demo was cut off, its promotion is taken up instead. */
export async function ask(
  people: People,
  model: string,
  version: string,
  reason: string,
): Promise<string> {
  const body = { model, version, environment: 'production', reason }
  try {
    return (await people.as('mira').post<Opened>('/v1/promotions', body)).id
  } catch (error) {
    const underWay = error instanceof CommandFailure ? error.problem?.promotion : undefined
    if (underWay === undefined) throw error
    return underWay
  }
}

/** Looks until the promotion is in one of these states, or ended, or two minutes are over. */
export async function follow(
  people: People,
  id: string,
  states: readonly string[],
): Promise<Detail> {
  const client = people.as('mira')
  const until = Date.now() + patienceMs
  for (;;) {
    const detail = await readDetail(client, id)
    const isThere = states.includes(detail.state) || ends.has(detail.state)
    if (isThere || Date.now() > until) return detail
    await pause(200)
  }
}

export function tellChecks(tell: Teller, detail: Detail): void {
  for (const { name, outcome, summary } of detail.checks) {
    tell.line('  ', name.padEnd(12), word(outcome ?? 'running'), dim(`  ${summary ?? ''}`))
  }
}
