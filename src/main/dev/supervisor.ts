import { mkdirSync } from 'node:fs'
import { createKeeper } from './keeper.js'
import type { Keeper, KeeperDeps } from './keeper.js'
import type { Entry } from './entry.js'

export interface Supervisor {
  /** Starts each entry as soon as those that it needs are ready; resolves when all are. */
  start(onReady: (entry: Entry) => void): Promise<void>
  /** Stops all, stage by stage. */
  stop(): Promise<void>
  kill(): void
}

/** Keeps a list of processes running, in the order that they need each other. */
export function createSupervisor(entries: readonly Entry[], deps: KeeperDeps): Supervisor {
  mkdirSync(deps.logFolder, { recursive: true, mode: 0o700 })
  const keepers = new Map(entries.map((entry) => [entry.name, createKeeper(entry, deps)]))
  let isStopping = false

  async function begin(keeper: Keeper, onReady: (entry: Entry) => void): Promise<void> {
    const { after = [] } = keeper.entry
    await Promise.all(after.map(async (name) => keepers.get(name)?.ready))
    if (isStopping) return
    keeper.start()
    await keeper.ready
    if (!isStopping) onReady(keeper.entry)
  }

  return {
    start: async (onReady) => {
      await Promise.all([...keepers.values()].map((keeper) => begin(keeper, onReady)))
    },
    stop: async () => {
      isStopping = true
      for (const stage of stagesOf([...keepers.values()])) {
        await Promise.all(stage.map((keeper) => keeper.stop()))
      }
    },
    kill: () => {
      isStopping = true
      for (const keeper of keepers.values()) keeper.kill()
    },
  }
}

function stagesOf(keepers: readonly Keeper[]): readonly (readonly Keeper[])[] {
  const stages = [...new Set(keepers.map(({ entry }) => entry.stopStage))].toSorted((a, b) => a - b)
  return stages.map((stage) => keepers.filter(({ entry }) => entry.stopStage === stage))
}
