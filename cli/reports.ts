import { z } from 'zod'
import type { checkAnswer } from '../api/schema/answers.js'
import type { Detail } from '../api/schema/views.js'
import { digestOfJson, type Json } from '../src/domain/canonical.js'
import type { ApiClient } from './client.js'
import { exitCodes } from './exit-codes.js'
import { CommandFailure } from './failure.js'

export type Report = z.infer<typeof checkAnswer>

export function promotionPath(id: string): string {
  return `/v1/promotions/${encodeURIComponent(id)}`
}

export function readDetail(client: ApiClient, id: string): Promise<Detail> {
  return client.get<Detail>(promotionPath(id))
}

/** What came off the wire as JSON is JSON; anything else has no canonical form and throws. */
export function asJson(value: unknown): Json {
  return z.json().parse(value)
}

/** Whether what was downloaded is what its digest says. */
export function isOfDigest(value: unknown, digest: string | null): boolean {
  return digestOfJson(asJson(value)) === digest
}

/** Every completed check with its canonical result, each proven against the digest that stands for it. */
export async function readReports(client: ApiClient, detail: Detail): Promise<readonly Report[]> {
  const done = detail.checks.filter(({ outcome }) => outcome !== null)
  const names = [...new Set(done.map(({ name }) => name))]
  const reports = await Promise.all(
    names.map((name) =>
      client.get<Report>(`${promotionPath(detail.id)}/checks/${encodeURIComponent(name)}`),
    ),
  )
  for (const { check, result } of reports) {
    if (result !== null && !isOfDigest(result, check.resultDigest)) {
      throw new CommandFailure(
        exitCodes.verificationFailed,
        `the result of check ${check.name} is not the one that its digest stands for`,
        { remedy: 'do not sign; tell whoever runs the server' },
      )
    }
  }
  return reports
}
