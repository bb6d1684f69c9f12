import type { StoredText, TextStore } from '../event-log.js'
import { sealText } from './salted-text.js'
import { erasedAlready, unknownText } from './text-faults.js'

export function createMemoryTexts(): TextStore {
  const kept = new Map<string, Exclude<StoredText, { kind: 'unknown' }>>()
  return {
    async putText({ salt, text }) {
      const { digest } = sealText({ salt, text })
      if (kept.get(digest)?.kind === 'erased') throw erasedAlready(digest)
      kept.set(digest, { kind: 'present', salt, text })
      return digest
    },
    getText: async (digest) => kept.get(digest) ?? { kind: 'unknown' },
    async eraseText(digest) {
      if (!kept.has(digest)) throw unknownText(digest)
      kept.set(digest, { kind: 'erased' })
    },
  }
}
