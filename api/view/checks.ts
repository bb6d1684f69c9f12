import { concessionsInForce } from '../../src/domain/decision.js'
import type { CheckState, PromotionState } from '../../src/domain/promotion.js'
import type { CheckReport } from '../../src/schema/check.js'
import { isoOf } from '../../src/domain/time.js'
import type { CheckView } from '../schema/views.js'

const notYet = {
  outcome: null,
  summary: null,
  resultDigest: null,
  attestationDigest: null,
  findings: [],
  findingCount: 0,
}

function reportViewOf(report: CheckReport, waived: ReadonlySet<string>) {
  const { outcome, summary, resultDigest, attestationDigest, findings, findingCount } = report
  const listed = findings.map(({ id, severity, waivable }) => {
    return { id, severity, waivable, waived: waived.has(id) }
  })
  return { outcome, summary, resultDigest, attestationDigest, findings: listed, findingCount }
}

/** One check with its findings, and which of them are waived at a moment (ms since the Unix epoch). */
export function checkViewOf(state: PromotionState, one: CheckState, at: number): CheckView {
  const waived = new Set(
    concessionsInForce(state, at)
      .filter(({ kind, check }) => kind === 'waiver' && check === one.check)
      .map(({ of }) => of),
  )
  return {
    name: one.check,
    attempt: one.attempt,
    clauseDigest: one.clauseDigest,
    since: isoOf(one.since),
    ...(one.report ? reportViewOf(one.report, waived) : notYet),
  }
}
