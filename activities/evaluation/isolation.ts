import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What this host could enforce. It differs between hosts, so it stands beside the result, never in it. */
export interface IsolationNotes {
  readonly network: 'enforced' | 'not-enforced'
  readonly memory: 'enforced' | 'not-enforced'
}

export interface IsolatedCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly notes: IsolationNotes
}

/** Address space that Node with both native libraries takes before any model is loaded, in MB. */
const addressSpaceMb = 2560

function toolNamed(name: string): string | null {
  const folders = ['/usr/bin', '/bin', '/usr/sbin', '/sbin']
  return folders.map((folder) => `${folder}/${name}`).find((path) => existsSync(path)) ?? null
}

async function works([command = '', ...args]: readonly string[]): Promise<boolean> {
  const child = spawn(command, [...args, process.execPath, '--version'], {
    env: {},
    stdio: 'ignore',
  })
  return new Promise((resolve) => {
    child.once('error', () => resolve(false))
    child.once('exit', (code) => resolve(code === 0))
  })
}

/** What was seen to work on this host does so again; what did not is tried anew, it may have been the moment. */
const seenToWork = new Set<string>()

/** The first wrapper that works here; none where none does. */
async function firstThatWorks(wrappers: readonly (readonly string[])[]) {
  for (const wrapper of wrappers) {
    const name = wrapper.join(' ')
    if (seenToWork.has(name) || (await works(wrapper))) {
      seenToWork.add(name)
      return wrapper
    }
  }
  return []
}

function networkWrappers() {
  const unshare = toolNamed('unshare')
  return unshare ? [[unshare, '-rn']] : []
}

/** The child dies with the process that started it, and gains no right that this one does not have. */
function orphanWrappers() {
  const setpriv = toolNamed('setpriv')
  return setpriv ? [[setpriv, '--pdeathsig', 'KILL', '--no-new-privs']] : []
}

/**
 * Memory by address space. The processor time is bounded too: where nothing else ends a child whose parent
 * was killed, this does. No file may be written, no core dumped.
 */
function limitWrappers(memoryMb: number, deadlineMs: number) {
  const megabytes = memoryMb + addressSpaceMb
  const seconds = Math.ceil(deadlineMs / 250) + 10
  const prlimit = toolNamed('prlimit')
  const sh = toolNamed('sh')
  const limits = [`--as=${megabytes * 1024 * 1024}`, `--cpu=${seconds}`, '--fsize=0', '--core=0']
  const script = `ulimit -v ${megabytes * 1024} && ulimit -t ${seconds} && ulimit -f 0 && exec "$0" "$@"`
  return [...(prlimit ? [[prlimit, ...limits]] : []), ...(sh ? [[sh, '-c', script]] : [])]
}

/**
 * The compiled child. Under a test runner this file is the source itself, and the child lies where the build
 * put it.
 */
export function childPath(): string {
  const here = import.meta.url.endsWith('.ts')
    ? '../../dist/activities/evaluation/child/main.js'
    : './child/main.js'
  return fileURLToPath(new URL(here, import.meta.url))
}

/** The command that starts the child with whatever fences this host offers. */
export async function isolatedCommand(limits: {
  readonly memoryMb: number
  readonly deadlineMs: number
}): Promise<IsolatedCommand> {
  const network = await firstThatWorks(networkWrappers())
  const orphan = await firstThatWorks(orphanWrappers())
  const memory = await firstThatWorks(limitWrappers(limits.memoryMb, limits.deadlineMs))
  const node = [process.execPath, `--max-old-space-size=${limits.memoryMb}`, childPath()]
  const [command = process.execPath, ...args] = [...network, ...orphan, ...memory, ...node]
  return {
    command,
    args,
    notes: {
      network: network.length > 0 ? 'enforced' : 'not-enforced',
      memory: memory.length > 0 ? 'enforced' : 'not-enforced',
    },
  }
}
