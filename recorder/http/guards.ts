import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { PromotionError } from '../../src/domain/errors.js'
import type { Role } from '../roles.js'

/** What a request carries once it was let in. */
export interface Guarded {
  Variables: { role: Role }
}

const loopbackHost = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/

/** Refuses other Host names, so that no page on the web can reach the recorder under a name of its own. */
export const loopbackOnly: MiddlewareHandler = async (c, next) => {
  if (!loopbackHost.test(c.req.header('host') ?? '')) {
    throw new PromotionError('NOT_ALLOWED', 'the recorder answers to loopback names only', {
      remedy: 'reach it as 127.0.0.1, localhost or [::1]',
    })
  }
  await next()
}

export function bearerOnly(roleOf: (token: string) => Role | null): MiddlewareHandler<Guarded> {
  return async (c, next) => {
    const token = /^Bearer ([\x21-\x7e]{1,512})$/.exec(c.req.header('authorization') ?? '')?.[1]
    const role = token === undefined ? null : roleOf(token)
    if (role === null) {
      throw new PromotionError('NOT_AUTHENTICATED', 'the recorder knows no such token', {
        remedy: 'send the token of this process: tokens/recorder-ROLE.token of the installation',
      })
    }
    c.set('role', role)
    await next()
  }
}

/** @returns a guard that throws `PAYLOAD_TOO_LARGE` for bodies above so many bytes */
export function atMost(maxSize: number): MiddlewareHandler {
  return bodyLimit({
    maxSize,
    onError: () => {
      throw new PromotionError('PAYLOAD_TOO_LARGE', `the body is larger than ${maxSize} bytes`)
    },
  })
}

/** @throws PromotionError `UNSUPPORTED_MEDIA_TYPE`, `MALFORMED` */
export async function jsonBody(c: Context): Promise<unknown> {
  const type = c.req.header('content-type') ?? 'nothing'
  if (!/^application\/json(?:;|$)/.test(type)) {
    throw new PromotionError('UNSUPPORTED_MEDIA_TYPE', 'the body must be application/json')
  }
  const text = await c.req.text()
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new PromotionError('MALFORMED', 'the body is not JSON', {}, { cause })
  }
}
