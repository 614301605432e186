import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** What is served, by its address: made from the files when one of them is first asked for, and held in memory. */

export interface Served {
  readonly type: string
  readonly body: Buffer
  /** Strong: the bytes are the same (RFC 9110 section 8.8.1). */
  readonly etag: string
}

/** Addresses of pages, and what stands in their title. Each has a module of its own: `pages/<name>.js`. */
const titles: Readonly<Record<string, string>> = {
  login: 'Log in',
  enrol: 'Set up your account',
  device: 'Let a program in',
  approvals: 'Approvals',
  account: 'Your account',
}

/** What pages load, under `/console/`. */
const parts: readonly string[] = [
  'style.css',
  'icon.svg',
  'page.js',
  'operations.js',
  'elements.js',
  'passkey.js',
  'own-passkeys.js',
  'own-providers.js',
  'journey.js',
  'step-up.js',
  'factors.js',
  'codes.js',
  'commands.js',
  'logins.js',
  'providers.js',
  'approval.js',
  'canonical.js',
  'qr.js',
  ...Object.keys(titles).map((name) => `${name}.js`),
]

/** Other people's modules: the name that they are served under, and where they stand. */
const libraries: Readonly<Record<string, () => string>> = {
  'uqr.js': () => import.meta.resolve('uqr'),
}

const types: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
}

/** Every address, known without reading a file. */
export const addresses: ReadonlySet<string> = new Set([
  ...Object.keys(titles).map((name) => `/${name}`),
  ...[...parts, ...Object.keys(libraries)].map((name) => `/console/${name}`),
])

/** Reads everything. @throws Error where a file is missing, which is a defect of the installation */
export function readFiles(): ReadonlyMap<string, Served> {
  const files = new Map<string, Served>()
  const frame = readFileSync(new URL('./pages/page.html', import.meta.url), 'utf8')
  for (const [name, title] of Object.entries(titles)) {
    const page = frame.replaceAll('{title}', title).replaceAll('{name}', name)
    files.set(`/${name}`, served('text/html; charset=utf-8', Buffer.from(page)))
  }
  for (const name of parts)
    files.set(`/console/${name}`, readPart(name, new URL(`./pages/${name}`, import.meta.url)))
  for (const [name, locate] of Object.entries(libraries))
    files.set(`/console/${name}`, readPart(name, new URL(locate())))
  return files
}

function readPart(name: string, url: URL): Served {
  return served(types[name.slice(name.lastIndexOf('.') + 1)] ?? '', readFileSync(url))
}

function served(type: string, body: Buffer): Served {
  const digest = createHash('sha256').update(body).digest('base64url')
  return { type, body, etag: `"${digest}"` }
}
