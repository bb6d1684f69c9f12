import { execFile } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { isAlive, pidIn } from './lock.js'
import { databasePath } from './version.js'

const execute = promisify(execFile)

const endsWithinMs = 5_000

function notePath(home: string): string {
  return join(home, 'temporal', 'pid')
}

/** Remembers the server's process, so that a start after a kill finds what was left running. */
export function noteServer(home: string, pid: number | undefined): void {
  if (pid !== undefined) writeFileSync(notePath(home), `${pid}\n`)
}

export function forgetServer(home: string): void {
  rmSync(notePath(home), { force: true })
}

/** Ends a server that an earlier start left on this very database; two on one file would lose what it holds. */
export async function endStrayServer(home: string): Promise<void> {
  const pid = pidIn(notePath(home))
  if (pid !== null && isAlive(pid) && (await commandOf(pid)).includes(databasePath(home))) {
    process.kill(pid, 'SIGTERM')
    const deadline = Date.now() + endsWithinMs
    while (isAlive(pid) && Date.now() < deadline) await delay(50)
    if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  }
  forgetServer(home)
}

/** Empty where it cannot be told; then nothing is ended. */
async function commandOf(pid: number): Promise<string> {
  try {
    const { stdout } = await execute('ps', ['-ww', '-o', 'args=', '-p', String(pid)])
    return stdout
  } catch {
    return ''
  }
}
