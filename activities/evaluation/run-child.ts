import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { CheckRun } from '../check.js'
import { type Fault, isChildFault } from './faults.js'
import { type IsolationNotes, isolatedCommand } from './isolation.js'
import { plainLog, plainText } from './plain-text.js'
import { longestReply, parseMessage, type Scoring, type ScoringRequest } from './protocol.js'

export interface ChildLimits {
  readonly deadlineMs: number
  readonly memoryMb: number
}

export interface ChildNotes extends IsolationNotes {
  /** The last 4 KB that the child wrote to its error stream, fit for a log. */
  readonly stderr: string
}

export type ChildAnswer =
  | { readonly kind: 'scored'; readonly scoring: Scoring }
  | { readonly kind: 'fault'; readonly fault: Fault; readonly what: string }

export interface ChildRun {
  readonly answer: ChildAnswer
  readonly notes: ChildNotes
}

const stderrBytes = 4096
const progressMs = 1000
const weighMs = 200

type Stop = 'deadline' | 'out-of-memory' | 'child-protocol'

/** What the child has said and why it was stopped, if it was. */
interface Watched {
  scored: Scoring | null
  refused: { readonly code: string; readonly what: string } | null
  stop: Stop | null
  rows: number
  stderr: string
}

function take(watched: Watched, line: string) {
  const message = parseMessage(line)
  // A second answer would overwrite the first: whoever gives two is not our child any more.
  if (watched.scored ?? watched.refused) throw new TypeError('the child spoke after its answer')
  if (message.kind === 'progress') watched.rows = message.rows
  else if (message.kind === 'scored') watched.scored = message.scoring
  else watched.refused = message
}

function listen(stream: Readable, watched: Watched, stop: (why: Stop) => void) {
  let rest = ''
  let bytes = 0
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    if (watched.stop) return
    bytes += chunk.length
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    try {
      if (bytes > longestReply) throw new RangeError('the child said too much')
      for (const line of lines) take(watched, line)
    } catch {
      stop('child-protocol')
    }
  })
}

/** The most memory that was resident so far, in MB; 0 where the system does not tell, or the child is gone. */
async function peakMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024
}

const memoryWords = /\bOOM\b|bad_alloc|out of memory|cannot allocate memory|allocation failed/i

function crashed(
  watched: Watched,
  limits: ChildLimits,
  code: number | null,
  signal: string | null,
) {
  if (memoryWords.test(watched.stderr)) return faultOf('out-of-memory', limits)
  const how = signal ? `was ended by ${signal}` : `ended with code ${code} and without an answer`
  return {
    kind: 'fault',
    fault: 'child-crashed',
    what: `The process that ran the model ${how}`,
  } as const
}

function faultOf(stop: Stop, limits: ChildLimits): ChildAnswer {
  const what = {
    deadline: `The evaluation did not end within ${limits.deadlineMs} ms`,
    'out-of-memory': `The evaluation needed more than ${limits.memoryMb} MB of memory`,
    'child-protocol': 'The process that ran the model did not keep to its protocol',
  }[stop]
  return { kind: 'fault', fault: stop, what }
}

function answerOf(
  watched: Watched,
  limits: ChildLimits,
  code: number | null,
  signal: string | null,
): ChildAnswer {
  if (watched.stop) return faultOf(watched.stop, limits)
  if (watched.refused) {
    const { code: fault, what } = watched.refused
    if (fault === 'out-of-memory') return faultOf(fault, limits)
    return isChildFault(fault)
      ? { kind: 'fault', fault, what: plainText(what, 400) }
      : faultOf('child-protocol', limits)
  }
  if (watched.scored && code === 0) return { kind: 'scored', scoring: watched.scored }
  return crashed(watched, limits, code, signal)
}

/** Ticks until stopped: tells how far the child is, and kills it when it is late or too big. */
function keepWatch(
  child: ChildProcess,
  watched: Watched,
  limits: ChildLimits,
  run: CheckRun,
  stop: (why: Stop) => void,
) {
  const weigh = async () => {
    if ((await peakMb(child.pid ?? 0)) > limits.memoryMb) stop('out-of-memory')
  }
  const deadline = setTimeout(() => stop('deadline'), limits.deadlineMs)
  const tick = setInterval(() => {
    run.onProgress(`evaluation: ${watched.rows} rows scored`)
  }, progressMs)
  const scales = setInterval(() => void weigh(), weighMs)
  return () => {
    clearTimeout(deadline)
    clearInterval(scales)
    clearInterval(tick)
  }
}

async function ended(child: ChildProcess) {
  return new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
}

async function runIn(
  folder: string,
  request: ScoringRequest,
  limits: ChildLimits,
  run: CheckRun,
): Promise<ChildRun> {
  const { command, args, notes } = await isolatedCommand(limits)
  run.signal.throwIfAborted()
  const child = spawn(command, [...args], {
    cwd: folder,
    env: {},
    stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
  })
  const watched: Watched = { scored: null, refused: null, stop: null, rows: 0, stderr: '' }
  const kill = () => child.kill('SIGKILL')
  const stop = (why: Stop) => {
    watched.stop ??= why
    kill()
  }
  run.signal.addEventListener('abort', kill, { once: true })
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    watched.stderr = (watched.stderr + chunk).slice(-stderrBytes)
  })
  const [, , , replies] = child.stdio
  if (replies && 'setEncoding' in replies) listen(replies, watched, stop)
  // A child that died before it read its request closes the pipe; its end says why.
  child.stdin?.on('error', () => undefined).end(JSON.stringify(request))
  const stopWatching = keepWatch(child, watched, limits, run, stop)
  try {
    const { code, signal } = await ended(child)
    run.signal.throwIfAborted()
    const answer = answerOf(watched, limits, code, signal)
    return { answer, notes: { ...notes, stderr: plainLog(watched.stderr) } }
  } finally {
    stopWatching()
    run.signal.removeEventListener('abort', kill)
  }
}

/**
 * Scores in a process of its own: the runtime blocks its event loop, and a hostile model can do anything that
 * its process can. Whatever becomes of the child is an answer; only an abort throws.
 */
export async function runChild(
  request: ScoringRequest,
  limits: ChildLimits,
  run: CheckRun,
): Promise<ChildRun> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-evaluation-'))
  try {
    return await runIn(folder, request, limits, run)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
