import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { postgresFolder } from './tools.ts'

/** A PostgreSQL server of the test's own: in a folder that only its user can enter, on a socket in it, and gone with the test. */

/** How long it may take to be ready, on a machine that is busy with other tests, in milliseconds. */
const READY_MS_MAX = 60_000

/** It refuses to run as root: then it runs as the user that its package made. */
async function unprivileged(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {}
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  const [, , uid, gid] = users.find(([name]) => name === 'postgres') ?? []
  if (uid === undefined || gid === undefined) throw new Error('there is no user postgres')
  return { uid: Number(uid), gid: Number(gid) }
}

export interface Postgres extends AsyncDisposable {
  /** A connection, which the caller ends. */
  connect(): Promise<Client>
}

export async function startPostgres(): Promise<Postgres> {
  const bin = postgresFolder()
  if (bin === undefined)
    throw new Error('PostgreSQL is not installed here; run scripts/install-debian.sh --clients')
  const user = await unprivileged()
  const folder = await mkdtemp(join(tmpdir(), 'claviger-pg-'))
  if (user.uid !== undefined) await chown(folder, user.uid, user.gid ?? 0)
  const data = join(folder, 'data')
  const env = { PATH: bin, LC_ALL: 'C' }
  const trusting = ['-D', data, '-U', 'orders', '--auth=trust', '--no-sync', '-E', 'UTF8']
  await promisify(execFile)(join(bin, 'initdb'), trusting, { ...user, env, cwd: folder })
  const settings = ['listen_addresses=', `unix_socket_directories=${folder}`, 'fsync=off']
  const server = spawn(
    join(bin, 'postgres'),
    ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
    { ...user, env, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  server.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = once(server, 'exit')
  const connect = async (): Promise<Client> => {
    const client = new Client({ host: folder, user: 'orders', database: 'postgres' })
    await client.connect()
    return client
  }
  const stop = async () => {
    // Whoever is connected still is cut off.
    server.kill('SIGINT')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await ready(connect, () => server.exitCode !== null)
  } catch (error) {
    await stop()
    throw new Error(`PostgreSQL did not become ready: ${said}`, { cause: error })
  }
  return { connect, [Symbol.asyncDispose]: stop }
}

async function ready(connect: () => Promise<Client>, isGone: () => boolean): Promise<void> {
  const deadline = performance.now() + READY_MS_MAX
  for (;;) {
    try {
      await (await connect()).end()
      return
    } catch (error) {
      if (isGone() || performance.now() > deadline) throw error
      await delay(50)
    }
  }
}
