import { basename } from 'node:path'
import { openLogFile, type LogFile, type OpenLogFile } from '../../../recorder/log/log-file.js'

export type Step = 'write' | 'sync' | 'truncate'

export interface Disk {
  readonly openFile: OpenLogFile
  /** Every step that went through, as `write leaves.jsonl`. */
  readonly steps: string[]
  /** Fails that step on files of that name from now on; half of what is written arrives. */
  breakAt(step: Step, file: string, code: string): void
  /** Holds that step up until the function that it returns is called. */
  holdAt(step: Step, file: string): () => void
  mend(): void
  opened(): number
}

/** A real disk that can be told to fail or to be slow. */
export function createDisk(): Disk {
  const broken = new Map<string, string>()
  const held = new Map<string, Promise<void>>()
  const steps: string[] = []
  let opened = 0

  async function pass(step: Step, name: string): Promise<void> {
    await held.get(`${step} ${name}`)
    const code = broken.get(`${step} ${name}`)
    if (code !== undefined) throw Object.assign(new Error(code), { code })
    steps.push(`${step} ${name}`)
  }

  return {
    steps,
    opened: () => opened,
    breakAt: (step, file, code) => void broken.set(`${step} ${file}`, code),
    holdAt(step, file) {
      let release = (): void => undefined
      const gate = new Promise<void>((resolve) => {
        release = resolve
      })
      held.set(`${step} ${file}`, gate)
      return release
    },
    mend: () => broken.clear(),
    async openFile(path): Promise<LogFile> {
      const file = await openLogFile(path)
      const name = basename(path)
      opened += 1
      return {
        ...file,
        async write(offset, bytes) {
          const isBroken = broken.has(`write ${name}`)
          await file.write(offset, isBroken ? bytes.subarray(0, bytes.length / 2) : bytes)
          await pass('write', name)
        },
        async sync() {
          await pass('sync', name)
          await file.sync()
        },
        async truncate(size) {
          await pass('truncate', name)
          await file.truncate(size)
        },
      }
    },
  }
}
