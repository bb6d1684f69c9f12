import { setTimeout } from 'node:timers/promises'
import { isPromotionError } from '../../src/domain/errors.js'
import { send, unreachable, type RecorderAddress } from './client-http.js'
import type { RecordedEvent } from '../event-log.js'
import { recordedEvent } from './wire.js'

export interface FollowOptions {
  /** How long the recorder may be silent before the connection counts as dead; it sends a blank line every 15 s. */
  readonly silenceMs: number
  readonly minBackoffMs: number
  readonly maxBackoffMs: number
}

/** Calls back when nobody postpones it for so long. */
function createWatchdog(silenceMs: number, bark: () => void) {
  const start = () => globalThis.setTimeout(bark, silenceMs).unref()
  let timer = start()
  return {
    postpone() {
      clearTimeout(timer)
      timer = start()
    },
    stop: () => clearTimeout(timer),
  }
}

/** The lines of one connection, until it ends, dies or falls silent. */
async function* linesFrom(
  address: RecorderAddress,
  from: number,
  signal: AbortSignal,
  silenceMs: number,
): AsyncGenerator<string> {
  // Kept by hand: Node 20 forgets what AbortSignal.any made, and with it the request, at a garbage collection.
  const ending = new AbortController()
  const end = () => ending.abort()
  signal.addEventListener('abort', end, { once: true })
  const watchdog = createWatchdog(silenceMs, end)
  try {
    if (signal.aborted) return
    const path = `/follow?from=${from}`
    const response = await send(address, { method: 'GET', path, signal: ending.signal })
    yield* linesOf(response, ending.signal, () => watchdog.postpone())
  } finally {
    signal.removeEventListener('abort', end)
    watchdog.stop()
    end()
  }
}

async function* linesOf(
  { body }: Response,
  signal: AbortSignal,
  onChunk: () => void,
): AsyncGenerator<string> {
  const reader = body?.getReader()
  if (!reader) return
  signal.addEventListener('abort', () => void reader.cancel().catch(() => undefined))
  const decoder = new TextDecoder()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    onChunk()
    const parts = (rest + decoder.decode(value, { stream: true })).split('\n')
    rest = parts.pop() ?? ''
    yield* parts.filter((part) => part !== '')
  }
}

function eventIn(line: string, expected: number, url: string): RecordedEvent {
  const event = recordedEvent.parse(JSON.parse(line))
  if (event.position === expected) return event
  throw unreachable(url, new Error(`position ${event.position} came where ${expected} must come`))
}

/** Whether another try can help: a refusal stays one, everything else may pass. */
function mayPass(error: unknown): boolean {
  if (!isPromotionError(error)) return true
  return error.code === 'LOG_UNAVAILABLE' && !isPromotionError(error.cause)
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined)
}

/**
 * Follows the log across restarts of the recorder: every event once, in order, from the next position after each break.
 *
 * @throws PromotionError when the recorder refuses (`NOT_ALLOWED`, or `LOG_UNAVAILABLE` for a token that it does not know);
 *   never because it is away
 */
export async function* followRecorder(
  address: RecorderAddress,
  fromPosition: number,
  signal: AbortSignal,
  options: FollowOptions,
): AsyncGenerator<RecordedEvent> {
  let next = fromPosition
  let backoffMs = options.minBackoffMs
  while (!signal.aborted) {
    try {
      for await (const line of linesFrom(address, next, signal, options.silenceMs)) {
        const event = eventIn(line, next, address.url)
        next += 1
        backoffMs = options.minBackoffMs
        if (signal.aborted) return
        yield event
      }
    } catch (error) {
      if (signal.aborted) return
      if (!mayPass(error)) throw error
    }
    await pause(backoffMs, signal)
    backoffMs = Math.min(backoffMs * 2, options.maxBackoffMs)
  }
}
