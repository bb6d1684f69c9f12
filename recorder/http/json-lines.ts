import { setTimeout } from 'node:timers/promises'

const quiet = Symbol('quiet')

/**
 * Writes values as JSON, one a line, at the reader's pace. A blank line at the beginning and after each silence
 * tells the reader that the other side lives.
 */
export function jsonLines(
  values: AsyncIterable<unknown>,
  keepAliveMs: number,
  onCancel: () => void,
): ReadableStream<Uint8Array> {
  const iterator = values[Symbol.asyncIterator]()
  const encoder = new TextEncoder()
  let pending: Promise<IteratorResult<unknown>> | undefined

  return new ReadableStream({
    start(controller) {
      controller.enqueue(encoder.encode('\n'))
    },
    async pull(controller) {
      pending ??= iterator.next()
      const silence = new AbortController()
      const timer = setTimeout(keepAliveMs, quiet, { signal: silence.signal, ref: false })
      timer.catch(() => undefined)
      const result = await Promise.race([pending, timer])
      silence.abort()
      if (result === quiet) {
        controller.enqueue(encoder.encode('\n'))
        return
      }
      pending = undefined
      if (result.done === true) controller.close()
      else controller.enqueue(encoder.encode(`${JSON.stringify(result.value)}\n`))
    },
    cancel: onCancel,
  })
}
