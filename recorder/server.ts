import { Hono } from 'hono'
import { z } from 'zod'
import { digest } from '../src/schema/ids.js'
import type { EventLog, Notes, RecordedEvent, TextStore } from './event-log.js'
import { appendRequest, parseOrRefuse, streamName } from './event-rules.js'
import { atMost, bearerOnly, jsonBody, loopbackOnly, type Guarded } from './http/guards.js'
import { jsonLines } from './http/json-lines.js'
import { messageOf } from './log/log-fault.js'
import type { Logger } from './logger.js'
import { note } from './notes.js'
import { answerError } from './http/problem.js'
import { assertHasRight, assertMayAppend, createRoleFinder, type RoleToken } from './roles.js'
import { saltedText } from './texts/salted-text.js'

const maxAppendBytes = 8 * 1024 * 1024
const maxTextBodyBytes = 7 * 1024 * 1024
const maxNoteBytes = 512 * 1024

export interface RecorderDeps {
  readonly log: EventLog
  readonly texts: TextStore
  readonly notes: Notes
  readonly tokens: readonly RoleToken[]
  readonly logger: Logger
  /** Aborts when the recorder stops: it ends every `follow`. */
  readonly stopping: AbortSignal
  /** How long a `follow` may be silent before a blank line is sent. */
  readonly keepAliveMs: number
}

const position = z.coerce.number().pipe(z.int().min(0))
const streamQuery = z.strictObject({ name: streamName, from: position.default(0) })
const followQuery = z.strictObject({ from: position.default(0) })
const notesQuery = z.strictObject({ prefix: z.string().max(400).default('') })

/** A follower only sees its connection end, so the reason must stand in the log. */
async function* reported(
  events: AsyncIterable<RecordedEvent>,
  logger: Logger,
): AsyncGenerator<RecordedEvent> {
  try {
    yield* events
  } catch (error) {
    logger.error({ reason: messageOf(error) }, 'a follow broke off')
    throw error
  }
}

function logRoutes({ log, stopping, keepAliveMs, logger }: RecorderDeps) {
  return new Hono<Guarded>()
    .post('/append', atMost(maxAppendBytes), async (c) => {
      const { stream, expectedSeq, events } = parseOrRefuse(
        appendRequest,
        await jsonBody(c),
        'append',
      )
      const types = events.map(({ type }) => type)
      assertMayAppend(c.get('role'), stream, types)
      return c.json(await log.append(stream, expectedSeq, events))
    })
    .get('/streams', async (c) => {
      const { name, from } = parseOrRefuse(streamQuery, c.req.query(), 'query')
      return c.json({ events: await log.read(name, from) })
    })
    .get('/follow', (c) => {
      const { from } = parseOrRefuse(followQuery, c.req.query(), 'query')
      const gone = new AbortController()
      const signal = AbortSignal.any([gone.signal, stopping])
      const events = reported(log.follow(from, signal), logger)
      const lines = jsonLines(events, keepAliveMs, () => gone.abort())
      return c.body(lines, 200, { 'content-type': 'application/jsonl' })
    })
    .get('/size', async (c) => c.json({ size: await log.size() }))
}

function textRoutes({ texts, notes }: RecorderDeps) {
  return new Hono<Guarded>()
    .post('/texts', atMost(maxTextBodyBytes), async (c) => {
      assertHasRight(c.get('role'), 'put-text')
      const record = parseOrRefuse(saltedText, await jsonBody(c), 'text')
      return c.json({ digest: await texts.putText(record) }, 201)
    })
    .get('/texts/:digest', async (c) => {
      assertHasRight(c.get('role'), 'get-text')
      return c.json(await texts.getText(parseOrRefuse(digest, c.req.param('digest'), 'digest')))
    })
    .delete('/texts/:digest', async (c) => {
      assertHasRight(c.get('role'), 'erase-text')
      await texts.eraseText(parseOrRefuse(digest, c.req.param('digest'), 'digest'))
      return c.body(null, 204)
    })
    .put('/notes', atMost(maxNoteBytes), async (c) => {
      assertHasRight(c.get('role'), 'put-note')
      const { key, value } = parseOrRefuse(note, await jsonBody(c), 'note')
      await notes.putNote(key, value)
      return c.body(null, 204)
    })
    .get('/notes', async (c) => {
      const { prefix } = parseOrRefuse(notesQuery, c.req.query(), 'query')
      return c.json({ notes: await notes.notes(prefix) })
    })
}

/** The recorder's door: loopback names only, a token for everything but `/healthz`. */
export function createRecorderApp(deps: RecorderDeps) {
  const app = new Hono<Guarded>()
  app.onError((error, c) => answerError(c, error, deps.logger))
  app.use(loopbackOnly)
  app.get('/healthz', async (c) => c.json({ status: 'ok', size: await deps.log.size() }))
  app.use(bearerOnly(createRoleFinder(deps.tokens)))
  app.route('/', logRoutes(deps))
  app.route('/', textRoutes(deps))
  return app
}
