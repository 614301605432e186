import { chmodSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { ClavigerError } from '#model'
import { UsageError, type Config } from './config.ts'
import type { Seed } from './seed.ts'
import type { Server } from './server.ts'

/** What `claviger dev` does beyond a server: it initializes and unseals itself, and says how to begin. */

const origin = { door: 'start', source: 'local', request: 'start' }

/** Unseals the development server, and hands out a token of its owner. */
export async function startDevelopment(server: Server, config: Config): Promise<void> {
  // Loaded where there is a seed: reading YAML takes seventy modules.
  const seeding = config.seedFile === undefined ? undefined : await import('./seed.ts')
  // Read before anything is made, so that a mistake in it leaves nothing behind.
  const seed = seeding?.readSeed(config.seedFile ?? '')
  const isNew = server.custody.description === undefined
  const token = await openServer(server, config, seed)
  const { tenant } = server.custody
  if (seed !== undefined && isNew) await seeding?.applySeed(server.gate, tenant, seed)
  else if (seed !== undefined) process.stderr.write(SEEDED_BEFORE)
  const accessKey = await server.gate.performAsSystem('accessKey.createForOwner', tenant, {})
  const address = addressOf(server, config)
  if (config.tokenFile !== undefined) writeSecret(config.tokenFile, `${token}\n`)
  const aws = awsEnvironment(address, accessKey)
  if (config.envFile !== undefined)
    writeSecret(
      config.envFile,
      lines('', { CLAVIGER_ADDR: address, CLAVIGER_TOKEN: token, ...aws }),
    )
  // Who reads no more ends nothing.
  process.stdout.on('error', () => undefined)
  process.stdout.write(welcome(address, token, aws, config))
}

const SEEDED_BEFORE =
  'claviger: --seed is for a new data folder, and this one was made before; nothing of the file was applied\n'

/** Any region will do: keys are seen from the one they were made in. */
const REGION = 'us-east-1'

/** What makes AWS's SDKs and command line use this server. */
function awsEnvironment(
  address: string,
  { accessKey, secret }: { readonly accessKey: string; readonly secret: string },
) {
  return {
    AWS_ENDPOINT_URL_KMS: address,
    AWS_ENDPOINT_URL_STS: address,
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: secret,
    AWS_REGION: REGION,
    // What the command line asks for; the SDKs ask for the one above.
    AWS_DEFAULT_REGION: REGION,
  }
}

/** `NAME=value`, one a line. */
function lines(prefix: string, variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${prefix}${name}=${value}\n`)
    .join('')
}

async function openServer(server: Server, config: Config, seed: Seed | undefined): Promise<string> {
  if (server.custody.description === undefined) {
    // In memory the seal is never opened again: a passphrase that nobody knows would only cost time, two shares cost none.
    const seal =
      config.dataFolder === undefined
        ? { kind: 'shares' as const, shares: 2, threshold: 2 }
        : { kind: 'passphrase' as const, passphrase: await passphraseOf(config, true) }
    const account = seed?.account
    const input = { seal, owner: 'owner', ...(account === undefined ? {} : { account }) }
    return (await server.ceremonies.init(input, origin)).token
  }
  await server.ceremonies.unseal({ passphrase: await passphraseOf(config, false) }, origin)
  return (await server.gate.performAsSystem('token.createForOwner', server.custody.tenant, {}))
    .token
}

async function passphraseOf(config: Config, isNew: boolean): Promise<string> {
  const passphrase =
    config.passphrase ??
    (await ask(isNew ? 'New passphrase for the data folder: ' : 'Passphrase of the data folder: '))
  if (isNew && passphrase.length < PASSPHRASE_LENGTH_MIN) {
    throw new UsageError(`The passphrase must have at least ${PASSPHRASE_LENGTH_MIN} characters`)
  }
  return passphrase
}

const PASSPHRASE_LENGTH_MIN = 12

/** Asks on the terminal, without showing what is typed. */
function ask(question: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new ClavigerError(
      'invalid_share',
      'dev --data needs its passphrase: set CLAVIGER_PASSPHRASE, or start it on a terminal',
    )
  }
  process.stderr.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const reader = createInterface({ input: process.stdin, output: silent, terminal: true })
  return new Promise((resolve) => {
    reader.question('', (answer) => {
      reader.close()
      process.stderr.write('\n')
      resolve(answer)
    })
  })
}

function addressOf(server: Server, config: Config): string {
  const { host, port } = server.listener
  return `${config.tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Readable by its owner only, also where the file was there before; and so before there is anything in it to read. */
function writeSecret(path: string, text: string): void {
  writeFileSync(path, '', { mode: 0o600 })
  chmodSync(path, 0o600)
  writeFileSync(path, text)
}

function welcome(
  address: string,
  token: string,
  aws: Readonly<Record<string, string>>,
  config: Config,
): string {
  const credentials =
    config.tokenFile === undefined
      ? `  export CLAVIGER_TOKEN=${token}`
      : `  export CLAVIGER_TOKEN=$(cat ${config.tokenFile})`
  const kept =
    config.dataFolder === undefined
      ? 'Everything is in memory, and gone when it stops.'
      : `The data is kept in ${config.dataFolder}.`
  return `Claviger development server: ${address}
${kept} Stop it with Ctrl-C.

A first encrypt, in another shell:
  export CLAVIGER_ADDR=${address}
${credentials}
  npx claviger key create --alias first
  echo 'hello' | npx claviger encrypt -k first > hello.enc
  npx claviger decrypt < hello.enc

AWS clients, in another shell:
${lines('  export ', aws)}  aws kms create-key
`
}
