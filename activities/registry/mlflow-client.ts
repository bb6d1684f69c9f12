import { isPromotionError, PromotionError } from '../../src/domain/errors.js'
import { fieldsOf, parseRegistryJson, textOf, type Fields } from './json.js'
import { quoted } from './names.js'

export interface MlflowOptions {
  /** Address of the tracking server, such as `http://127.0.0.1:5000`. Nothing is ever asked anywhere else. */
  readonly baseUrl: string
  readonly fetch?: typeof fetch
  /** How long one answer may take to begin, and how long a download may stand still, in ms. */
  readonly timeoutMs?: number
  /** Sent as a bearer token; never part of a message. */
  readonly token?: string
}

/** One question to the tracking server. `what` names it in messages. */
export interface MlflowCall {
  readonly what: string
  readonly path: string
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

export interface MlflowClient {
  /**
   * The answer as fields.
   *
   * @throws PromotionError `MODEL_NOT_FOUND` where the server says that it does not exist, else `REGISTRY_UNAVAILABLE`
   */
  ask(call: MlflowCall): Promise<Fields>
  /**
   * The bytes of an answer. Both throw as `ask`.
   *
   * @param refused the error for an answer of 400 or 404, which here are about the path that was asked
   */
  download(
    call: MlflowCall,
    refused: (status: number) => PromotionError,
  ): Promise<AsyncIterable<Uint8Array>>
}

/** The longest JSON that is read, in bytes: a page of 100 versions with long tags takes a tenth of it. */
const maximumJsonBytes = 8 * 1024 * 1024

function unavailable(what: string, why: string, cause?: unknown): PromotionError {
  return new PromotionError(
    'REGISTRY_UNAVAILABLE',
    `MLflow could not ${what}: ${why}`,
    { remedy: 'check that the tracking server runs and that COUNTERSIGN_REGISTRY names it' },
    { cause },
  )
}

/** An alarm that rings when nothing came for too long, and that also rings when the caller gives up. */
function createAlarm(timeoutMs: number, signal: AbortSignal | undefined) {
  const controller = new AbortController()
  const ring = () => controller.abort(new DOMException('timed out', 'TimeoutError'))
  let timer = setTimeout(ring, timeoutMs)
  return {
    signal: signal ? AbortSignal.any([signal, controller.signal]) : controller.signal,
    restart() {
      clearTimeout(timer)
      timer = setTimeout(ring, timeoutMs)
    },
    stop: () => clearTimeout(timer),
  }
}

type Alarm = ReturnType<typeof createAlarm>

async function* chunksOf(response: Response, alarm: Alarm): AsyncGenerator<Uint8Array> {
  try {
    if (response.body === null) return
    for await (const chunk of response.body) {
      // Only the server is on the clock, not whoever takes the bytes.
      alarm.stop()
      yield chunk
      alarm.restart()
    }
  } finally {
    alarm.stop()
  }
}

async function jsonOf(response: Response, alarm: Alarm, what: string): Promise<Fields> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of chunksOf(response, alarm)) {
    sizeBytes += chunk.length
    if (sizeBytes > maximumJsonBytes)
      throw unavailable(what, `its answer is longer than ${maximumJsonBytes} bytes`)
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks).toString('utf8')
  const fields = fieldsOf(parseRegistryJson(text, `MLflow's answer when asked to ${what}`))
  if (!fields) throw unavailable(what, 'its answer is not a JSON object')
  return fields
}

async function errorCodeOf(response: Response, alarm: Alarm): Promise<string> {
  try {
    return textOf((await jsonOf(response, alarm, 'explain')).get('error_code')) ?? ''
  } catch {
    return ''
  }
}

async function errorOf(response: Response, alarm: Alarm, what: string): Promise<PromotionError> {
  const code = await errorCodeOf(response, alarm)
  if (code === 'RESOURCE_DOES_NOT_EXIST')
    return new PromotionError('MODEL_NOT_FOUND', `MLflow could not ${what}: it does not exist`)
  if (response.status >= 300 && response.status < 400)
    return unavailable(what, `it answered ${response.status}; redirects are never followed`)
  if ([401, 403].includes(response.status))
    return new PromotionError(
      'REGISTRY_UNAVAILABLE',
      `MLflow could not ${what}: it answered ${response.status}`,
      { remedy: "check the registry's token file, and the server's --allowed-hosts" },
    )
  return unavailable(what, `it answered ${response.status}${code === '' ? '' : ` ${quoted(code)}`}`)
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no reason given'
  const cause = error.cause instanceof Error ? error.cause : error
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message
}

/** Turns what the network throws into our error; a caller who gave up gets the reason that they gave. */
function failureOf(error: unknown, call: MlflowCall, timeoutMs: number): unknown {
  if (isPromotionError(error)) return error
  if (call.signal?.aborted) return call.signal.reason
  if (error instanceof Error && error.name === 'TimeoutError')
    return unavailable(call.what, `no answer within ${timeoutMs} ms`, error)
  return unavailable(call.what, reasonOf(error), error)
}

function baseOf(baseUrl: string): string {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null
  const isPlain = url && url.username === '' && url.password === '' && !/[?#]/.test(baseUrl)
  if (!isPlain || !['http:', 'https:'].includes(url.protocol))
    throw new PromotionError(
      'CONFIG_INVALID',
      'the address of MLflow is not a plain http address',
      {
        remedy: 'give it as http://HOST:PORT, without user, password, query or fragment',
      },
    )
  return url.href.replace(/\/+$/, '')
}

async function* guarded(
  chunks: AsyncIterable<Uint8Array>,
  call: MlflowCall,
  timeoutMs: number,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks
  } catch (error) {
    throw failureOf(error, call, timeoutMs)
  }
}

/** The only door to MLflow: one address, no redirects, bounded answers, a time limit on everything. */
export function createMlflowClient(options: MlflowOptions): MlflowClient {
  const { fetch: ask = fetch, timeoutMs = 15_000, token } = options
  const base = baseOf(options.baseUrl)

  async function send(call: MlflowCall, alarm: Alarm): Promise<Response> {
    const query = call.query ? `?${new URLSearchParams(call.query).toString()}` : ''
    return ask(`${base}${call.path}${query}`, {
      method: call.method ?? 'GET',
      redirect: 'manual',
      signal: alarm.signal,
      headers: {
        'accept-encoding': 'identity',
        ...(call.body && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      ...(call.body && { body: JSON.stringify(call.body) }),
    })
  }

  return {
    async ask(call) {
      const alarm = createAlarm(timeoutMs, call.signal)
      try {
        const response = await send(call, alarm)
        if (!response.ok) throw await errorOf(response, alarm, call.what)
        return await jsonOf(response, alarm, call.what)
      } catch (error) {
        throw failureOf(error, call, timeoutMs)
      } finally {
        alarm.stop()
      }
    },
    async download(call, refused) {
      const alarm = createAlarm(timeoutMs, call.signal)
      try {
        const response = await send(call, alarm)
        if (response.ok && response.headers.has('content-encoding'))
          throw unavailable(call.what, 'something on the way changes the encoding of the bytes')
        if (response.ok) return guarded(chunksOf(response, alarm), call, timeoutMs)
        await response.body?.cancel()
        if ([400, 404].includes(response.status)) throw refused(response.status)
        throw await errorOf(new Response(null, { status: response.status }), alarm, call.what)
      } catch (error) {
        alarm.stop()
        throw failureOf(error, call, timeoutMs)
      }
    },
  }
}
