import { checkScan } from '../../../../activities/scan/engine.js'
import { scanClause } from '../../../../src/schema/governance.js'
import { memoryFiles, quietRun, type Content } from './builders.js'

export interface ScannedFile {
  readonly path: string
  readonly format: string
  readonly class: string
}

/** Scans a model in memory at the strictest ceiling. */
export async function scanAll(contents: { readonly [path: string]: Content }) {
  const answer = await checkScan(memoryFiles(contents), scanClause.parse({}), quietRun())
  const { files } = answer.result as unknown as { files: readonly ScannedFile[] }
  return { answer, files }
}

/** `format/class` of one file scanned alone. */
export async function verdictOf(content: Content, path = 'model.bin'): Promise<string> {
  const { files } = await scanAll({ [path]: content })
  return `${files[0]?.format}/${files[0]?.class}`
}
