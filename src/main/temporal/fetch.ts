import { sayingOf } from '../process.js'
import { findTemporal } from './find.js'

/** Gets Temporal's command line ready and says where it lies: for the gate, and for whoever wants to wait only once. */
try {
  const { path, serverVersion } = await findTemporal(process.env, (line) => {
    process.stderr.write(`${line}\n`)
  })
  process.stdout.write(`${path} (server ${serverVersion})\n`)
} catch (error) {
  process.stderr.write(`${sayingOf(error)}\n`)
  process.exitCode = 1
}
