import type { Detail } from '../../api/schema/views.js'
import { readReports } from '../../cli/reports.js'
import type { People } from './people.js'
import { ask, follow } from './promotion.js'
import { bold, dim, word, type Teller } from './tell.js'

/** A version that must not pass, and the check that must say so. */
export interface Refusal {
  readonly version: string
  readonly what: string
  readonly by: string
}

const severe = ['critical', 'high', 'medium', 'low']

async function tellWhy(people: People, tell: Teller, detail: Detail, by: string): Promise<void> {
  const reports = await readReports(people.as('mira'), detail)
  const report = reports.find(({ check }) => check.name === by)
  const findings = (report?.result?.findings ?? [])
    .filter(({ severity }) => severity !== 'info')
    .toSorted((a, b) => severe.indexOf(a.severity) - severe.indexOf(b.severity))
  for (const { what, where, why, remedy } of findings.slice(0, 2)) {
    tell.line('    ', what, where === null ? '' : dim(`  (${where})`))
    tell.line(dim('      why:    '), why)
    tell.line(dim('      remedy: '), remedy)
  }
}

/** Asks for all of them at once and tells each refusal with its findings. @returns how many were refused for the right reason */
export async function refusedStory(
  people: People,
  tell: Teller,
  refusals: readonly Refusal[],
): Promise<number> {
  const asked = await Promise.all(
    refusals.map(({ version }) => ask(people, 'diabetes-risk', version, 'Trying what passes.')),
  )
  let refused = 0
  for (const [index, { version, what, by }] of refusals.entries()) {
    const detail = await follow(people, asked[index] ?? '', [])
    const found = detail.checks.find(({ name }) => name === by)
    const isRight = detail.state === 'failed' && found?.outcome === 'failed'
    refused += Number(isRight)
    tell.line('  ', bold(`diabetes-risk ${version}`), ` (${what}): `, word(detail.state))
    tell.line('    ', by, ' ', word(found?.outcome ?? 'running'), dim(`  ${found?.summary ?? ''}`))
    await tellWhy(people, tell, detail, by)
  }
  return refused
}
