import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { z } from 'zod'

/** Flags and environment -> Config: pure but for the files a flag names. The only reader of process.env. */

export interface Address {
  readonly host: string
  readonly port: number
}

export interface Config {
  readonly mode: 'dev' | 'server'
  readonly listen: Address
  /** A database file's folder, or undefined to keep everything in memory. */
  readonly dataFolder: string | undefined
  readonly tls:
    | {
        readonly certificate: Uint8Array
        readonly key: Uint8Array
        readonly clientAuthorities: Uint8Array | undefined
      }
    | undefined
  /** What persons' browsers call the server, without a path; made of where it listens unless given. */
  readonly publicUrl: string | undefined
  /** Where AWS clients find the server, beside `/`. */
  readonly awsPath: string
  /** The ledger's name (C2SP tlog-checkpoint: a URL without its scheme). */
  readonly origin: string
  /** Networks (CIDR) that webhooks may be sent to although they are not public. */
  readonly webhookNetworks: readonly string[]
  /** Certificates in PEM that vouch for webhook receivers, beside those that Node trusts. */
  readonly webhookAuthorities: Uint8Array | undefined
  readonly tokenFile: string | undefined
  readonly envFile: string | undefined
  /** Keys and principals that a development server begins with. */
  readonly seedFile: string | undefined
  /** What opens a passphrase seal at start; taken out of the environment. */
  readonly passphrase: string | undefined
  readonly logLevel: string
  /** Threads of libuv's pool, which must be set before the process starts. */
  readonly threads: number
  /** The folder of Node's compile cache, where there is one: the process's own threads read it too. */
  readonly compileCache: string | undefined
}

/** The command line is wrong; the message says how. */
export class UsageError extends Error {}

export const USAGE = `claviger dev     start a development server: in memory, unsealed, plain HTTP on loopback
claviger server  start a server: sealed until 'claviger unseal'

  --listen HOST:PORT   where to listen (127.0.0.1:8200)
  --data DIR           keep the data in this folder (dev: in memory unless given)
  --tls-cert FILE      certificate chain, PEM; server needs it unless it listens on loopback
  --tls-key FILE       its private key, PEM
  --tls-client-ca FILE believe client certificates that these authorities vouch for, PEM
  --origin NAME        the ledger's name, fixed when the server is initialized (claviger.local/ledger)
  --public-url URL     what browsers call the server; passkeys are made for its host (http://localhost:PORT)
  --aws-path PATH      where AWS clients find it, beside / (/aws)
  --webhook-networks LIST  networks that webhooks may go to though they are not public: 10.0.0.0/8,fd00::/8 (dev: loopback too)
  --webhook-ca FILE    authorities whose certificates webhook receivers may have too, PEM
  --log-level LEVEL    fatal, error, warn, info, debug (dev: warn, server: info)
  --token-file FILE    dev: write the owner's token there, mode 0600, once the server is ready
  --env-file FILE      dev: write NAME=value lines for a shell there, mode 0600
  --seed FILE          dev: begin with the keys and principals of this YAML file (docs/seed.md)
  --help

environment
  CLAVIGER_PUBLIC_URL  --public-url, where that is not given
  CLAVIGER_PASSPHRASE  opens a passphrase seal at start (dev --data: asked for on a terminal unless given)
`

const options = {
  listen: { type: 'string', default: '127.0.0.1:8200' },
  data: { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'tls-client-ca': { type: 'string' },
  origin: { type: 'string', default: 'claviger.local/ledger' },
  'public-url': { type: 'string' },
  'aws-path': { type: 'string', default: '/aws' },
  'webhook-networks': { type: 'string' },
  'webhook-ca': { type: 'string' },
  'log-level': { type: 'string' },
  'token-file': { type: 'string' },
  'env-file': { type: 'string' },
  seed: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug']

const LOOPBACK_NETWORKS = ['127.0.0.0/8', '::1/128']

/** @throws UsageError for what has not the shape of networks */
function parseNetworks(text: string | undefined): readonly string[] {
  if (text === undefined) return []
  const networks = text.split(',')
  if (networks.every((network) => z.union([z.cidrv4(), z.cidrv6()]).safeParse(network).success))
    return networks
  throw new UsageError('--webhook-networks is a list such as 10.0.0.0/8,fd00::/8')
}

/** @throws UsageError */
export function readConfig(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Config | 'help' {
  const { values, positionals } = parse(argv)
  if (values.help) return 'help'
  const [mode, ...rest] = positionals
  if ((mode !== 'dev' && mode !== 'server') || rest.length > 0)
    throw new UsageError("The command is 'dev' or 'server'")
  const listen = parseAddress(values.listen)
  const tls = readTls(values['tls-cert'], values['tls-key'], values['tls-client-ca'])
  if (tls === undefined && !isLoopback(listen.host)) {
    throw new UsageError('Without --tls-cert and --tls-key a server listens on loopback only')
  }
  if (mode === 'server' && values.data === undefined) throw new UsageError('A server needs --data')
  if (
    mode === 'server' &&
    [values['token-file'], values['env-file'], values.seed].some((value) => value !== undefined)
  ) {
    throw new UsageError('--token-file, --env-file and --seed are for dev')
  }
  const logLevel = values['log-level'] ?? (mode === 'dev' ? 'warn' : 'info')
  if (!LEVELS.includes(logLevel)) throw new UsageError(`--log-level is one of ${LEVELS.join(', ')}`)
  if (!/^(?!.*\/\/)[a-z0-9][a-z0-9./:-]{0,199}$/.test(values.origin)) {
    throw new UsageError('--origin is a URL without its scheme, such as kms.example.com/ledger')
  }
  if (
    !/^(?:\/[A-Za-z0-9._~-]+){0,8}\/?$/.test(values['aws-path']) ||
    values['aws-path'].startsWith('/v1')
  )
    throw new UsageError('--aws-path is a path such as /aws, and not under /v1')
  return {
    mode,
    listen,
    publicUrl: parsePublicUrl(values['public-url'] ?? environment['CLAVIGER_PUBLIC_URL']),
    awsPath: values['aws-path'],
    dataFolder: values.data,
    tls,
    origin: values.origin,
    webhookNetworks: [
      ...parseNetworks(values['webhook-networks']),
      ...(mode === 'dev' ? LOOPBACK_NETWORKS : []),
    ],
    webhookAuthorities: readAuthorities('--webhook-ca', values['webhook-ca']),
    tokenFile: values['token-file'],
    envFile: values['env-file'],
    seedFile: values.seed,
    passphrase: takePassphrase(environment),
    logLevel,
    threads: parseThreads(environment['UV_THREADPOOL_SIZE']),
    compileCache: environment['NODE_COMPILE_CACHE'],
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : 'The command line is wrong', {
      cause,
    })
  }
}

/** libuv's own default and its most; it takes what is no number for 1, and we for a mistake. */
function parseThreads(text = ''): number {
  if (text === '') return 4
  if (!/^\d{1,4}$/.test(text) || Number(text) < 1 || Number(text) > 1_024)
    throw new UsageError('UV_THREADPOOL_SIZE is a number of threads, 1 to 1024')
  return Number(text)
}

/** Taken out, so that no child and no crash report inherits it. */
function takePassphrase(environment: NodeJS.ProcessEnv): string | undefined {
  const passphrase = environment['CLAVIGER_PASSPHRASE']
  delete environment['CLAVIGER_PASSPHRASE']
  return passphrase === '' ? undefined : passphrase
}

function parseAddress(text: string): Address {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:]+)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535)
    throw new UsageError('--listen is HOST:PORT, such as 127.0.0.1:8200 or [::1]:8200')
  return { host: match[1] ?? match[2] ?? '', port }
}

/** An origin (RFC 6454). Browsers have passkeys and `__Host-` cookies for https, and for localhost. */
function parsePublicUrl(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined
  const url = URL.parse(text)
  if (url === null || url.origin !== text.replace(/\/$/, ''))
    throw new UsageError('--public-url is scheme, host and port, such as https://kms.example.com')
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && url.hostname === 'localhost'))
    throw new UsageError('--public-url is https, or http at localhost')
  return url.origin
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function readTls(
  certificate: string | undefined,
  key: string | undefined,
  clientAuthorities: string | undefined,
): Config['tls'] {
  if (certificate === undefined && key === undefined) {
    if (clientAuthorities === undefined) return undefined
    throw new UsageError('--tls-client-ca needs --tls-cert and --tls-key')
  }
  if (certificate === undefined || key === undefined)
    throw new UsageError('--tls-cert and --tls-key go together')
  const tls = {
    certificate: readPem('--tls-cert', certificate),
    key: readPem('--tls-key', key),
    clientAuthorities: readAuthorities('--tls-client-ca', clientAuthorities),
  }
  try {
    process
      .getBuiltinModule('node:tls')
      .createSecureContext({ cert: tls.certificate, key: tls.key })
    return tls
  } catch (cause) {
    throw new UsageError(
      `--tls-cert and --tls-key are no certificate in PEM and its private key (${reasonOf(cause)})`,
      { cause },
    )
  }
}

function readPem(flag: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new UsageError(`The file of ${flag} cannot be read (${reasonOf(cause)})`, { cause })
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'error'
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

/** Node passes over what is no certificate in a list of authorities, and says nothing; as a server's own it does not. */
function readAuthorities(flag: string, path: string | undefined): Uint8Array | undefined {
  if (path === undefined) return undefined
  try {
    const pem = readFileSync(path)
    const certificates = pem.toString('latin1').match(CERTIFICATE) ?? []
    if (certificates.length === 0) throw new TypeError('there is none')
    // Loaded where there is something to read: TLS is 7 MB.
    const { createSecureContext } = process.getBuiltinModule('node:tls')
    for (const cert of certificates) createSecureContext({ cert })
    return pem
  } catch (cause) {
    throw new UsageError(`The file of ${flag} cannot be read, or is no certificate in PEM`, {
      cause,
    })
  }
}
