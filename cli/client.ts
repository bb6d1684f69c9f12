import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { isLoopbackHost } from '../src/config/loopback.js'
import { exitCodes } from './exit-codes.js'
import { CommandFailure, failureOfProblem, usageFault, type ProblemTold } from './failure.js'

export interface ClientOptions {
  readonly server: string
  readonly token: () => Promise<string>
  /** Given by the person, so that a retry of the whole command is safe too; else one is drawn. */
  readonly idempotencyKey?: string | undefined
  readonly timeoutMs: number
}

/** Asks the API. Every answer is JSON or a problem; anything else is a fault of whatever answered. */
export interface ApiClient {
  readonly server: string
  readonly key: string
  get<Answer>(path: string, query?: Readonly<Record<string, string | undefined>>): Promise<Answer>
  /** Sends once, and the same again with the same key where the network failed. */
  post<Answer>(path: string, body?: unknown): Promise<Answer>
  text(path: string, query?: Readonly<Record<string, string | undefined>>): Promise<string>
}

const waitsMs = [250, 1000]
const largestAnswer = 256 * 1024 * 1024

/** A token travels in clear only on this machine. */
export function serverOf(text: string): string {
  if (!URL.canParse(text))
    throw usageFault(`${text} is no address`, 'give --server http://HOST:PORT')
  const { protocol, hostname, origin, username, pathname } = new URL(text)
  const isPlain = username === '' && (pathname === '/' || pathname === '')
  if (!isPlain || (protocol !== 'http:' && protocol !== 'https:')) {
    throw usageFault(`${text} is not an http or https address without path and user`)
  }
  if (protocol === 'http:' && !isLoopbackHost(hostname)) {
    throw usageFault(
      `${origin} would read the token on its way`,
      'use https, or a tunnel to localhost',
    )
  }
  return origin
}

function unreachable(server: string, cause: unknown): CommandFailure {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  const why = inner instanceof Error ? [inner.message] : []
  const remedy = 'is npm start running? --server names another address'
  return new CommandFailure(exitCodes.unreachable, `nothing answers at ${server}`, { why, remedy })
}

async function bodyOf(response: Response): Promise<string> {
  const length = Number(response.headers.get('content-length') ?? 0)
  const text = length > largestAnswer ? null : await response.text()
  if (text !== null && text.length <= largestAnswer) return text
  throw new CommandFailure(exitCodes.unexpected, 'the answer is larger than any that is expected')
}

function isProblem(value: unknown): value is ProblemTold {
  return (
    typeof value === 'object' &&
    value !== null &&
    'detail' in value &&
    typeof value.detail === 'string' &&
    'status' in value &&
    typeof value.status === 'number'
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function refusalOf(response: Response, text: string): CommandFailure {
  const value = parsed(text)
  if (isProblem(value)) return failureOfProblem(value)
  const detail = `the server answered ${response.status} and no problem document`
  return failureOfProblem({ status: response.status, detail })
}

/** Asks until an answer comes; only a failing network is a reason to ask again. */
async function answerOf(server: string, ask: () => Promise<Response>): Promise<[Response, string]> {
  let failure: unknown
  for (const wait of [0, ...waitsMs]) {
    if (wait > 0) await pause(wait)
    try {
      const response = await ask()
      return [response, await bodyOf(response)]
    } catch (error) {
      if (error instanceof CommandFailure) throw error
      failure = error
    }
  }
  throw unreachable(server, failure)
}

export function createClient(options: ClientOptions): ApiClient {
  const { server, timeoutMs } = options
  const key = options.idempotencyKey ?? `cli-${randomBytes(16).toString('hex')}`

  async function send(method: string, path: string, body: unknown): Promise<string> {
    const isDeciding = method === 'POST'
    const headers = {
      authorization: `Bearer ${await options.token()}`,
      accept: 'application/json, application/problem+json, application/jsonl',
      ...(isDeciding && { 'idempotency-key': key }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    }
    const [response, text] = await answerOf(server, () =>
      fetch(`${server}${path}`, {
        method,
        headers,
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    )
    if (response.ok) return text
    throw refusalOf(response, text)
  }

  async function decide(path: string, body: unknown): Promise<string> {
    try {
      return await send('POST', path, body)
    } catch (error) {
      throw withKey(error, key)
    }
  }

  const json = async <Answer>(text: Promise<string>): Promise<Answer> => {
    const value = parsed(await text)
    if (value === undefined) {
      throw new CommandFailure(exitCodes.unexpected, `what answers at ${server} is no Countersign`)
    }
    // The one place where an answer gets its type: the server's own schema made it.
    return z.custom<Answer>().parse(value)
  }

  return {
    server,
    key,
    get: (path, query) => json(send('GET', path + queryOf(query), undefined)),
    post: (path, body) => json(decide(path, body)),
    text: (path, query) => send('GET', path + queryOf(query), undefined),
  }
}

/** Where it is not known whether it was done, the same key makes it safe to ask again. */
function withKey(failure: unknown, key: string): unknown {
  const isCommand = failure instanceof CommandFailure
  if (!isCommand || failure.exitCode !== exitCodes.unreachable) return failure
  const why = [...failure.why, `to try again safely: --idempotency-key ${key}`]
  const { exitCode, message, remedy, problem } = failure
  return new CommandFailure(exitCode, message, { why, remedy, ...(problem && { problem }) })
}

function queryOf(query: Readonly<Record<string, string | undefined>> = {}): string {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) given.set(name, value)
  }
  return given.size === 0 ? '' : `?${given.toString()}`
}
