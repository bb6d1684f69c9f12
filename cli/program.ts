import { Command } from 'commander'
import { addDecisions } from './program-decisions.js'
import { addOperations } from './program-operations.js'
import { addReading } from './program-reading.js'
import { exitCodes, type ExitCode } from './exit-codes.js'
import { createSession, type GlobalOptions, type Session, type World } from './session.js'
import { forTerminal } from './terminal.js'

/** What a command is made with: its action answers with the exit code. */
export type Bind = (
  action: (session: Session, ...args: never[]) => Promise<ExitCode> | ExitCode,
) => (...args: readonly unknown[]) => Promise<void>

export interface Program {
  /** @throws CommanderError for a usage fault, or whatever the command threw */
  run(argv: readonly string[]): Promise<ExitCode>
}

function root(world: World): Command {
  return new Command('countersign')
    .description('Moves a model to production when its bytes, its evidence and its owners agree.')
    .option('--server <url>', 'where the API answers (default: http://127.0.0.1:8411)')
    .option('--token-file <file>', 'a bearer token; or COUNTERSIGN_TOKEN_FILE')
    .option('--as <person>', 'in development: one of the example people')
    .option('--json', 'data as JSON')
    .option('--idempotency-key <key>', 'the key of an earlier try, so that nothing is done twice')
    .option('--timeout-seconds <seconds>', 'how long one call may take', '60')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void world.stdout.write(text),
      writeErr: (text) => void world.stderr.write(text.split('\n').map(forTerminal).join('\n')),
    })
    .showHelpAfterError('countersign --help tells more')
    .addHelpText('after', exits)
}

const exits = `
Exit codes: 0 yes · 1 unexpected · 2 usage · 3 refused or failed · 4 still waiting · 5 not allowed
            6 verification failed: changed or forged · 7 could not verify · 8 a server is not reachable`

/** The tree of commands. */
export function createProgram(world: World): Program {
  const program = root(world)
  let code: ExitCode = exitCodes.yes
  const bind: Bind =
    (action) =>
    async (...args) => {
      const session = createSession(program.opts<GlobalOptions>(), world)
      // Commander hands over arguments, options, and the command itself, in the order of their declaration.
      const answer: Promise<ExitCode> | ExitCode = Reflect.apply(action, undefined, [
        session,
        ...args.slice(0, -1),
      ])
      code = await answer
    }
  addDecisions(program, bind)
  addReading(program, bind)
  addOperations(program, bind)
  return {
    async run(argv) {
      await program.parseAsync([...argv], { from: 'user' })
      return code
    },
  }
}
