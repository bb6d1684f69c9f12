import { expect, test } from 'vitest'
import type { Detail } from '../../../api/schema/views.js'
import { showDetail } from '../../../cli/show.js'
import { createTerminal } from '../../../cli/terminal.js'
import type { Report } from '../../../cli/reports.js'

const digest = `sha256:${'0'.repeat(64)}`
const at = '2026-01-01T00:00:00.000Z'

const check = {
  name: 'evaluation',
  attempt: 1,
  clauseDigest: digest,
  outcome: 'failed' as const,
  summary: 'AUC 0.5',
  resultDigest: digest,
  attestationDigest: null,
  findings: [],
  findingCount: 1,
  since: at,
}

const report: Report = {
  check,
  attestation: null,
  result: {
    v: 'countersign-check-result/1',
    check: 'evaluation',
    outcome: 'failed',
    summary: 'AUC 0.5',
    findings: [
      {
        id: 'evaluation/score:auc',
        severity: 'high',
        where: null,
        what: 'too low',
        why: 'a bound',
        remedy: 'train again',
        waivable: true,
      },
    ],
    detail: {},
  },
} as unknown as Report

function told(end: Detail['end']): string {
  const detail = {
    id: `prm_${'0'.repeat(32)}`,
    model: 'm',
    version: '1',
    environment: 'production',
    state: end === null ? 'blocked' : 'failed',
    tier: 'high',
    policy: 'p',
    requestedBy: { id: 'per_00000001', name: 'Ana' },
    development: false,
    snapshot: null,
    end,
    promoted: null,
    checks: [check],
    seats: [
      {
        id: 'seat',
        teams: ['risk'],
        filledBy: [],
        waitingFor: [],
        decisionDigest: null,
        yours: false,
      },
    ],
    decisions: [],
    blockedBy: [],
  } as unknown as Detail
  const parts: string[] = []
  const out = createTerminal({ write: (text: string) => parts.push(text) }, false)
  showDetail(out, detail, [report], 0)
  return parts.join('')
}

test('of a promotion that has ended nothing is said to wait, and nothing to be waivable', () => {
  const text = told({ code: 'CHECK_FAILED', detail: 'evaluation failed' })
  expect(text).toMatch(/seat +empty/)
  expect(text).not.toMatch(/waits for|can be waived/)
})

test('of one that goes on, both are said', () => {
  const text = told(null)
  expect(text).toMatch(/seat +waits for risk/)
  expect(text).toContain('evaluation/score:auc, can be waived')
})
