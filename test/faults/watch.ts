import { readFileSync, watch } from 'node:fs'
import { join } from 'node:path'
import type { RecordedEvent } from '../../recorder/event-log.js'
import type { Reach } from './stack.js'

export type Wanted = (event: RecordedEvent) => boolean

/** Sees every event of the log as it becomes durable, from outside and across every kill. */
export function watchLog({ log }: Pick<Reach, 'log'>) {
  const seen: RecordedEvent[] = []
  const waiting = new Set<() => void>()
  const stopping = new AbortController()
  const followed = (async () => {
    for await (const event of log.follow(0, stopping.signal)) {
      seen.push(event)
      for (const look of waiting) look()
    }
  })()

  /** The first event that is wanted, whether it was seen already or comes within the time. */
  function first(isWanted: Wanted, what: string, withinMs: number): Promise<RecordedEvent> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer)
        waiting.delete(look)
      }
      const look = () => {
        const found = seen.find(isWanted)
        if (!found) return
        settle()
        resolve(found)
      }
      const timer = setTimeout(() => {
        settle()
        const types = seen.slice(-20).map(({ leaf }) => `${leaf.stream.slice(0, 20)} ${leaf.type}`)
        reject(new Error(`no ${what} within ${withinMs} ms; the last events: ${types.join(', ')}`))
      }, withinMs)
      waiting.add(look)
      look()
    })
  }

  return {
    seen: seen as readonly RecordedEvent[],
    first,
    async close() {
      stopping.abort()
      await followed
    },
  }
}

export type LogWatch = ReturnType<typeof watchLog>

/** Sees every value that the alias file of a folder registry takes: two moves in a row cannot hide behind the last. */
export function watchAliases(registry: string) {
  const taken = new Map<string, string[]>()
  const look = () => {
    const text = readIfThere(join(registry, 'aliases.json'))
    const aliases = text === '' ? {} : (JSON.parse(text) as Record<string, Record<string, string>>)
    for (const [model, { production = '' }] of Object.entries(aliases)) {
      const values = taken.get(model) ?? []
      if (values.at(-1) !== production) taken.set(model, [...values, production])
    }
  }
  const watcher = watch(registry, look)
  return {
    /** The versions that `production` pointed to, one after the other. */
    of(model: string): readonly string[] {
      look()
      return taken.get(model) ?? []
    },
    close: () => watcher.close(),
  }
}

export type AliasWatch = ReturnType<typeof watchAliases>

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
