import { cpSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Lab } from './governance.js'

/** The registry folder of one house, with ways to make it fail as registries do. */
export function createRegistryFolder(home: string, labs: readonly Lab[]) {
  const root = join(home, 'registry')
  cpSync('examples/registry', root, { recursive: true })
  for (const { model, from = 'diabetes-risk' } of labs) {
    cpSync(join('examples/registry', from), join(root, model), { recursive: true })
  }
  const away = `${root}-away`
  const aliases = join(root, 'aliases.json')

  return {
    root,
    /** Nobody can reach it any more. */
    goAway(): void {
      renameSync(root, away)
    },
    comeBack(): void {
      if (existsSync(away)) renameSync(away, root)
    },
    /** Another version with the bytes of one that is there. */
    copyVersion(model: string, from: string, to: string): void {
      cpSync(join(root, model, from), join(root, model, to), { recursive: true })
    },
    /** Changes the bytes of a version, as somebody with access to the registry could. */
    tamper(model: string, version: string): void {
      const folder = join(root, model, version)
      const file = readdirSync(folder).find((name) => name.endsWith('.md')) ?? ''
      writeFileSync(join(folder, file), `${readFileSync(join(folder, file), 'utf8')}\n`)
    },
    /** Moves the alias past Countersign, as somebody with access to the registry could. */
    setAlias(model: string, version: string): void {
      const text = existsSync(aliases) ? readFileSync(aliases, 'utf8') : '{}'
      const known = JSON.parse(text) as Record<string, Record<string, string>>
      const changed = { ...known, [model]: { ...known[model], production: version } }
      writeFileSync(`${aliases}.by-hand`, JSON.stringify(changed))
      renameSync(`${aliases}.by-hand`, aliases)
    },
  }
}
