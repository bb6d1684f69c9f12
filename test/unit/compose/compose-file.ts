import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'

const settings = z.record(z.string(), z.string())

const mounted = z.union([
  z.string().transform((source) => ({ source, target: `/run/secrets/${source}` })),
  z.object({ source: z.string(), target: z.string() }),
])

const service = z.object({
  image: z.string(),
  build: z.object({ context: z.string(), dockerfile: z.string().default('Dockerfile') }).optional(),
  user: z.string().optional(),
  read_only: z.boolean().default(false),
  privileged: z.boolean().default(false),
  cap_drop: z.array(z.string()).default([]),
  security_opt: z.array(z.string()).default([]),
  entrypoint: z.array(z.string()).default([]),
  command: z.array(z.string()).default([]),
  network_mode: z.string().optional(),
  networks: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  tmpfs: z.array(z.string()).default([]),
  environment: settings.default({}),
  secrets: z.array(mounted).default([]),
  configs: z.array(mounted).default([]),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
})

export type Service = z.infer<typeof service>

const fileSource = z.record(z.string(), z.strictObject({ file: z.string() }))

const shape = z.object({
  services: z.record(z.string(), service),
  networks: z.record(z.string(), z.unknown()),
  volumes: z.record(z.string(), z.null()),
  secrets: fileSource,
  configs: fileSource,
})

/** The file as compose reads it, anchors and merge keys resolved. */
export function readCompose(): unknown {
  return parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true })
}

export const compose = shape.parse(readCompose())

export function serviceOf(name: string): Service {
  const found = compose.services[name]
  if (found === undefined) throw new Error(`there is no service ${name}`)
  return found
}

/** Those that run code of this repository's Dockerfile. */
export const ours = Object.entries(compose.services).filter(
  ([, { build }]) => build?.dockerfile === 'Dockerfile',
)

/** `ours` without the one that only holds the network. */
export const parts = ['recorder', 'worker', 'release', 'api'] as const
