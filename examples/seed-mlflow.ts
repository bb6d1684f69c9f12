import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { seedFolder } from './mlflow-seed.js'

/** MLflow numbers versions by itself, from 1, so they are registered in the order of their numbers. */
async function seedModel(baseUrl: string, model: string): Promise<void> {
  const folder = join('examples', 'registry', model)
  const entries = await readdir(folder, { withFileTypes: true })
  const versions = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  for (const name of versions.toSorted((a, b) => Number(a) - Number(b))) {
    const { version } = await seedFolder({ baseUrl, model }, join(folder, name))
    process.stdout.write(`${model} ${version}\n`)
  }
}

/** Registers the example models at an MLflow server: `npm run seed:mlflow -- http://127.0.0.1:5000`. */
async function main(baseUrl: string | undefined): Promise<void> {
  if (baseUrl === undefined || !/^https?:\/\//.test(baseUrl)) {
    process.stderr.write('give the address of the MLflow server, such as http://127.0.0.1:5000\n')
    process.exitCode = 2
    return
  }
  const models = await readdir(join('examples', 'registry'), { withFileTypes: true })
  for (const { name } of models.filter((entry) => entry.isDirectory())) {
    await seedModel(baseUrl.replace(/\/$/, ''), name)
  }
}

await main(process.argv[2])
