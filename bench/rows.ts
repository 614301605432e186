import { randomBytes } from 'node:crypto'
import type { Result } from './load.ts'
import type { BenchOptions } from './options.ts'
import { Bare, LoadGenerator, TemporaryFolder } from './processes.ts'
import { Server } from './server.ts'
import { signedRequest, type Signer } from './signed.ts'

/** The rows: what one core of the server does for 64 connections, beside what bare node:http does in the slices before and after. */

export const rowNames = [
  'bare',
  'encrypt',
  'aws-encrypt',
  'decrypt',
  'aws-decrypt',
  'datakey',
  'aws-datakey',
  'sign-p256',
  'aws-sign-p256',
  'verify-ed25519',
  'encrypt-batch',
] as const
export type RowName = (typeof rowNames)[number]

/** The same operation over REST, which has the slice before: a machine that others share is another a minute later. */
const twins: { readonly [Name in RowName]?: RowName } = {
  'aws-encrypt': 'encrypt',
  'aws-decrypt': 'decrypt',
  'aws-datakey': 'datakey',
  'aws-sign-p256': 'sign-p256',
}

export const CONNECTIONS = 64
export const MESSAGE_BYTES = 32
const BATCH_ITEMS = 100
/** Different requests that are sent in turn. */
const VARIANTS = 64

/** One row, as the JSON has it. `ratio` is operations per CPU-second, to those of bare in the neighbouring slices. */
export interface Row {
  readonly name: string
  readonly ops_per_s: number
  readonly p50_ms: number
  readonly p99_ms: number
  readonly cpu_us_per_op: number
  readonly ratio: number
  /** Of what AWS's clients ask for: operations per CPU-second, to those of the same over REST in the slice before. */
  readonly ratio_to_rest?: number
  /** Answers that were not 2xx; not counted above. */
  readonly failures: number
}

interface Workload {
  /** Made for each slice, since a signed request is good for five minutes only. */
  readonly requests: () => readonly string[]
  /** Operations in one request. */
  readonly operations: number
}

interface Slice {
  readonly opsPerSecond: number
  readonly p50: number
  readonly p99: number
  readonly opsPerCpuSecond: number
  readonly failures: number
}

interface Measured {
  readonly slice: Slice
  readonly ratio: number
  readonly toTwin?: number
}

/** Runs the chosen rows on one server and its store. */
export async function measureRows(options: BenchOptions): Promise<Row[]> {
  const names = rowNames.filter((name) => options.chosen(name))
  if (names.length === 0) return []
  using folder = new TemporaryFolder(options.folder)
  await using server = await Server.start({
    folder: folder.path,
    data: `${folder.path}/data`,
    pinning: 'server',
  })
  const workloads = await prepare(server)
  await using bare = await Bare.start(workloads.answerBytes)
  await using load = new LoadGenerator()

  const measure = async (name: RowName, target: Bare | Server): Promise<Slice> => {
    const { requests, operations } = workloads.of[name]
    const result = await load.run({
      port: target.port,
      connections: CONNECTIONS,
      requests: requests(),
      seconds: options.sliceSeconds,
      warmupSeconds: options.warmupSeconds,
      pids: target.pids,
    })
    warnOfFailures(name, result)
    return sliceOf(result, operations)
  }

  // What V8 compiles in the first seconds of each kind of load is no part of what the load costs from then on.
  for (const name of names) await measure(name, name === 'bare' ? bare : server)
  options.say('warm')
  const slices = new Map<RowName, Measured[]>(names.map((name) => [name, []]))
  for (let round = 0; round < options.rounds; round += 1) {
    let before = await measure('bare', bare)
    for (const name of names) {
      if (name === 'bare') continue
      const slice = await measure(name, server)
      const after = await measure('bare', bare)
      const base = (before.opsPerCpuSecond + after.opsPerCpuSecond) / 2
      const twinName = twins[name]
      const twin = twinName === undefined ? undefined : slices.get(twinName)?.[round]?.slice
      slices.get(name)?.push({
        slice,
        ratio: slice.opsPerCpuSecond / base,
        ...(twin === undefined ? {} : { toTwin: slice.opsPerCpuSecond / twin.opsPerCpuSecond }),
      })
      slices.get('bare')?.push({ slice: after, ratio: 1 })
      before = after
    }
    if (names.length === 1) slices.get('bare')?.push({ slice: before, ratio: 1 })
    options.say(`round ${round + 1} of ${options.rounds}`)
  }
  return names.map((name) => rowOf(name, slices.get(name) ?? []))
}

/** Makes the keys, and what each row sends. */
async function prepare(
  server: Server,
): Promise<{ of: Record<RowName, Workload>; answerBytes: number }> {
  const aes = await createKey(server, 'AES-256-GCM')
  const p256 = await createKey(server, 'P-256')
  const ed25519 = await createKey(server, 'Ed25519')
  const messages = Array.from({ length: VARIANTS }, () => message())

  const answers = await Promise.all(
    messages.map((plaintext) =>
      server.call<{ ciphertext: string }>(`/v1/keys/${aes}/encrypt`, { plaintext }),
    ),
  )
  const signatures = await Promise.all(
    messages.map(async (text) => {
      const { output } = await server.call<{ signature: string }>(`/v1/keys/${ed25519}/sign`, {
        message: text,
      })
      return { message: text, signature: output.signature }
    }),
  )
  const each = (path: string, bodies: readonly unknown[], operations = 1): Workload => ({
    requests: () => bodies.map((body) => server.request(path, body)),
    operations,
  })
  const ciphertexts = answers.map(({ output }) => output.ciphertext)
  const encrypt = each(
    `/v1/keys/${aes}/encrypt`,
    messages.map((plaintext) => ({ plaintext })),
  )
  return {
    answerBytes: JSON.stringify(answers[0]?.output).length,
    of: {
      bare: encrypt,
      encrypt,
      decrypt: each(
        '/v1/decrypt',
        ciphertexts.map((ciphertext) => ({ ciphertext })),
      ),
      datakey: each(`/v1/keys/${aes}/datakey`, [{}]),
      'sign-p256': each(
        `/v1/keys/${p256}/sign`,
        messages.map((text) => ({ message: text })),
      ),
      'verify-ed25519': each(`/v1/keys/${ed25519}/verify`, signatures),
      'encrypt-batch': each(
        `/v1/keys/${aes}/encrypt-batch`,
        Array.from({ length: 8 }, () => ({
          items: Array.from({ length: BATCH_ITEMS }, () => ({ plaintext: message() })),
        })),
        BATCH_ITEMS,
      ),
      ...(await signedWorkloads(server, { aes, p256, messages, ciphertexts })),
    },
  }
}

/** The same operations as AWS's clients ask for them. */
async function signedWorkloads(
  server: Server,
  {
    aes,
    p256,
    messages,
    ciphertexts,
  }: {
    readonly aes: string
    readonly p256: string
    readonly messages: readonly string[]
    readonly ciphertexts: readonly string[]
  },
) {
  const signer = await createSigner(server)
  const signed = (operation: string, inputs: readonly unknown[]): Workload => ({
    requests: () => inputs.map((input) => signedRequest(signer, operation, input)),
    operations: 1,
  })
  return {
    'aws-encrypt': signed(
      'Encrypt',
      messages.map((Plaintext) => ({ KeyId: aes, Plaintext })),
    ),
    'aws-decrypt': signed(
      'Decrypt',
      ciphertexts.map((CiphertextBlob) => ({ CiphertextBlob })),
    ),
    'aws-datakey': signed('GenerateDataKey', [{ KeyId: aes, KeySpec: 'AES_256' }]),
    'aws-sign-p256': signed(
      'Sign',
      messages.map((Message) => ({ KeyId: p256, Message, SigningAlgorithm: 'ECDSA_SHA_256' })),
    ),
  }
}

/** An access key of the owner. */
async function createSigner(server: Server): Promise<Signer> {
  const { principal } = await server.whoami()
  const { output } = await server.call<{ id: string; secret: string }>('/v1/access-keys', {
    principal,
  })
  return { port: server.port, accessKey: output.id, secret: output.secret }
}

/** Makes a key and gives its id. */
export async function createKey(server: Server, algorithm: string): Promise<string> {
  const { output } = await server.call<{ id: string }>('/v1/keys', { algorithm })
  return output.id
}

export function message(): string {
  return randomBytes(MESSAGE_BYTES).toString('base64')
}

export function warnOfFailures(name: string, { failures, firstFailure }: Result): void {
  if (failures > 0) console.error(`${name}: ${failures} answers failed; the first: ${firstFailure}`)
}

function sliceOf(
  { answers, seconds, p50, p99, cpuSeconds, failures }: Result,
  operations: number,
): Slice {
  const done = answers * operations
  return {
    opsPerSecond: done / seconds,
    p50,
    p99,
    opsPerCpuSecond: done / cpuSeconds,
    failures,
  }
}

function rowOf(name: RowName, measured: readonly Measured[]): Row {
  const toTwin = measured.flatMap((one) => one.toTwin ?? [])
  const of = (pick: (slice: Slice) => number) => median(measured.map(({ slice }) => pick(slice)))
  return {
    name,
    ops_per_s: Math.round(of((slice) => slice.opsPerSecond)),
    p50_ms: rounded(of((slice) => slice.p50)),
    p99_ms: rounded(of((slice) => slice.p99)),
    cpu_us_per_op: rounded(1e6 / of((slice) => slice.opsPerCpuSecond)),
    ratio: rounded(median(measured.map(({ ratio }) => ratio))),
    ...(toTwin.length === 0 ? {} : { ratio_to_rest: rounded(median(toTwin)) }),
    failures: measured.reduce((sum, { slice }) => sum + slice.failures, 0),
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length / 2
  const [low = Number.NaN, high = low] = sorted.slice(Math.ceil(half) - 1, Math.floor(half) + 1)
  return (low + high) / 2
}

/** The value that this share of the values does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

/** Three digits behind the point: more would be noise. */
export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
