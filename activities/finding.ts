import { digestOf } from '../src/domain/canonical.js'
import type { Finding, Severity } from '../src/schema/check.js'

const unreadable = /[\p{C}\p{Zl}\p{Zp}]/gu
const mostFindings = 1000
const worstFirst: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info']

/** What a check says of one thing. `about` is what the rule is about, mostly a path; null where it is about the whole model. */
export interface FindingText {
  readonly rule: string
  readonly about: string | null
  readonly severity: Severity
  readonly what: string
  /** A place inside `about`, such as a byte offset or a line. */
  readonly place?: string
  readonly why: string
  readonly remedy: string
  /** True unless said otherwise. */
  readonly waivable?: boolean
}

/** Text from a model as it may be shown: one line, no character that a reader cannot see, at most `most` characters. */
export function shown(text: string, most: number): string {
  const visible = text.replaceAll(unreadable, '\u{FFFD}')
  if (visible.length <= most) return visible
  return `${visible.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}

/** Names are hostile and may be long; where one had to be changed, its digest keeps two findings apart. */
function idOf(rule: string, about: string | null): string {
  if (about === null) return rule
  const room = 200 - rule.length - 1
  const plain = shown(about, room)
  if (plain === about) return `${rule}:${about}`
  const mark = `#${digestOf(about.replaceAll(/\p{Surrogate}/gu, '\u{FFFD}')).slice(7, 23)}`
  return `${rule}:${shown(about, room - mark.length)}${mark}`
}

/** A finding with a stable id (`rule:about`) whose texts fit the schema, whatever the model wrote into them. */
export function findingOf(text: FindingText): Finding {
  const where =
    text.about === null ? text.place : [text.about, text.place].filter(Boolean).join(', ')
  return {
    id: idOf(text.rule, text.about),
    severity: text.severity,
    what: shown(text.what, 500),
    where: where === undefined ? null : shown(where, 300),
    why: shown(text.why, 500),
    remedy: shown(text.remedy, 500),
    waivable: text.waivable ?? true,
  }
}

function rank(finding: Finding): number {
  return worstFirst.indexOf(finding.severity)
}

/** Worst first, one per id, and never more than a report holds: what had to be left out is said, and cannot be waived. */
export function orderedFindings(rule: string, findings: readonly Finding[]): Finding[] {
  const distinct = [...new Map(findings.map((finding) => [finding.id, finding])).values()]
  const sorted = distinct.toSorted((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1))
  if (sorted.length <= mostFindings) return sorted
  const kept = sorted.slice(0, mostFindings - 1)
  return [
    findingOf({
      rule,
      about: null,
      severity: 'critical',
      what: `${sorted.length - kept.length} more findings do not fit into this report`,
      why: 'Nobody can answer for findings that nobody was shown.',
      remedy: 'Mend those that are listed and check again.',
      waivable: false,
    }),
    ...kept,
  ]
}
