import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { rmSync } from 'node:fs'

/** A private copy of the example governance set that a test may spoil. */
export function exampleSet(): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-governance-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  cpSync('examples/governance', folder, { recursive: true })
  return folder
}

/** Replaces a text that must be there. */
export function edit(folder: string, file: string, from: string | RegExp, to: string): void {
  const before = readFileSync(join(folder, file), 'utf8')
  const isThere = typeof from === 'string' ? before.includes(from) : from.test(before)
  if (!isThere) throw new Error(`${file} does not hold ${String(from)}`)
  writeFileSync(
    join(folder, file),
    before.replace(from, () => to),
  )
}

/** Writes the digests of all files into the head, as the author of a set does. */
export function seal(folder: string): void {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file !== 'governance.yaml' && statSync(join(folder, file)).isFile())
    .toSorted()
  const lines = files.map((file) => {
    const hex = createHash('sha256')
      .update(readFileSync(join(folder, file)))
      .digest('hex')
    return `  ${file}: sha256:${hex}\n`
  })
  edit(folder, 'governance.yaml', /^files:.*\n(?: {2}.*\n)*/m, `files:\n${lines.join('')}`)
}
