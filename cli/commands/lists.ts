import type { InboxItem, Why } from '../../api/schema/answers.js'
import type { Summary } from '../../api/schema/views.js'
import { exitCodes, type ExitCode } from '../exit-codes.js'
import { bold, dim, quoteWords, word } from '../say.js'
import type { Session } from '../session.js'
import { nameOf, showDecision } from '../show.js'
import { table } from '../terminal.js'

export interface ListOptions {
  readonly model?: string
  readonly version?: string
  readonly state?: string
  readonly environment?: string
  readonly waitingOn?: string
  readonly requestedBy?: string
  readonly since?: string
  readonly until?: string
  readonly limit?: string
  readonly cursor?: string
}

/** Promotions that the caller may see, newest first. */
export async function list(session: Session, options: ListOptions): Promise<ExitCode> {
  const { model, version, state, environment, waitingOn, requestedBy } = options
  const { since, until, limit, cursor } = options
  const filter = { model, version, state, environment, waitingOn, requestedBy }
  const query = { ...filter, since, until, limit, cursor }
  const page = await session
    .client()
    .get<{ items: Summary[]; next: string | null }>('/v1/promotions', query)
  if (session.isJson) session.out.json(page)
  else {
    const rows = page.items.map((one) => [
      one.id,
      one.model,
      one.version,
      one.environment,
      one.state,
      one.waitingOn.join(',') || '-',
      nameOf(one.requestedBy),
    ])
    table(session.out, rows)
    if (rows.length === 0) session.err.line('nothing')
    if (page.next !== null) session.err.line(`more: --cursor ${page.next}`)
  }
  return exitCodes.yes
}

/** What waits for the caller. */
export async function inbox(session: Session): Promise<ExitCode> {
  const { items } = await session.client().get<{ items: InboxItem[] }>('/v1/inbox')
  if (session.isJson) session.out.json({ items })
  else if (items.length === 0) session.err.line('nothing waits for you')
  for (const item of session.isJson ? [] : items) {
    const { promotion, model, version, environment, task, seat, deadline } = item
    session.out.line(
      bold(`${model} ${version}`),
      ` → ${environment}  ${task}`,
      dim(`  ${promotion}`),
    )
    const by = `asked for by ${nameOf(item.requestedBy)}`
    session.out.line('  ', by, deadline === null ? '' : `, until ${deadline}`)
    if (seat !== null) {
      const approve = `countersign sign ${promotion} --seat ${seat} --approve --reason "…"`
      session.out.line('  → ', approve)
    }
  }
  return exitCodes.yes
}

function showTrail(session: Session, trail: NonNullable<Why['trail']>): void {
  const { out } = session
  out.line(`asked for by ${nameOf(trail.requestedBy)} on ${trail.requestedAt}, because`)
  quoteWords(out, trail.reason.text ?? `(${trail.reason.state})`, '  ')
  const run = trail.trainingRun === null ? 'no training run named' : `run ${trail.trainingRun.id}`
  out.line(`from ${trail.registry}, ${run}; tier ${trail.tier}, policy ${trail.policy}`)
  out.line(bold('checks'))
  for (const check of trail.checks) {
    const outcome = word(check.outcome ?? 'running')
    out.line('  ', check.name.padEnd(12), outcome, `  ${check.summary ?? ''}`)
  }
  out.line(bold('people'))
  for (const decision of trail.decisions) showDecision(out, decision)
  out.line(`approval holds until ${trail.approvedUntil ?? 'nobody knows when'}`)
  if (trail.development) out.line(dim('development identity: proves nothing elsewhere'))
}

/** What is live, and why. */
export async function why(
  session: Session,
  model: string,
  options: { readonly environment?: string },
): Promise<ExitCode> {
  const { environment = 'production' } = options
  const place = `${encodeURIComponent(model)}/environments/${encodeURIComponent(environment)}`
  const told = await session.client().get<Why>(`/v1/models/${place}`)
  if (session.isJson) {
    session.out.json(told)
    return exitCodes.yes
  }
  const { out } = session
  const { live, observation } = told
  if (live === null) out.line(`no promotion put anything live for ${model} in ${environment}`)
  else {
    out.line(bold(`${model} ${live.version}`), ` is live in ${environment} since ${live.since}`)
    out.line(`model ${live.modelDigest}`, dim(`  ${live.promotion}`))
  }
  if (told.diverged) {
    const seen = observation?.version ?? 'nothing'
    out.line({ style: 'red', text: 'diverged: ' }, `the alias points to ${seen}, unapproved`)
  }
  if (told.trail) showTrail(session, told.trail)
  return exitCodes.yes
}
