import type { Opened } from '../../api/schema/answers.js'
import { exitCodes, type ExitCode } from '../exit-codes.js'
import { bold } from '../say.js'
import type { Session } from '../session.js'
import { reasonOf, type ReasonOptions } from '../words.js'

/** Asks for a version to be promoted; says its id on stdout, and what comes next on stderr. */
export async function promote(
  session: Session,
  model: string,
  version: string,
  options: ReasonOptions & { readonly environment?: string },
): Promise<ExitCode> {
  const { environment = 'production' } = options
  const body = { model, version, environment, reason: reasonOf(options) }
  const opened = await session.client().post<Opened>('/v1/promotions', body)
  if (session.isJson) session.out.json(opened)
  else {
    session.out.line(opened.id)
    const { tier, policy } = opened
    session.err.line(
      bold(`${model} ${version}`),
      ` → ${environment}, tier ${tier}, policy ${policy}`,
    )
    session.err.line(`next: countersign status ${opened.id} --watch`)
  }
  return exitCodes.yes
}
