import { loadConfig } from '../src/config.js'
import { failureOf } from '../cli/failure.js'
import { createTerminal, hasColour } from '../cli/terminal.js'
import { createPeople, type People } from './demo/people.js'
import { refusedStory, type Refusal } from './demo/refused.js'
import { fastLaneStory, signedStory } from './demo/signed.js'
import { bold, dim, type Teller } from './demo/tell.js'
import { why } from '../cli/commands/lists.js'
import { createSession } from '../cli/session.js'

const refusals: readonly Refusal[] = [
  { version: '2', what: 'its bytes were changed after signing', by: 'provenance' },
  { version: '3', what: 'nobody signed it', by: 'provenance' },
  { version: '4', what: 'it finds fewer women than men who need help', by: 'evaluation' },
  { version: '5', what: 'it is a pickle, which may run code when loaded', by: 'scan' },
]

async function tellAll(people: People, tell: Teller): Promise<boolean> {
  tell.heading('The fast lane: low risk, no seat, checks alone')
  const isFast = await fastLaneStory(people, tell)
  tell.heading('A model that may change how people are treated: three checks, two people')
  const isSigned = await signedStory(people, tell)
  tell.heading('Four that must not pass')
  const refused = await refusedStory(people, tell, refusals)
  tell.heading('Why is diabetes-risk live? (countersign why diabetes-risk)')
  const { env, stdout, stderr, stdin } = process
  const auditor = createSession(
    { as: 'eli', server: people.server },
    { env, stdout, stderr, stdin },
  )
  await why(auditor, 'diabetes-risk', {})
  const lane = isFast ? 'the fast lane passed by itself' : 'the fast lane did NOT pass'
  tell.line()
  tell.line(bold(`${isSigned ? 1 : 0} promoted, ${refused} refused`), dim(`; ${lane}`))
  return isFast && isSigned && refused === refusals.length
}

async function main(): Promise<number> {
  const { stdout, env } = process
  const terminal = createTerminal(stdout, hasColour(stdout, env))
  const tell: Teller = {
    line: (...segments) => terminal.line(...segments),
    heading: (text) => {
      terminal.line()
      terminal.line(bold(text))
    },
  }
  const started = Date.now()
  const config = loadConfig({ COUNTERSIGN_DEVELOPMENT: '1', ...env })
  try {
    const isAsExpected = await tellAll(await createPeople(config), tell)
    tell.line(
      dim(`in ${Math.round((Date.now() - started) / 1000)} s, against ${config.publicOrigin}`),
    )
    return isAsExpected ? 0 : 1
  } catch (error) {
    const { message, why: reasons, remedy, exitCode } = failureOf(error)
    for (const line of [message, ...reasons]) terminal.line(line)
    if (remedy !== undefined) terminal.line(bold('remedy: '), remedy)
    return exitCode
  }
}

process.exitCode = await main()
