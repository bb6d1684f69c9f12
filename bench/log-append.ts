import { mkdtemp, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { openFileLog } from '../recorder/file-log.js'

/** How many durable leaves a second the log takes, against what the same disk does in plain fsyncs in the same run. */

const writers = 64
const runMs = 3_000
const fsyncRounds = 3

async function fsyncsPerSecond(dir: string): Promise<number> {
  const handle = await open(join(dir, 'fsync'), 'w')
  const block = Buffer.alloc(512, 'x')
  const start = performance.now()
  let done = 0
  for (; performance.now() - start < runMs / fsyncRounds; done += 1) {
    await handle.write(block)
    await handle.datasync()
  }
  const seconds = (performance.now() - start) / 1000
  await handle.close()
  return done / seconds
}

async function leavesPerSecond(dir: string, count: number): Promise<number> {
  const log = await openFileLog({ dir: join(dir, `log-of-${count}`) })
  const start = performance.now()
  const write = async (writer: number): Promise<number> => {
    let seq = 0
    for (; performance.now() - start < runMs; seq += 1) {
      const body = { check: 'scan', outcome: 'passed', filler: 'x'.repeat(300) }
      const event = { type: 'check-completed', at: '2026-11-22T20:29:00.000Z', person: null, body }
      const result = await log.append(`promotion:prm_${writer}`, seq, [event])
      if (result.kind === 'conflict') throw new Error(`a conflict at ${result.nextSeq}`)
    }
    return seq
  }
  const written = await Promise.all(Array.from({ length: count }, (_, writer) => write(writer)))
  const seconds = (performance.now() - start) / 1000
  await log.close()
  return written.reduce((sum, one) => sum + one, 0) / seconds
}

const dir = await mkdtemp(join(process.cwd(), '.bench-log-'))
try {
  const before = await fsyncsPerSecond(dir)
  const alone = await leavesPerSecond(dir, 1)
  const together = await leavesPerSecond(dir, writers)
  const fsyncs = (before + (await fsyncsPerSecond(dir))) / 2
  const figures = {
    fsyncsPerSecond: Math.round(fsyncs),
    leavesPerSecondOneWriter: Math.round(alone),
    [`leavesPerSecond${writers}Writers`]: Math.round(together),
    leavesPerFsyncOneWriter: Number((alone / fsyncs).toFixed(2)),
    [`leavesPerFsync${writers}Writers`]: Number((together / fsyncs).toFixed(2)),
  }
  process.stdout.write(`${JSON.stringify(figures)}\n`)
} finally {
  await rm(dir, { recursive: true })
}
