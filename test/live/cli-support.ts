import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { digestOfJson } from '../../src/domain/canonical.js'

export const promotion = `prm_${'a'.repeat(32)}`
export const modelDigest = digestOfJson('the model')

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Runs the built command as a person would, with nothing of this process's environment that could lead it astray. */
export function countersign(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, ['bin/countersign.js', ...args], {
    env: { PATH: process.env['PATH'] ?? '', COUNTERSIGN_HOME: '/nowhere/at/all', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

export interface Asked {
  readonly method: string
  readonly path: string
  readonly key: string | undefined
  readonly authorization: string | undefined
  readonly body: unknown
}

export type Answer = { readonly status?: number; readonly body?: unknown } | 'hang-up'

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  const text = Buffer.concat(chunks).toString('utf8')
  return text === '' ? undefined : JSON.parse(text)
}

function send(response: ServerResponse, answer: Answer): void {
  if (answer === 'hang-up') {
    response.destroy()
    return
  }
  const { status = 200, body } = answer
  const isText = typeof body === 'string'
  const type = status >= 400 ? 'application/problem+json' : 'application/json'
  response.writeHead(status, { 'content-type': isText ? 'text/html' : type })
  response.end(isText ? body : JSON.stringify(body))
}

/** A server that answers each call as the test says, and keeps what it was asked. */
export async function answering(
  answer: (asked: Asked, count: number) => Answer,
): Promise<{ readonly url: string; readonly asked: readonly Asked[] }> {
  const asked: Asked[] = []
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await bodyOf(request)
    const { authorization, 'idempotency-key': given } = request.headers
    const key = typeof given === 'string' ? given : undefined
    const one = { method: request.method ?? '', path: request.url ?? '', key, authorization, body }
    asked.push(one)
    send(response, answer(one, asked.length))
  }
  const server = createServer((request, response) => void handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return { url: `http://127.0.0.1:${port}`, asked }
}

const clauseDigest = digestOfJson('the clause')
const person = (id: string, name: string | null) => ({ id, name })

export const result = {
  v: 'countersign-result/1',
  check: 'scan',
  outcome: 'passed',
  engine: { name: 'scan', version: '1' },
  clauseDigest,
  modelDigest,
  inputs: {},
  findings: [],
  result: {},
}
export const resultDigest = digestOfJson(result)

export const slice = {
  v: 'countersign-decision/1',
  seat: 'model-risk',
  modelDigest,
  environment: 'production',
  tier: ['high'],
  clauses: [{ check: 'scan', clauseDigest }],
  rules: [digestOfJson('the rule')],
  results: [{ check: 'scan', clauseDigest, resultDigest }],
  champion: null,
  waivers: [],
  acceptances: [],
  conditions: [],
}

const at = '2026-11-22T20:29:00.000Z'

const check = {
  name: 'scan',
  attempt: 1,
  clauseDigest,
  outcome: 'passed',
  summary: '4 files',
  resultDigest,
  attestationDigest: null,
  findings: [],
  findingCount: 0,
  since: at,
}

/** One promotion that waits for a sign-off, as the API tells it. */
export const detail = {
  id: promotion,
  model: 'diabetes-risk',
  version: '1',
  environment: 'production',
  state: 'awaiting-sign-off',
  tier: 'high',
  policy: 'diabetes',
  requestedBy: person('per_7c1e90a2', 'Mira'),
  sponsor: null,
  requestedAt: at,
  since: at,
  waitingOn: ['model-risk'],
  deadlines: [],
  development: true,
  snapshot: { modelDigest, signatureDigest: null, files: 1, sizeBytes: 1 },
  checks: [check],
  seats: [
    {
      id: 'model-risk',
      teams: ['model-risk'],
      teamsNeeded: 'any',
      quorum: 1,
      level: 'authenticated',
      covers: ['scan'],
      decisionDigest: digestOfJson(slice),
      slice,
      filledBy: [],
      waitingFor: [{ teams: ['model-risk'], signOffs: 1 }],
      yours: true,
    },
  ],
  decisions: [],
  blockedBy: [],
  end: null,
  promoted: null,
}

export const report = { check, result }

/** An address where nothing listens any more. */
export async function silentAddress(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}`
}
