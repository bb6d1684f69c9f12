import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { acquireLock } from '../../recorder/log/lock-file.js'
import { verifyLog } from '../../recorder/verify.js'
import { backupManifest, copyEntry, filesOf, manifestName, sha256Of } from '../backup-files.js'
import { exitCodes, type ExitCode } from '../exit-codes.js'
import { CommandFailure, failureOf, usageFault } from '../failure.js'
import type { Session } from '../session.js'

const stopRemedy = 'stop it (Ctrl-C where npm start runs), then try again'

function running(home: string): CommandFailure {
  const what = `Countersign runs on ${home}, so a copy would not hold together`
  return new CommandFailure(exitCodes.refused, what, { remedy: stopRemedy })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function assertStopped(home: string): void {
  const path = join(home, 'start.pid')
  const pid = existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0
  if (pid > 0 && isAlive(pid)) throw running(home)
}

async function assertEmpty(
  folder: string,
  remedy = 'name a folder that is not there yet',
): Promise<void> {
  const found = await readdir(folder).catch(() => [])
  if (found.length > 0) throw usageFault(`${folder} is not empty`, remedy)
}

async function assertSound(home: string): Promise<string> {
  const verdict = await verifyLog(home)
  if (verdict.kind === 'sound') return `${verdict.leaves} events in ${verdict.streams} streams`
  const what = `the log is damaged: ${verdict.file} line ${verdict.line}: ${verdict.what}`
  const remedy = 'keep this copy for the inquiry, and take an older backup'
  throw new CommandFailure(exitCodes.verificationFailed, what, { remedy })
}

/** The recorder's own lock, so that nothing is recorded while the copy is made. */
async function whileStopped<T>(home: string, work: () => Promise<T>): Promise<T> {
  if (!existsSync(join(home, 'installation.json'))) {
    throw usageFault(`${home} holds no installation`, 'COUNTERSIGN_HOME names another folder')
  }
  assertStopped(home)
  const lock = await acquireLock(home).catch(() => {
    throw running(home)
  })
  try {
    return await work()
  } finally {
    await lock.release()
  }
}

async function copyAll(from: string, to: string, paths: readonly string[]) {
  const files = []
  for (const path of paths) files.push(await copyEntry(from, to, path))
  return files
}

/** Copies everything of a stopped installation, keys too, into a folder of mode 700. */
export async function backup(
  session: Session,
  options: { readonly out: string },
): Promise<ExitCode> {
  const { home } = session.config()
  const out = resolve(options.out)
  await assertEmpty(out)
  if (`${out}/`.startsWith(`${home}/`)) throw usageFault(`${out} lies in what is to be copied`)
  const told = await whileStopped(home, async () => {
    const sound = await assertSound(home)
    await mkdir(out, { recursive: true, mode: 0o700 })
    await chmod(out, 0o700)
    const files = await copyAll(home, out, await filesOf(home))
    const manifest = { v: 'countersign-backup/1', createdAt: new Date().toISOString(), files }
    const text = `${JSON.stringify(backupManifest.parse(manifest), null, 2)}\n`
    await writeFile(join(out, manifestName), text, { flag: 'wx', mode: 0o600 })
    return { folder: out, files: files.length, log: sound }
  })
  if (session.isJson) session.out.json(told)
  else session.out.line(`${told.folder}: ${told.files} files, ${told.log}`)
  session.err.line('it holds private keys: keep it where only you can read it')
  return exitCodes.yes
}

function readManifest(from: string) {
  try {
    return backupManifest.parse(JSON.parse(readFileSync(join(from, manifestName), 'utf8')))
  } catch {
    const what = `${from} holds no whole backup: ${manifestName} is missing or cannot be read`
    throw new CommandFailure(exitCodes.couldNotVerify, what)
  }
}

async function assertUnchanged(from: string, files: ReturnType<typeof readManifest>['files']) {
  for (const { path, sha256 } of files) {
    const found = await sha256Of(join(from, path)).catch(() => 'missing')
    if (found === sha256) continue
    const what = found === 'missing' ? 'is missing' : 'was changed since the backup'
    throw new CommandFailure(exitCodes.verificationFailed, `${path} ${what}`, {
      remedy: 'take another backup',
    })
  }
}

/** Puts a backup in place of no installation at all, and ends in a check of the log. */
export async function restore(session: Session, from: string): Promise<ExitCode> {
  const { home } = session.config()
  await assertEmpty(home, 'set COUNTERSIGN_HOME to a folder that is not there yet')
  const source = resolve(from)
  const { files, createdAt } = readManifest(source)
  await assertUnchanged(source, files)
  const draft = `${home}.restoring-${process.pid}`
  let told: string
  try {
    await mkdir(draft, { recursive: true, mode: 0o700 })
    await copyAll(
      source,
      draft,
      files.map(({ path }) => path),
    )
    told = await assertSound(draft)
    await rm(home, { recursive: true, force: true })
    await mkdir(dirname(home), { recursive: true })
    await rename(draft, home)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    throw failureOf(error)
  }
  if (session.isJson) session.out.json({ home, files: files.length, createdAt, log: told })
  else session.out.line(`${home}: ${files.length} files of ${createdAt}, ${told}`)
  session.err.line('next: npm start')
  return exitCodes.yes
}
