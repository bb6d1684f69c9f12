import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { open } from 'node:fs/promises'
import { csvHeader } from './csv-header.js'
import { Refusal } from './refusal.js'

/** A column of the set: its name in the file, and SQL for its text (null where there is no value). */
export interface Column {
  readonly name: string
  readonly text: string
}

/** The opened evaluation set. `source` is SQL; every statement needs a connection of its own. */
export interface SetFile {
  readonly database: DuckDBInstance
  readonly source: string
  readonly columns: readonly Column[]
}

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`
const identifier = (name: string) => `"${name.replaceAll('"', '""')}"`

/** Runs on one connection and closes it: a statement beside a stream would cut that stream short. */
export async function withConnection<T>(
  database: DuckDBInstance,
  use: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const connection = await database.connect()
  try {
    return await use(connection)
  } finally {
    connection.closeSync()
  }
}

async function isParquet(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    if (size < 12) return false
    const ends = Buffer.alloc(8)
    await file.read(ends, 0, 4, 0)
    await file.read(ends, 4, 4, size - 4)
    return ends.toString('latin1') === 'PAR1PAR1'
  } finally {
    await file.close()
  }
}

/** Nothing outside the one file can be reached, and nothing can open it up again. */
async function lockedDatabase(path: string): Promise<DuckDBInstance> {
  const database = await DuckDBInstance.create(':memory:', {
    threads: '1',
    temp_directory: '',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    preserve_insertion_order: 'true',
  })
  await withConnection(database, async (connection) => {
    await connection.run(`SET allowed_paths = [${literal(path)}]`)
    await connection.run('SET enable_external_access = false')
    await connection.run('SET lock_configuration = true')
  })
  return database
}

/** Whole numbers that Parquet keeps as floats are written as a person writes them: 1, not 1.0. */
function parquetText(name: string, type: string): string {
  const column = identifier(name)
  const plain = `CAST(${column} AS VARCHAR)`
  if (type !== 'DOUBLE' && type !== 'FLOAT') return plain
  return `CASE WHEN ${column} = trunc(${column}) THEN coalesce(CAST(TRY_CAST(${column} AS BIGINT) AS VARCHAR), ${plain}) ELSE ${plain} END`
}

/** The database renames a second column of a name; naming it again lets that name be refused. */
async function repeatedColumns(connection: DuckDBConnection, path: string): Promise<Column[]> {
  const names = `SELECT name FROM parquet_schema(${literal(path)}) GROUP BY name HAVING count(*) > 1`
  const repeated = await connection.runAndReadAll(names)
  return repeated.getRows().map(([name]) => ({ name: String(name), text: 'NULL' }))
}

async function openParquet(database: DuckDBInstance, path: string): Promise<SetFile> {
  const source = `read_parquet(${literal(path)})`
  return withConnection(database, async (connection) => {
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${source}`)
    const columns = described.getRows().map(([name, type]) => ({
      name: String(name),
      text: parquetText(String(name), String(type)),
    }))
    return { database, source, columns: [...columns, ...(await repeatedColumns(connection, path))] }
  })
}

async function openCsv(database: DuckDBInstance, path: string): Promise<SetFile> {
  const names = await csvHeader(path)
  // Names from the file never reach the statement, and nothing about the file is guessed.
  const declared = names.map((_, index) => `'c${index}': 'VARCHAR'`).join(', ')
  const dialect = `auto_detect = false, header = true, delim = ',', quote = '"', escape = '"'`
  const source = `read_csv(${literal(path)}, ${dialect}, columns = {${declared}})`
  const columns = names.map((name, index) => ({ name, text: `c${index}` }))
  return { database, source, columns }
}

/** @throws Refusal `set-unreadable` */
export async function openSet(path: string): Promise<SetFile> {
  const database = await lockedDatabase(path)
  try {
    return await ((await isParquet(path)) ? openParquet(database, path) : openCsv(database, path))
  } catch (cause) {
    if (cause instanceof Refusal) throw cause
    throw new Refusal('set-unreadable', 'The evaluation set cannot be read', { cause })
  }
}

/** @throws Refusal `column-missing`, `column-repeated` */
export function columnNamed(set: SetFile, name: string): Column {
  const [column, second] = set.columns.filter((one) => one.name === name)
  if (!column) throw new Refusal('column-missing', `The evaluation set has no column '${name}'`)
  if (second) throw new Refusal('column-repeated', `The evaluation set has '${name}' twice`)
  return column
}
