import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { requestDevelopmentToken } from '../identity/token.js'
import { loadConfig, type Config } from '../src/config.js'
import { createClient, serverOf, type ApiClient } from './client.js'
import { CommandFailure, usageFault } from './failure.js'
import { exitCodes } from './exit-codes.js'
import { createTerminal, hasColour, type Sink, type Terminal } from './terminal.js'

/** What the command is given of the world; tests give their own. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdout: Sink
  readonly stderr: Sink
  readonly stdin: NodeJS.ReadStream
}

export interface GlobalOptions {
  readonly server?: string
  readonly tokenFile?: string
  readonly as?: string
  readonly json?: boolean
  readonly idempotencyKey?: string
  readonly timeoutSeconds?: string
}

/** One run of the command: where it asks, as whom, and where it writes. Everything is read when it is needed. */
export interface Session {
  readonly world: World
  readonly isJson: boolean
  /** Data. */
  readonly out: Terminal
  /** Talk. */
  readonly err: Terminal
  client(): ApiClient
  config(): Config
  token(person?: string): Promise<string>
}

const tokenRemedy = '--as PERSON in development, or --token-file FILE, or COUNTERSIGN_TOKEN_FILE'

/** A token is one word of visible characters; a file may end in a line break. */
function readToken(path: string): string {
  let text: string
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch {
    throw new CommandFailure(exitCodes.usage, `the token file ${path} cannot be read`)
  }
  if (/^[\x21-\x7E]{1,16384}$/.test(text)) return text
  throw new CommandFailure(exitCodes.usage, `${path} does not hold one token`)
}

export function developmentToken(config: Config, person: string): Promise<string> {
  const secretFile = join(config.home, 'identity', 'secret')
  const { issuer } = config.oidc
  return requestDevelopmentToken({ issuer, secretFile, person }).then(
    ({ accessToken }) => accessToken,
  )
}

/** How long one call may take. @throws CommandFailure usage */
export function secondsOf(text: string, name: string): number {
  const seconds = Number(text)
  if (/^\d{1,7}(\.\d{1,3})?$/.test(text)) return seconds
  throw usageFault(`${name} is a number of seconds, not ${text}`)
}

export function createSession(options: GlobalOptions, world: World): Session {
  const { env, stdout, stderr } = world
  const config = () => loadConfig({ COUNTERSIGN_DEVELOPMENT: '1', ...env })

  async function token(person = options.as): Promise<string> {
    if (person !== undefined) return developmentToken(config(), person)
    const path = options.tokenFile ?? env['COUNTERSIGN_TOKEN_FILE']
    if (path !== undefined && path !== '') return readToken(path)
    throw new CommandFailure(exitCodes.usage, 'nobody said who asks', { remedy: tokenRemedy })
  }

  let asked: Promise<string> | null = null
  let client: ApiClient | null = null
  const { idempotencyKey: key } = options
  if (key !== undefined && !/^[\x21-\x7E]{8,128}$/.test(key)) {
    throw usageFault('--idempotency-key is 8 to 128 visible ASCII characters')
  }
  return {
    world,
    isJson: options.json === true,
    out: createTerminal(stdout, hasColour(stdout, env)),
    err: createTerminal(stderr, hasColour(stderr, env)),
    config,
    token,
    client() {
      client ??= createClient({
        server: serverOf(options.server ?? `http://127.0.0.1:${config().port}`),
        token: () => (asked ??= token()),
        idempotencyKey: key,
        timeoutMs: 1000 * secondsOf(options.timeoutSeconds ?? '60', '--timeout-seconds'),
      })
      return client
    },
  }
}
