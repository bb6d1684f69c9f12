import type { Digest } from '../../src/domain/canonical.js'
import type { TextStore } from '../../recorder/event-log.js'

/** A pseudonymous id with the name that the owners file gives it. */
export type PersonOf = (id: string) => { id: string; name: string | null }

export function personViews(nameOf: (id: string) => string | null): PersonOf {
  return (id) => ({ id, name: nameOf(id) })
}

export interface Words {
  readonly digest: string
  readonly text: string | null
  readonly state: 'present' | 'erased' | 'unknown'
}

/** Opens people's words, each once; what was erased says so. */
export function createWordsReader(texts: TextStore): (digest: Digest) => Promise<Words> {
  const opened = new Map<Digest, Promise<Words>>()
  const open = async (digest: Digest): Promise<Words> => {
    const stored = await texts.getText(digest)
    return { digest, text: stored.kind === 'present' ? stored.text : null, state: stored.kind }
  }
  return (digest) => {
    const found = opened.get(digest) ?? open(digest)
    opened.set(digest, found)
    return found
  }
}
