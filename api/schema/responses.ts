import type { z } from '@hono/zod-openapi'
import { problemShape } from './common.js'

const meanings: Readonly<Record<number, string>> = {
  400: 'It cannot be read, or the Idempotency-Key is missing or malformed',
  401: 'No bearer token, or one that does not stand',
  403: 'You may not do that',
  404: 'There is no such thing, or you may not know of it',
  409: 'That does not fit what is so now',
  413: 'More than 64 KiB',
  415: 'Not application/json',
  422: 'It reads, but it cannot stand; `field` names what is wrong',
  500: 'Unexpected; the log of the server names it by `instance`',
  503: 'Recorder, governance set, registry, worker or identity provider is not reachable; send the same again',
}

const challenge = {
  'WWW-Authenticate': { schema: { type: 'string' as const }, required: true },
}
const retry = { 'Retry-After': { schema: { type: 'integer' as const }, required: true } }

function headersOf(status: number) {
  if (status === 401) return challenge
  return status === 503 ? retry : undefined
}

function problem(status: number) {
  const headers = headersOf(status)
  return {
    description: meanings[status] ?? 'A problem',
    content: { 'application/problem+json': { schema: problemShape } },
    ...(headers && { headers }),
  }
}

/**
 * The problems that can occur, for the OpenAPI document. They are thrown, never returned by a handler, so its type
 * says nothing of them.
 */
export function problems(...statuses: readonly number[]): object {
  return Object.fromEntries(statuses.map((status) => [status, problem(status)]))
}

/** What every call under /v1 can meet. */
export const always = [401, 403, 500, 503] as const
/** What a call with a body can meet. */
export const withBody = [400, 413, 415, 422] as const

/** A JSON answer of one shape. */
export function json<S extends z.ZodType>(description: string, schema: S) {
  return { description, content: { 'application/json': { schema } } }
}

export function jsonBody<S extends z.ZodType>(schema: S) {
  return { required: true, content: { 'application/json': { schema } } }
}

export const secured = [{ bearer: [] }]

/**
 * Text of some other media type. Its type hides the content: the framework's types know JSON and text/* alone.
 */
export function textOf(
  description: string,
  mediaType: string,
  schema: object = { type: 'string' },
): { description: string } {
  const answer = { description, content: { [mediaType]: { schema } } }
  return answer
}
