import type { Blocker, CheckView, DecisionView, Detail, SeatView } from '../api/schema/views.js'
import { spanOf } from './duration.js'
import type { Report } from './reports.js'
import { bold, dim, quoteWords, word } from './say.js'
import type { Terminal } from './terminal.js'

type Person = { readonly id: string; readonly name: string | null }

export const nameOf = ({ id, name }: Person): string => name ?? id

const short = (digest: string | null): string => digest?.slice(0, 'sha256:'.length + 12) ?? 'none'

function showCheck(
  out: Terminal,
  check: CheckView,
  report: Report | undefined,
  hasEnded: boolean,
): void {
  const { name, outcome, summary } = check
  out.line(
    '  ',
    name.padEnd(12),
    word(outcome ?? 'running'),
    summary === null ? '' : `  ${summary}`,
  )
  for (const finding of report?.result?.findings ?? []) {
    out.line('    ', bold(finding.severity), `  ${finding.what}`)
    if (finding.where !== null) out.line('      where:  ', finding.where)
    out.line('      why:    ', finding.why)
    out.line('      remedy: ', finding.remedy)
    const waivable = finding.waivable && !hasEnded ? ', can be waived' : ''
    out.line('      ', dim(`${finding.id}${waivable}`))
  }
}

function seatText({ filledBy, waitingFor, teams, yours }: SeatView, hasEnded: boolean): string {
  const filled = filledBy.map(({ person, level }) => `${nameOf(person)} (${level})`).join(', ')
  const open = waitingFor.map((one) => `${one.signOffs} of ${one.teams.join(' or ')}`).join(', ')
  if (filled !== '' && open === '') return `filled by ${filled}`
  if (hasEnded) return filled === '' ? 'empty' : `filled in part by ${filled}`
  const by = filled === '' ? '' : `filled by ${filled}; `
  return `${by}waits for ${open === '' ? teams.join(' or ') : open}${yours ? '  ← yours' : ''}`
}

export function showDecision(out: Terminal, decision: DecisionView, indent = '  '): void {
  const { at, person, act, verdict, seat, level, reason, changes } = decision
  const who = person === null ? 'Countersign' : nameOf(person)
  const what = [act, verdict, seat === null ? null : `seat ${seat}`, level]
    .filter(Boolean)
    .join(', ')
  out.line(indent, dim(at), '  ', bold(who), `  ${what}`)
  if (reason !== null) {
    quoteWords(out, reason.text ?? `(${reason.state})`, `${indent}    `)
  }
  for (const change of changes) out.line(indent, '    changed: ', change)
}

export function showBlocker(out: Terminal, blocker: Blocker, now: number): void {
  const { condition, who, since, remedy } = blocker
  const age = spanOf(now - Date.parse(since))
  out.line('  ', condition, dim(`  (${who.join(', ')}; since ${age})`))
  out.line('    → ', remedy)
}

/** All that is known of a promotion, for people. */
export function showDetail(
  out: Terminal,
  detail: Detail,
  reports: readonly Report[],
  now: number,
): void {
  const { id, model, version, environment, state, tier, policy } = detail
  out.line(bold(`${model} ${version}`), ` → ${environment}  `, word(state), dim(`  ${id}`))
  out.line(`tier ${tier}, policy ${policy}, asked for by ${nameOf(detail.requestedBy)}`)
  if (detail.development) out.line(dim('development identity: proves nothing elsewhere'))
  if (detail.snapshot) {
    const { modelDigest, files, sizeBytes } = detail.snapshot
    out.line(`model ${modelDigest}`, dim(`  ${files} files, ${sizeBytes} bytes`))
  }
  if (detail.end) out.line(`ended: ${detail.end.detail}`)
  if (detail.promoted) out.line(`approval holds until ${detail.promoted.approvedUntil}`)
  const hasEnded = detail.end !== null
  section(out, 'checks', detail.checks, (check) =>
    showCheck(
      out,
      check,
      reports.find((one) => one.check.name === check.name),
      hasEnded,
    ),
  )
  section(out, 'seats', detail.seats, (seat) => {
    out.line(
      '  ',
      seat.id.padEnd(18),
      seatText(seat, hasEnded),
      dim(`  ${short(seat.decisionDigest)}`),
    )
  })
  section(out, 'decisions', detail.decisions, (decision) => showDecision(out, decision))
  section(out, 'blocked by', detail.blockedBy, (blocker) => showBlocker(out, blocker, now))
}

function section<Item>(
  out: Terminal,
  title: string,
  items: readonly Item[],
  show: (item: Item) => void,
): void {
  if (items.length === 0) return
  out.line(bold(title))
  for (const item of items) show(item)
}
