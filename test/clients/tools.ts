import { hash } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { filesBelow, read, root } from '../repository.ts'

/** Where `scripts/install-clients.sh` put the clients of others that the tests of this folder drive. */

const environment = process.env
const folder =
  environment['CLAVIGER_CLIENTS'] ??
  join(environment['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'claviger-clients')

const python = join(folder, 'python')

/** Programs in versions of their own, by name: `test/clients/tools.txt`. */
const binaries = new Map(
  read('test/clients/tools.txt')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/^more /, '').split(' '))
    .map(([name = '', , version = '']) => [name, join(folder, 'bin', `${name}-${version}`)]),
)

/** Programs of `test/clients/more` with AWS's SDKs, by name; what they are made of is the version, as in `scripts/install-clients.sh`. */
function sdkProgram(name: string): string | undefined {
  const [, language] = /^aws-sdk-(go|java|rust)$/.exec(name) ?? []
  if (language === undefined) return undefined
  const source = `test/clients/more/${language}`
  // The lines that sha256sum prints.
  const lines = filesBelow(source, (path) => !path.startsWith(`${source}/target/`)).map(
    (path) => `${hash('sha256', read(path))}  .${path.slice(source.length)}\n`,
  )
  return join(folder, 'bin', `${name}-${hash('sha256', lines.join('')).slice(0, 12)}`)
}

/** The path of a program: `aws`, `python`, or one that is built from source. */
export function program(name: string): string {
  const path = binaries.get(name) ?? sdkProgram(name) ?? join(python, 'bin', name)
  if (!existsSync(path))
    throw new Error(`${name} is not installed here; run scripts/install-clients.sh first (--more)`)
  return path
}

function pythonIsAsWanted(): boolean {
  try {
    return (
      readFileSync(join(python, 'requirements.txt'), 'utf8') ===
      readFileSync(join(root, 'test/clients/requirements.txt'), 'utf8')
    )
  } catch {
    return false
  }
}

/** Whether what `npm test` drives is installed, in the versions wanted here. */
export function clientsAreInstalled(): boolean {
  const built = ['sops', 'versitygw'].map((name) => binaries.get(name) ?? '')
  return pythonIsAsWanted() && built.every((path) => existsSync(path))
}

/** Where a browser that speaks the protocol of Chromium's tools is looked for, unless CLAVIGER_CHROMIUM says. */
const browsers = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The browser that the pages are tested in. */
export function browserPath(): string | undefined {
  const { CLAVIGER_CHROMIUM: given } = environment
  return (given === undefined || given === '' ? browsers : [given]).find((path) => existsSync(path))
}

/** Whether a test opens pages in a browser. */
export function needsBrowser(path: string): boolean {
  return path.startsWith('server/test/console/') && read(path).includes(`from './browser.ts'`)
}

/** Which tests `npm test` runs: those of clients that take long to build have a command of their own. */
export function isOrdinaryTest(path: string): boolean {
  return !path.startsWith('test/clients/more/')
}

/** Whether a test drives programs that only `scripts/install-clients.sh` brings. */
export function needsClients(path: string): boolean {
  return path.startsWith('test/clients/') && /from '.\/(client|s3).ts'/.test(read(path))
}

/** Where Debian has the programs of PostgreSQL, in the newest version that is installed. */
export function postgresFolder(): string | undefined {
  const versions = globSync('/usr/lib/postgresql/*/bin/initdb').map((path) => dirname(path))
  return versions.toSorted((a, b) => versionIn(b) - versionIn(a))[0]
}

function versionIn(folder: string): number {
  return Number(folder.split('/').at(-2))
}

/** Whether a test starts PostgreSQL. */
export function needsPostgres(path: string): boolean {
  return path.startsWith('test/clients/') && read(path).includes(`from './postgres.ts'`)
}
