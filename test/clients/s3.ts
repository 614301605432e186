import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3'
import { program } from './tools.ts'

/** A server that speaks S3, over a folder: the Versity S3 Gateway. It is gone with the test. */

/** How long it may take to be ready, on a machine that is busy with other tests, in milliseconds. */
const READY_MS_MAX = 60_000

export interface S3 extends AsyncDisposable {
  readonly client: S3Client
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

export async function startS3(): Promise<S3> {
  const folder = await mkdtemp(join(tmpdir(), 'claviger-s3-'))
  // What it knows of an object stands beside it, so that any file system will do.
  const [buckets, sidecar] = [join(folder, 'buckets'), join(folder, 'sidecar')]
  for (const each of [buckets, sidecar]) await mkdir(each)
  const port = await freePort()
  const credentials = {
    accessKeyId: 'test',
    secretAccessKey: randomBytes(16).toString('hex'),
  }
  const server = spawn(
    program('versitygw'),
    ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', '--sidecar', sidecar, buckets],
    {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        HOME: folder,
        ROOT_ACCESS_KEY: credentials.accessKeyId,
        ROOT_SECRET_KEY: credentials.secretAccessKey,
      },
    },
  )
  let said = ''
  server.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = once(server, 'exit')
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials,
    // A body that is made while it is sent comes in pieces that are too small to be chunks by themselves.
    requestStreamBufferSize: 65_536,
    // The server hangs up once it has refused something, so no connection is kept.
    requestHandler: { httpAgent: { keepAlive: false } },
    // It warns that such a body is not sent twice.
    logger: silent,
  })
  const stop = async () => {
    client.destroy()
    server.kill('SIGTERM')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await ready(client, () => server.exitCode !== null)
  } catch (error) {
    await stop()
    throw new Error(`the S3 server did not become ready: ${said}`, { cause: error })
  }
  return { client, [Symbol.asyncDispose]: stop }
}

async function ready(client: S3Client, isGone: () => boolean): Promise<void> {
  const deadline = performance.now() + READY_MS_MAX
  for (;;) {
    try {
      await client.send(new ListBucketsCommand())
      return
    } catch (error) {
      if (isGone() || performance.now() > deadline) throw error
      await delay(50)
    }
  }
}
