import type { z } from 'zod'
import { isPromotionError, PromotionError } from '../../src/domain/errors.js'
import { messageOf } from '../log/log-fault.js'
import { problem } from './wire.js'

export interface RecorderAddress {
  readonly url: string
  readonly token: string
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  readonly signal: AbortSignal
}

export function unreachable(url: string, cause: unknown): PromotionError {
  return new PromotionError(
    'LOG_UNAVAILABLE',
    `the recorder at ${url} cannot be reached: ${messageOf(cause)}`,
    { remedy: 'see whether the recorder runs; the same call may be sent again' },
    { cause },
  )
}

async function errorFrom(response: Response, url: string): Promise<PromotionError> {
  const parsed = problem.safeParse(await response.json().catch(() => undefined))
  if (!parsed.success || parsed.data.code === 'INTERNAL') {
    return unreachable(url, new Error(`it answered ${response.status}`))
  }
  const { code, detail, field, remedy } = parsed.data
  const given = new PromotionError(code, detail, {
    ...(field === undefined ? {} : { field }),
    ...(remedy === undefined ? {} : { remedy }),
  })
  return code === 'NOT_AUTHENTICATED' ? strangerTo(url, given) : given
}

/**
 * A process with a wrong token is set up wrongly: whoever asked it for something is not refused for that, and a run
 * that waits for the log must not end because of it.
 */
function strangerTo(url: string, cause: PromotionError): PromotionError {
  const why = `the recorder at ${url} does not know this process: ${cause.message}`
  return new PromotionError('LOG_UNAVAILABLE', why, cause.detail, { cause })
}

/** Sends one call. @throws PromotionError the recorder's own, or `LOG_UNAVAILABLE` where there was no answer */
export async function send({ url, token }: RecorderAddress, call: Call): Promise<Response> {
  const { method, path, body, signal } = call
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const init = { method, headers, signal, redirect: 'error' as const }
  try {
    const response = await fetch(
      new URL(path, url),
      body === undefined ? init : { ...init, body: JSON.stringify(body) },
    )
    if (response.ok) return response
    throw await errorFrom(response, url)
  } catch (error) {
    throw isPromotionError(error) ? error : unreachable(url, error)
  }
}

/** Sends one call and reads its answer. @throws PromotionError as `send` */
export async function ask<T>(
  address: RecorderAddress,
  schema: z.ZodType<T>,
  call: Call,
): Promise<T> {
  const response = await send(address, call)
  try {
    return schema.parse(await response.json())
  } catch (error) {
    throw unreachable(address.url, error)
  }
}
