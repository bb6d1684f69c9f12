#!/usr/bin/env node
import { existsSync } from 'node:fs'

const compiled = new URL('../dist/cli/main.js', import.meta.url)

if (existsSync(compiled)) {
  const { main } = await import(compiled.href)
  await main()
} else {
  process.stderr.write('no: countersign is not built yet\n  remedy: npm run build\n')
  process.exitCode = 1
}
