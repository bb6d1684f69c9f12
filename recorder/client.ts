import { ask, send, type Call, type RecorderAddress } from './http/client-http.js'
import { followRecorder, type FollowOptions } from './http/client-follow.js'
import type { EventLog, Notes, TextStore } from './event-log.js'
import {
  appendAnswer,
  digestAnswer,
  notesAnswer,
  sizeAnswer,
  streamAnswer,
  textAnswer,
} from './http/wire.js'

export interface RecorderClientOptions extends RecorderAddress {
  /** How long one call may take; default 10,000. */
  readonly timeoutMs?: number
  readonly follow?: Partial<FollowOptions>
}

export type RecorderClient = EventLog & TextStore & Notes

/** Reaches the recorder's log, texts and notes over HTTP. Every call may be sent again after `LOG_UNAVAILABLE`. */
export function createRecorderClient(options: RecorderClientOptions): RecorderClient {
  const { timeoutMs = 10_000 } = options
  const address = { url: options.url, token: options.token }
  const followOptions = {
    silenceMs: 45_000,
    minBackoffMs: 100,
    maxBackoffMs: 5_000,
    ...options.follow,
  }

  function call(method: Call['method'], path: string, body?: unknown): Call {
    return { method, path, body, signal: AbortSignal.timeout(timeoutMs) }
  }

  return {
    append: (stream, expectedSeq, events) =>
      ask(address, appendAnswer, call('POST', '/append', { stream, expectedSeq, events })),
    async read(stream, fromSeq = 0) {
      const query = new URLSearchParams({ name: stream, from: `${fromSeq}` })
      return (await ask(address, streamAnswer, call('GET', `/streams?${query.toString()}`))).events
    },
    follow: (fromPosition, signal) => followRecorder(address, fromPosition, signal, followOptions),
    size: async () => (await ask(address, sizeAnswer, call('GET', '/size'))).size,
    putText: async (record) =>
      (await ask(address, digestAnswer, call('POST', '/texts', record))).digest,
    getText: (digest) =>
      ask(address, textAnswer, call('GET', `/texts/${encodeURIComponent(digest)}`)),
    async eraseText(digest) {
      await send(address, call('DELETE', `/texts/${encodeURIComponent(digest)}`))
    },
    async putNote(key, value) {
      await send(address, call('PUT', '/notes', { key, value }))
    },
    async notes(prefix) {
      const query = new URLSearchParams({ prefix })
      return (await ask(address, notesAnswer, call('GET', `/notes?${query.toString()}`))).notes
    },
  }
}
