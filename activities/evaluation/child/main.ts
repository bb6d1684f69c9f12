import { writeSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { plainText } from '../plain-text.js'
import type { ChildMessage, ScoringRequest } from '../protocol.js'
import { evaluate } from './evaluate.js'
import { Refusal } from './refusal.js'

/** A channel of its own: native code may write to standard output whatever it likes. */
const replies = 3

function say(message: ChildMessage) {
  const line = Buffer.from(`${JSON.stringify(message)}\n`)
  for (let written = 0; written < line.length;) written += writeSync(replies, line, written)
}

function refusalFor(error: unknown): Refusal | null {
  if (error instanceof Refusal) return error
  // V8 throws these where an array cannot be had; the database says it in its own words.
  const message = error instanceof Error ? error.message : ''
  if (error instanceof RangeError || /out of memory|could not allocate/i.test(message)) {
    return new Refusal('out-of-memory', 'The evaluation asked for more memory than it was given')
  }
  if (/^(Invalid Input|Conversion|IO|Invalid|Parser|Binder|Catalog) Error/i.test(message)) {
    return new Refusal('set-unreadable', 'The evaluation set cannot be read to its end')
  }
  return null
}

/** The parent has just written this request itself. */
const request: ScoringRequest = JSON.parse(await text(process.stdin))

/** So rarely that no set is large enough to fill the reply with progress. */
const progressRows = 100_000
let told = 0

function tell(rows: number) {
  if (rows < told + progressRows) return
  told = rows
  say({ kind: 'progress', rows })
}

try {
  const scoring = await evaluate(request, tell)
  say({ kind: 'scored', scoring })
} catch (error) {
  const refusal = refusalFor(error)
  if (!refusal) throw error
  say({ kind: 'refused', code: refusal.code, what: plainText(refusal.message, 400) })
}
process.exit(0)
