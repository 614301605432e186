import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, openSync, statSync, writeSync } from 'node:fs'
import type { Figure } from './figures.ts'
import type { BenchOptions } from './options.ts'
import { TemporaryFolder } from './processes.ts'
import { createKey, median, rounded } from './rows.ts'
import { claviger, Server } from './server.ts'

const MEBIBYTE = 1_048_576

/**
 * `claviger encrypt` of a large file beside what OpenSSL does with AES-256-GCM at 16 KiB in the same run, in MB/s (10^6 bytes), and beside
 * what `cat` does from the same file into the same one: how long a kernel takes for new pages differs more than anything of ours.
 */
export async function measureFile(options: BenchOptions): Promise<Figure> {
  const mebibytes = options.quick ? 128 : 1024
  const runs = options.quick ? 2 : 3
  using folder = new TemporaryFolder(options.folder)
  await using server = await Server.start({ folder: folder.path, pinning: 'none' })
  const key = await createKey(server, 'AES-256-GCM')
  const plain = `${folder.path}/plain`
  writeRandom(plain, mebibytes)
  const megabytes = (mebibytes * MEBIBYTE) / 1e6
  const environment = {
    ...process.env,
    CLAVIGER_ADDR: `http://127.0.0.1:${server.port}`,
    CLAVIGER_TOKEN: server.token,
  }
  const rates = {
    openssl: [] as number[],
    copy: [] as number[],
    encrypt: [] as number[],
    discarded: [] as number[],
    decrypt: [] as number[],
  }
  const sealed = `${plain}.enc`
  const rate = async (program: string, given: readonly string[], from: string, to: string) =>
    megabytes / (await secondsOf(program, given, from, to, environment))
  for (let run = 0; run < runs; run += 1) {
    rates.openssl.push(opensslMegabytesPerSecond(options.quick ? 1 : 3))
    rates.copy.push(await rate('cat', [], plain, sealed))
    rates.encrypt.push(await rate(claviger, ['encrypt', '-k', key], plain, sealed))
    rates.discarded.push(await rate(claviger, ['encrypt', '-k', key], plain, '/dev/null'))
    rates.decrypt.push(await rate(claviger, ['decrypt'], sealed, '/dev/null'))
    if (statSync(sealed).size <= statSync(plain).size)
      throw new Error('the encrypted file is too short')
  }
  const openssl = median(rates.openssl)
  const copy = median(rates.copy)
  return {
    mebibytes,
    encrypt_mb_per_s: Math.round(median(rates.encrypt)),
    encrypt_discarded_mb_per_s: Math.round(median(rates.discarded)),
    decrypt_discarded_mb_per_s: Math.round(median(rates.decrypt)),
    openssl_mb_per_s: Math.round(openssl),
    copy_mb_per_s: Math.round(copy),
    ratio: rounded(median(rates.encrypt) / openssl),
    ratio_discarded: rounded(median(rates.discarded) / openssl),
    ratio_copy: rounded(copy / openssl),
  }
}

/** Seconds that the command takes from standard input to standard output, its start included. */
async function secondsOf(
  program: string,
  given: readonly string[],
  from: string,
  to: string,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const input = openSync(from, 'r')
  const output = openSync(to, 'w')
  const start = performance.now()
  const child = spawn(program, given, { stdio: [input, output, 'pipe'], env })
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000)
  })
  const [code] = (await once(child, 'close')) as [number | null]
  const seconds = (performance.now() - start) / 1000
  closeSync(input)
  closeSync(output)
  if (code !== 0) throw new Error(`${program} ${given.join(' ')} ended with ${code}: ${said}`)
  return seconds
}

function writeRandom(path: string, mebibytes: number): void {
  const file = openSync(path, 'w', 0o600)
  const block = randomBytes(MEBIBYTE)
  for (let written = 0; written < mebibytes; written += 1) {
    block.writeUInt32BE(written)
    writeSync(file, block)
  }
  closeSync(file)
}

/** What `openssl speed` says at 16 KiB on one core. */
function opensslMegabytesPerSecond(seconds: number): number {
  const { stdout, error } = spawnSync(
    'openssl',
    ['speed', '-seconds', String(seconds), '-bytes', '16384', '-evp', 'aes-256-gcm'],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  )
  if (error !== undefined)
    throw new Error(`openssl is needed for the file figure: ${error.message}`)
  const thousands = /^AES-256-GCM\s+([\d.]+)k/im.exec(stdout)?.[1]
  if (thousands === undefined) throw new Error('openssl speed gave no figure')
  return Number(thousands) / 1000
}
