import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { ReadModel } from '../read-model/read-model.js'
import type { EventLog } from '../recorder/event-log.js'

export type Metrics = ReturnType<typeof createMetrics>

const methods = new Set(['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'PATCH', 'DELETE'])

function registerGauges(
  registry: Registry,
  readModel: ReadModel,
  log: Pick<EventLog, 'size'>,
): readonly Gauge[] {
  const registers = [registry]
  return [
    new Gauge({
      name: 'countersign_read_model_position',
      help: 'How many events of the log the read model has folded in',
      registers,
      collect() {
        this.set(readModel.now().position)
      },
    }),
    new Gauge({
      name: 'countersign_read_model_lag_events',
      help: 'How many events the read model has not folded in; -1 while the recorder does not answer',
      registers,
      async collect() {
        const size = await log.size().catch(() => null)
        this.set(size === null ? -1 : Math.max(0, size - readModel.now().position))
      },
    }),
    new Gauge({
      name: 'countersign_read_model_unread_events',
      help: 'Events that this version cannot read',
      registers,
      collect() {
        this.set(readModel.now().asideCount)
      },
    }),
  ]
}

/** Figures of the API in Prometheus' text format. Labels are route patterns and codes, never ids. */
export function createMetrics(readModel: ReadModel, log: Pick<EventLog, 'size'>) {
  const registry = new Registry()
  const registers = [registry]
  const requests = new Histogram({
    name: 'countersign_http_request_duration_seconds',
    help: 'How long requests took, by method, route pattern and status',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  })
  const problems = new Counter({
    name: 'countersign_problems_total',
    help: 'Requests that were refused or failed, by code',
    labelNames: ['code'] as const,
    registers,
  })
  registerGauges(registry, readModel, log)
  return {
    request(method: string, route: string, status: number, ms: number): void {
      const known = methods.has(method) ? method : 'other'
      requests.observe({ method: known, route, status: String(status) }, ms / 1000)
    },
    problem(code: string): void {
      problems.inc({ code })
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
  }
}
