import type { Adapter, AdapterPayload } from 'oidc-provider'

interface Entry {
  payload: AdapterPayload
  /** ms since the Unix epoch; Infinity where it never ends. */
  readonly endsAt: number
}

/** More than people at one desk ever open at once; the oldest go first. */
const capacity = 5_000

/**
 * Where the provider keeps sessions and codes. They may be lost at a restart: people choose who
 * they are again, and tokens that were issued verify by their signature alone.
 */
export function createMemoryAdapters(now: () => number = Date.now): (model: string) => Adapter {
  const entries = new Map<string, Entry>()
  const live = (key: string): AdapterPayload | undefined => {
    const entry = entries.get(key)
    return entry && entry.endsAt > now() ? entry.payload : undefined
  }
  const findBy = (model: string, field: 'uid' | 'userCode', value: string) => {
    const keys = [...entries.keys()].filter((key) => key.startsWith(`${model}:`))
    return keys.map(live).find((payload) => payload?.[field] === value)
  }
  return (model) => ({
    upsert: async (id, payload, expiresIn) => {
      const key = `${model}:${id}`
      const endsAt = expiresIn ? now() + expiresIn * 1000 : Infinity
      entries.delete(key)
      entries.set(key, { payload, endsAt })
      trim(entries, now())
    },
    find: async (id) => live(`${model}:${id}`),
    findByUid: async (uid) => findBy(model, 'uid', uid),
    findByUserCode: async (userCode) => findBy(model, 'userCode', userCode),
    consume: async (id) => {
      const payload = live(`${model}:${id}`)
      if (payload) payload.consumed = Math.floor(now() / 1000)
    },
    destroy: async (id) => void entries.delete(`${model}:${id}`),
    revokeByGrantId: async (grantId) => {
      for (const [key, { payload }] of entries) {
        if (payload.grantId === grantId) entries.delete(key)
      }
    },
  })
}

function trim(entries: Map<string, Entry>, present: number): void {
  if (entries.size <= capacity) return
  for (const [key, { endsAt }] of entries) if (endsAt <= present) entries.delete(key)
  for (const key of entries.keys()) {
    if (entries.size <= capacity) return
    entries.delete(key)
  }
}
