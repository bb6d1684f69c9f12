import { z } from 'zod'
import type { AliasRecord } from '../../read-model/aliases.js'
import type { Notes } from '../../recorder/event-log.js'
import { isPromotionError } from '../../src/domain/errors.js'
import { msOf } from '../../src/domain/time.js'
import { timestamp } from '../../src/schema/ids.js'
import { aliasStream } from '../../src/contract.js'
import type { AliasView } from '../schema/views.js'

/** What the worker notes at each look at an alias, under `observed:` and the name of its stream. */
export const aliasNote = z.object({ version: z.string().nullable(), at: timestamp })

async function noted(notes: Notes, key: string): Promise<z.output<typeof aliasNote> | null> {
  try {
    const found = (await notes.notes(key)).find((note) => note.key === key)
    return aliasNote.safeParse(found?.value).data ?? null
  } catch (error) {
    // Without the recorder there is only what was recorded; its age says how old that is.
    if (isPromotionError(error)) return null
    throw error
  }
}

/** Where an alias pointed at the last look, the note of which is younger than the recorded change. */
export async function aliasViewOf(
  notes: Notes,
  record: AliasRecord | undefined,
  place: { readonly environment: string; readonly model: string },
  now: number,
): Promise<AliasView | null> {
  const note = await noted(notes, `observed:${aliasStream(place.environment, place.model)}`)
  const recorded = record?.observed ?? null
  const isNewer = note !== null && (recorded === null || note.at >= recorded.at)
  const seen = isNewer ? note : recorded
  if (!seen) return null
  const live = record?.live?.version ?? null
  const ageMs = Math.max(0, Math.round(now - msOf(seen.at)))
  return { version: seen.version, observedAt: seen.at, ageMs, diverged: seen.version !== live }
}
