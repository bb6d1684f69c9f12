import { CommanderError } from 'commander'
import { exitCodes } from './exit-codes.js'
import { failureOf } from './failure.js'
import { createProgram } from './program.js'
import { tellFailure } from './say.js'
import { createSession, type World } from './session.js'

/** Runs one command line and answers with its exit code. */
export async function run(argv: readonly string[], world: World): Promise<number> {
  const program = createProgram(world)
  try {
    return await program.run(argv)
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCodes.yes : exitCodes.usage
    if (world.env['COUNTERSIGN_DEBUG'] === '1' && error instanceof Error) {
      world.stderr.write(`${error.stack ?? error.message}\n`)
    }
    const failure = failureOf(error)
    tellFailure(createSession({ json: argv.includes('--json') }, world), failure)
    return failure.exitCode
  }
}

/** A reader that went away (`| head`) is no fault of ours. */
function endQuietlyOnClosedPipe(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? exitCodes.yes : exitCodes.unexpected)
  })
}

/** What `bin/countersign.js` calls. */
export async function main(): Promise<void> {
  endQuietlyOnClosedPipe(process.stdout)
  const { env, stdout, stderr, stdin } = process
  process.exitCode = await run(process.argv.slice(2), { env, stdout, stderr, stdin })
}
