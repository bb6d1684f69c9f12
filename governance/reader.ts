import { fileFault, GovernanceInvalid } from './faults.js'
import { headName, ownersName } from './documents.js'
import { stampOf } from './folder.js'
import { loadGovernance, type LoadedGovernance } from './load.js'

/** The governance set in force, read again only when a file of its folder changed. */
export interface GovernanceReader {
  /** @throws PromotionError `GOVERNANCE_INVALID`, also for a set that is older than one that was seen */
  current(): Promise<LoadedGovernance>
}

const silent = 'is not as it must be: countersign owners lint says what is wrong'

type Answer = { readonly loaded: LoadedGovernance } | { readonly error: unknown }

interface Seen {
  readonly sequence: number
  readonly digest: string
}

function assertNewer({ set }: LoadedGovernance, seen: Seen | null): void {
  if (seen === null || set.sequence > seen.sequence || set.digest === seen.digest) return
  const what =
    set.sequence < seen.sequence
      ? `has sequence ${set.sequence}, but ${seen.sequence} was seen already`
      : `was changed, but its sequence is still ${set.sequence}`
  const remedy = 'raise sequence in governance.yaml: a set only ever follows another'
  throw new GovernanceInvalid([fileFault(headName, what)], remedy)
}

/**
 * What this reader throws is recorded, and stands in histories, where nothing is ever erased: of the owners file, which
 * holds names and addresses, it tells the place alone.
 */
function withoutPeople(error: unknown): unknown {
  if (!(error instanceof GovernanceInvalid)) return error
  const told = error.faults.map((fault) =>
    fault.file === ownersName ? { ...fault, field: '', what: silent } : fault,
  )
  return new GovernanceInvalid(told, error.detail.remedy)
}

/**
 * Follows one governance folder. An invalid set is an error, never the set before it: who asks must not go on under
 * rules that are no longer there.
 *
 * @param seenBefore the newest set that the log knows, so that a restart forgets nothing
 */
export function createGovernanceReader(
  folder: string,
  seenBefore: Seen | null = null,
): GovernanceReader {
  let seen = seenBefore
  let last: { readonly stamp: string; readonly answer: Answer } | null = null
  let reading: Promise<LoadedGovernance> | null = null

  async function load(): Promise<Answer> {
    try {
      const loaded = await loadGovernance(folder).catch((error: unknown) => {
        throw withoutPeople(error)
      })
      assertNewer(loaded, seen)
      seen = { sequence: loaded.set.sequence, digest: loaded.set.digest }
      return { loaded }
    } catch (error) {
      return { error }
    }
  }

  /** A folder that changes while it is read is read again, so that a half-copied set is not taken for a broken one. */
  async function settled(): Promise<LoadedGovernance> {
    let stamp = await stampOf(folder)
    if (last?.stamp !== stamp) {
      for (let tries = 0; tries < 3; tries += 1) {
        const answer = await load()
        const after = await stampOf(folder)
        last = { stamp, answer }
        if (after === stamp) break
        stamp = after
      }
    }
    if (!last) throw new Error('the folder was never read')
    if ('error' in last.answer) throw last.answer.error
    return last.answer.loaded
  }

  return {
    current() {
      reading ??= settled().finally(() => {
        reading = null
      })
      return reading
    },
  }
}
