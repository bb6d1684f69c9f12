import type { Digest, Json } from '../src/domain/canonical.js'
import type { PersonId, Timestamp } from '../src/schema/ids.js'

/** An event as its author hands it in: the recorder adds stream, sequence number, salt and position. */
export interface NewEvent {
  readonly type: string
  readonly at: Timestamp
  /** Who caused it; null where no person did. */
  readonly person: PersonId | null
  /** Decisions, digests and pseudonymous ids only: a body is never erased. */
  readonly body: { readonly [key: string]: Json | undefined }
}

/** One entry of the log, written as RFC 8785 JSON. `seq` counts from 0 within its stream, without gaps. */
export interface Leaf {
  readonly v: 1
  readonly stream: string
  readonly seq: number
  readonly type: string
  readonly at: Timestamp
  readonly person: PersonId | null
  /** SHA-256 of RFC 8785 `{body, salt}`; that record lies in the payload store. */
  readonly bodyDigest: Digest
}

/** A leaf with its place in the whole log (from 0) and its opened body. */
export interface RecordedEvent {
  readonly position: number
  readonly leaf: Leaf
  /** 32 bytes in hexadecimal. */
  readonly salt: string
  readonly body: NewEvent['body']
}

export type Appended =
  | { readonly kind: 'appended'; readonly events: readonly RecordedEvent[] }
  /** Something else stands at that sequence number; `nextSeq` is the one that is free. Nothing was written. */
  | { readonly kind: 'conflict'; readonly nextSeq: number }

/** A person's words, erasable. Its digest, SHA-256 of RFC 8785 `{salt, text}`, is what events refer to. */
export interface SaltedText {
  readonly salt: string
  readonly text: string
}

export type StoredText =
  | ({ readonly kind: 'present' } & SaltedText)
  | { readonly kind: 'erased' }
  | { readonly kind: 'unknown' }

/** The append-only record of everything. Whoever asks it is told only what is durable. */
export interface EventLog {
  /**
   * Appends all events or none, and answers once they are durable.
   * The same events at the same sequence number again are a success, so a retry is safe.
   *
   * @param expectedSeq the sequence number that the first of the events is to get
   * @throws PromotionError `LOG_UNAVAILABLE` (retry), `NOT_ALLOWED` (the caller may not write that stream), `MALFORMED`
   */
  append(stream: string, expectedSeq: number, events: readonly NewEvent[]): Promise<Appended>
  /** The events of one stream from a sequence number on, in order. An unknown stream is empty. */
  read(stream: string, fromSeq?: number): Promise<readonly RecordedEvent[]>
  /** Every event of every stream from a position on, as they become durable, until the signal aborts. */
  follow(fromPosition: number, signal: AbortSignal): AsyncIterable<RecordedEvent>
  /** How many leaves the log holds. */
  size(): Promise<number>
}

/** Where people's words lie, apart from the log, so that they can be erased. */
export interface TextStore {
  putText(record: SaltedText): Promise<Digest>
  getText(digest: Digest): Promise<StoredText>
  /** Forgets the text for good and remembers that it was erased. */
  eraseText(digest: Digest): Promise<void>
}

/** The latest observation of something outside, by key; kept in memory only, since unchanged observations are no events. */
export interface Notes {
  putNote(key: string, value: Json): Promise<void>
  notes(prefix: string): Promise<readonly { readonly key: string; readonly value: Json }[]>
}
