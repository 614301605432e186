/** The rules of `tidy.test.ts`, as data and pure functions on text. */

/** Tables of data may be longer than other files; each is named here. */
export const longTables: readonly string[] = ['server/src/crypto/algorithms.ts']

export interface Ban {
  readonly name: string
  /** Whether a file, by its path relative to the root, must keep the rule. */
  applies(path: string): boolean
  /** A line each: where, and what to do instead. */
  findings(path: string, source: string): string[]
  /** Sources that break the rule once. */
  readonly examples: readonly string[]
}

function ban(
  name: string,
  pattern: RegExp,
  instead: string,
  applies: (path: string) => boolean,
  ...examples: string[]
): Ban {
  return {
    name,
    applies,
    examples,
    findings: (path, source) =>
      withoutComments(source)
        .split('\n')
        .flatMap((line, at) =>
          pattern.test(line) ? [`${path}:${at + 1}: ${name}; ${instead}`] : [],
        ),
  }
}

/** Comments become empty, line by line, so that a rule may be explained where it is kept. */
function withoutComments(source: string): string {
  return source
    .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ''))
    .replaceAll(/(^|\s)\/\/.*$/gm, '$1')
}

const inSource = (path: string) => /^[a-z]+\/src\//.test(path)
/** This file's own examples break the rules. */
const everywhere = (path: string) => path !== 'test/tidy.ts'

/** The store's and the crypto thread load these folders, and would load every schema with them: 47 MB and 0.3 s, when it was measured. */
const wholeContract: Ban = {
  name: 'schemas in what threads load',
  applies: (path) => /^server\/src\/(model|store|crypto)\//.test(path),
  findings: (path, source) =>
    /^import (?!type\b)[^;']*from '@claviger\/contract'$/m.test(withoutComments(source))
      ? [`${path}: takes a value of the whole contract; import it from a light part of it`]
      : [],
  examples: [
    "import { operations } from '@claviger/contract'",
    "import type { A } from 'a'\nimport {\n  operations,\n} from '@claviger/contract'",
  ],
}

export const bans: readonly Ban[] = [
  wholeContract,
  ban(
    'Date.now',
    /\bDate\.now\b|\bnew Date\(\)/,
    'take the Clock of #model',
    (path) => /^(server|contract)\/src\//.test(path) && path !== 'server/src/model/clock.ts',
    'const now = Date.now()',
    'const now = new Date()',
  ),
  ban(
    'Math.random',
    /\bMath\.random\b/,
    'draw from the generator of node:crypto',
    everywhere,
    'const r = Math.random()',
  ),
  ban(
    'console',
    /\bconsole\./,
    'the server writes through its logger, the command through cli/src',
    (path) => inSource(path) && !path.startsWith('cli/src/'),
    "console.log('x')",
  ),
  ban(
    'process.env',
    /\bprocess\.env\b|\benv\b.*\bfrom 'node:process'/,
    'read the environment in server/src/config.ts or cli/src/config.ts',
    (path) => inSource(path) && !/^(server|cli)\/src\/config(\.ts|\/)/.test(path),
    "const address = process.env['X']",
  ),
  ban(
    'process.exit',
    /\bprocess\.exit\(/,
    'set process.exitCode and let what is open close',
    // Where the server begins, a start that failed and a defect end it at once.
    (path) => inSource(path) && path !== 'server/src/main.ts',
    'process.exit(1)',
  ),
  ban(
    'export *',
    /^\s*export \*/,
    'name what the folder offers',
    everywhere,
    "export * from './x.ts'",
  ),
  ban(
    'export default',
    /^\s*export default\b/,
    'give it a name',
    (path) => !path.endsWith('.config.ts'),
    'export default function x() {}',
  ),
  ban(
    'a focused or skipped test',
    /\b(test|it|describe|suite|t)\.(only|skip|todo)\(/,
    'run it, or remove it',
    everywhere,
    "test.only('x')",
  ),
]

/** The relative links of a Markdown text, outside code. */
export function linksOf(markdown: string): string[] {
  const prose = markdown.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\((?<link>[^)\s]+)\)/g)]
    .map(({ groups }) => groups?.['link'] ?? '')
    .filter((link) => !/^[a-z]+:/.test(link))
}

/** The anchors that a Markdown text's headings get, as forges make them. */
export function headingSlugs(markdown: string): string[] {
  const prose = markdown.replaceAll(/^```[\s\S]*?^```/gm, '')
  return [...prose.matchAll(/^#{1,6} (?<heading>.+)$/gm)].map(({ groups }) =>
    (groups?.['heading'] ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/**
 * What is wrong with a lock file, a line each. It must leave the place that packages come from to whoever installs; and it must hold the
 * packages for other platforms too, since npm ci refuses a lock file that lacks one.
 */
export function lockProblems(text: string): string[] {
  const lock = JSON.parse(text) as { packages: Record<string, LockedPackage> }
  const packages = Object.entries(lock.packages)
  const names = new Set(
    packages.map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 13)),
  )
  return packages.flatMap(
    ([path, { resolved = '', link, integrity, optionalDependencies = {} }]) => [
      ...(/^(https?|git)[:+]/.test(resolved) ? [`${path} is fetched from a named place`] : []),
      ...(path.includes('node_modules/') && link !== true && integrity === undefined
        ? [`${path} has no integrity`]
        : []),
      ...Object.keys(optionalDependencies)
        .filter((name) => !names.has(name))
        .map((name) => `${path} lacks its optional ${name}`),
    ],
  )
}

interface LockedPackage {
  readonly resolved?: string
  readonly link?: boolean
  readonly integrity?: string
  readonly optionalDependencies?: Record<string, string>
}

/** Absolute paths of one machine and hosts of package registries, put together here so that this file does not hold them. */
const unwelcomeText = [
  ...['work', 'root', 'farm'].map((folder) => ({
    what: `the path /${folder}`,
    pattern: new RegExp(`(^|[\\s"'\`(=:])/${folder}/`),
  })),
  ...[
    ['registry', 'npmjs', 'org'],
    ['registry', 'yarnpkg', 'com'],
    ['npm', 'jsr', 'io'],
    ['npmmirror', 'com'],
  ].map((host) => ({
    what: `the host ${host.join('.')}`,
    pattern: new RegExp(host.join('\\.')),
  })),
  { what: 'the path of a mounted library', pattern: /\/\.librar[y]\b/ },
]

/** Where a text names a place that only its author had. */
export function unwelcome(path: string, text: string): string[] {
  return text
    .split('\n')
    .flatMap((line, at) =>
      unwelcomeText
        .filter(({ pattern }) => pattern.test(line))
        .map(({ what }) => `${path}:${at + 1}: ${what}`),
    )
}
