import { ownersLint, policyLint, type LintResult } from '../../governance/lint.js'
import { loadGovernance } from '../../governance/load.js'
import { exitCodes, type ExitCode } from '../exit-codes.js'
import { word } from '../say.js'
import type { Session } from '../session.js'

const linters = { owners: ownersLint, policy: policyLint } as const

/** Reads a governance folder and says what will not do in it; needs no server. */
export async function lint(
  session: Session,
  which: keyof typeof linters,
  folder: string | undefined,
): Promise<ExitCode> {
  const { set } = await loadGovernance(folder ?? session.config().governance)
  const results = linters[which](set)
  const isRefused = results.some(({ level }) => level === 'error')
  if (session.isJson) session.out.json({ governance: set.digest, sequence: set.sequence, results })
  else tell(session, results)
  return isRefused ? exitCodes.refused : exitCodes.yes
}

function tell(session: Session, results: readonly LintResult[]): void {
  for (const { level, file, where, what, remedy } of results) {
    session.out.line(word(level), `  ${file}: ${where} ${what}`)
    session.out.line('  → ', remedy)
  }
  if (results.length === 0) session.err.line('nothing to say against it')
}
