import { existsSync, readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { registryOf } from '../../activities/registry/open.js'
import { loadGovernance } from '../../governance/load.js'
import { checkoutRoot } from '../../src/config/checkout.js'
import type { Config } from '../../src/config.js'
import { serverOf } from '../client.js'
import { exitCodes, type ExitCode } from '../exit-codes.js'
import { failureOf } from '../failure.js'
import { word } from '../say.js'
import type { Session } from '../session.js'
import type { Terminal } from '../terminal.js'

export interface Diagnosis {
  readonly level: 'ok' | 'warn' | 'fail'
  readonly part: string
  readonly what: string
  readonly remedy?: string | undefined
  /** True where something does not answer, which is another exit code than something that is wrong. */
  readonly isUnreachable?: boolean
}

const part = z.object({ name: z.string(), ready: z.boolean(), detail: z.string().nullable() })
const readinessTold = z.object({ parts: z.array(part) })

const mebibyte = 1024 * 1024
const askWithinMs = 5000

async function examine(part: string, ask: () => Promise<Diagnosis>): Promise<Diagnosis> {
  try {
    return await ask()
  } catch (error) {
    const { message, remedy, exitCode } = failureOf(error)
    const isUnreachable = exitCode === exitCodes.unreachable
    return { level: 'fail', part, what: message, remedy, isUnreachable }
  }
}

async function governance(folder: string): Promise<Diagnosis> {
  const { set } = await loadGovernance(folder)
  const what = `valid, sequence ${set.sequence}, ${set.policies.length} policies`
  return { level: 'ok', part: 'governance', what }
}

async function registry(address: string): Promise<Diagnosis> {
  const found = registryOf(address, { timeoutMs: askWithinMs })
  const models = await found.models()
  const what = `${found.kind}, ${models.length} models`
  if (found.guardsAlias) return { level: 'ok', part: 'registry', what: `${what}, guards the alias` }
  return {
    level: 'warn',
    part: 'registry',
    what: `${what}; others who may write there can move the alias: that is detected, not prevented`,
    remedy: 'give write access to the release worker alone',
  }
}

/** Before the first start the home is not there yet; its disk is. */
function nearestFolder(path: string): string {
  const parent = dirname(path)
  return existsSync(path) || parent === path ? path : nearestFolder(parent)
}

async function disk(home: string): Promise<Diagnosis> {
  const { bavail, bsize } = await statfs(nearestFolder(home))
  const free = Math.floor((bavail * bsize) / mebibyte)
  const what = `${free} MiB free at ${home}`
  const remedy = 'free some space; without it nothing is recorded, so nothing happens'
  if (free < 200) return { level: 'fail', part: 'disk', what, remedy }
  return free < 2048
    ? { level: 'warn', part: 'disk', what, remedy }
    : { level: 'ok', part: 'disk', what }
}

function version(): string {
  const text = readFileSync(join(checkoutRoot(), 'package.json'), 'utf8')
  return /"version": "([^"]+)"/.exec(text)?.[1] ?? 'unknown'
}

async function versions(): Promise<Diagnosis> {
  const what = `countersign ${version()}, Node ${process.versions.node}`
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return { level: 'ok', part: 'versions', what }
  return { level: 'fail', part: 'versions', what, remedy: 'Node 20.19 or later' }
}

function clockOf(response: Response): Diagnosis {
  const theirs = Date.parse(response.headers.get('date') ?? '')
  const part = 'clock'
  if (Number.isNaN(theirs))
    return { level: 'warn', part, what: 'the server does not tell its time' }
  const seconds = Math.abs(Math.round((Date.now() - theirs) / 1000))
  const what = `${seconds} s between this machine and the server`
  const remedy = 'set both by NTP: tokens and deadlines are judged by the clock'
  if (seconds > 60) return { level: 'fail', part, what, remedy }
  return seconds > 5 ? { level: 'warn', part, what, remedy } : { level: 'ok', part, what }
}

function unanswered(server: string): Diagnosis {
  const what = `nothing answers at ${server}`
  return { level: 'fail', part: 'api', what, remedy: 'npm start', isUnreachable: true }
}

async function ready(server: string): Promise<readonly Diagnosis[]> {
  const signal = AbortSignal.timeout(askWithinMs)
  const response = await fetch(`${server}/readyz`, { redirect: 'error', signal }).catch(() => null)
  if (!response) return [unanswered(server)]
  const told = readinessTold.safeParse(await response.json().catch(() => null)).data
  if (!told) {
    const what = `what answers at ${server} is no Countersign`
    return [{ level: 'fail', part: 'api', what, remedy: '--server names another address' }]
  }
  return [
    { level: 'ok', part: 'api', what: `answers at ${server}` },
    clockOf(response),
    ...told.parts.map(({ name, ready: isReady, detail }): Diagnosis =>
      isReady
        ? { level: 'ok', part: name, what: 'ready' }
        : {
            level: 'fail',
            part: name,
            what: detail ?? 'not ready',
            remedy: `the log of ${name} tells more; countersign doctor again when it is mended`,
            isUnreachable: true,
          },
    ),
  ]
}

async function diagnose(config: Config, server: string): Promise<readonly Diagnosis[]> {
  const local = await Promise.all([
    examine('versions', versions),
    examine('disk', () => disk(config.home)),
    examine('governance', () => governance(config.governance)),
    examine('registry', () => registry(config.registry)),
  ])
  return [...local, ...(await ready(server))]
}

function tell(out: Terminal, { level, part, what, remedy }: Diagnosis): void {
  const [first = '', ...rest] = what.split('\n')
  out.line(word(level), ' '.repeat(6 - level.length), part.padEnd(12), first)
  for (const line of rest) out.line('      ', line.trim())
  if (remedy !== undefined && level !== 'ok') out.line('      → ', remedy)
}

/** Looks at everything that a promotion needs, part by part. */
export async function doctor(
  session: Session,
  options: { readonly server?: string },
): Promise<ExitCode> {
  const config = session.config()
  const server = serverOf(options.server ?? `http://127.0.0.1:${config.port}`)
  const found = await diagnose(config, server)
  if (session.isJson) session.out.json({ diagnoses: found })
  else for (const one of found) tell(session.out, one)
  const failed = found.filter(({ level }) => level === 'fail')
  if (failed.length === 0) return exitCodes.yes
  return failed.some(({ isUnreachable }) => isUnreachable === true)
    ? exitCodes.unreachable
    : exitCodes.refused
}
