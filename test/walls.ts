/**
 * Who may import what, as data: a row is a folder, and the rows stand in the order of a request's way, so that imports only run down.
 * `walls.test.ts` holds the code to it, and `oxlint.config.ts` shows the same in the editor.
 */

/** The folder (or file) of a row, relative to the root. */
export interface Wall {
  readonly name: string
  readonly path: string
  /** Names of rows below whose values may be used. */
  readonly imports: readonly string[]
  /** Names of rows of which only types may be used (`import type`, gone at run time): their values come from main. */
  readonly typesOf?: readonly string[]
  /** Node's own modules, without `node:`; a name covers what is under it, as `fs` does `fs/promises`. */
  readonly builtins: readonly string[] | 'all'
  /** Packages from elsewhere. */
  readonly packages: readonly string[]
  /** Only the files that stand directly in the folder. */
  readonly shallow?: boolean
  /** Folders directly inside that never import each other. */
  readonly siblings?: boolean
}

export const walls: readonly Wall[] = [
  {
    name: 'cli',
    path: 'cli/src',
    imports: ['sdk', 'contract'],
    builtins: 'all',
    packages: ['commander', 'yaml', 'zod'],
  },
  {
    name: 'sdk',
    path: 'sdk/src',
    imports: ['contract'],
    builtins: [
      'buffer',
      'crypto',
      'events',
      'ffi',
      'fs',
      'http',
      'https',
      'os',
      'stream',
      'timers',
      'tls',
      'worker_threads',
    ],
    packages: ['zod'],
  },
  {
    // The composition root: what stands directly in the folder, and the only place that knows all.
    name: 'main',
    path: 'server/src',
    shallow: true,
    imports: [
      'rest',
      'aws',
      'console',
      'http',
      'config',
      'notice',
      'jobs',
      'operations',
      'access',
      'oversight',
      'keyring',
      'ledger',
      'seal',
      'store',
      'crypto',
      'model',
      'contract',
    ],
    builtins: 'all',
    packages: ['pino', 'prom-client', 'yaml', 'zod'],
  },
  {
    // A door is a row of its own, so that none imports another. A credential is extracted here and never judged.
    name: 'rest',
    path: 'server/src/doors/rest',
    imports: ['http', 'operations', 'model', 'contract'],
    builtins: [],
    packages: ['rou3', 'zod'],
  },
  {
    // AWS's wire protocol, by hand: its messages are AWS's own, word for word.
    name: 'aws',
    path: 'server/src/doors/aws',
    imports: ['http', 'operations', 'model', 'contract'],
    builtins: [],
    packages: [],
  },
  {
    // Pages as they stand, for whoever asks: there is no gate in it, because there is nothing behind it.
    name: 'console',
    path: 'server/src/doors/console',
    imports: ['http'],
    builtins: ['crypto', 'fs'],
    packages: ['uqr'],
  },
  {
    // What doors share: it bounds and reads HTTP, and knows no protocol above it.
    name: 'http',
    path: 'server/src/doors/http',
    imports: ['model', 'contract'],
    builtins: ['http', 'https', 'net', 'stream', 'tls'],
    packages: [],
  },
  {
    name: 'config',
    path: 'server/src/config.ts',
    imports: ['model', 'contract'],
    builtins: ['fs', 'path', 'tls', 'util'],
    packages: ['zod'],
  },
  {
    // It posts bytes to addresses that others chose, and knows nothing of what they say.
    name: 'notice',
    path: 'server/src/notice',
    imports: [],
    builtins: ['dns', 'http', 'https', 'net', 'tls'],
    packages: [],
  },
  {
    name: 'jobs',
    path: 'server/src/jobs',
    imports: ['operations', 'model', 'contract'],
    builtins: ['timers'],
    packages: [],
  },
  {
    // The gate. Seal and store reach it as interfaces that main filled.
    name: 'operations',
    path: 'server/src/operations',
    imports: ['access', 'keyring', 'ledger', 'model', 'contract'],
    typesOf: ['seal', 'store'],
    builtins: [],
    packages: ['zod'],
  },
  {
    // The keyring is for row seals: who may do what is read from rows that nobody else can have written.
    name: 'access',
    path: 'server/src/access',
    imports: ['keyring', 'crypto', 'model', 'contract'],
    typesOf: ['store'],
    builtins: [],
    packages: ['@simplewebauthn/server', 'jose', 'openid-client', 'zod'],
  },
  {
    // It reads everything and changes nothing.
    name: 'oversight',
    path: 'server/src/oversight',
    imports: ['keyring', 'ledger', 'store', 'crypto', 'model', 'contract'],
    builtins: [],
    packages: [],
  },
  {
    // The only place with the material of keys in the clear, those that sign the ledger among them.
    name: 'keyring',
    path: 'server/src/keyring',
    imports: ['ledger', 'seal', 'store', 'crypto', 'model', 'contract'],
    builtins: [],
    packages: [],
  },
  {
    name: 'ledger',
    path: 'server/src/ledger',
    imports: ['store', 'crypto', 'model', 'contract'],
    builtins: [],
    packages: [],
  },
  {
    name: 'seal',
    path: 'server/src/seal',
    imports: ['crypto', 'model', 'contract'],
    builtins: ['fs'],
    packages: ['shamir-secret-sharing', 'zod'],
  },
  {
    // It understands no row; `crypto` is for hashing the tree, and nothing else of it is used.
    name: 'store',
    path: 'server/src/store',
    imports: ['model', 'contract'],
    builtins: ['crypto', 'fs', 'path', 'sqlite', 'worker_threads'],
    packages: [],
    siblings: true,
  },
  {
    name: 'crypto',
    path: 'server/src/crypto',
    imports: ['model', 'contract'],
    builtins: ['crypto', 'ffi', 'worker_threads'],
    packages: [],
  },
  {
    // Croner is for calendar expressions: it computes times, and starts no timer.
    name: 'model',
    path: 'server/src/model',
    imports: ['contract'],
    builtins: [],
    packages: ['croner'],
  },
  { name: 'contract', path: 'contract/src', imports: [], builtins: [], packages: ['zod'] },
]

/** One import as it stands in a file. */
export interface Import {
  readonly specifier: string
  /** Whether it is `import type` or `export type`, of which nothing is left at run time. */
  readonly typeOnly: boolean
}

const STATIC =
  /^[ \t]*(?:import|export)\b(?<type>\s+type\b(?!\s*(?:,|from\b)))?(?:[^'"`;=()]*?\bfrom)?\s*(['"])(?<specifier>[^'"\n]+)\2/gm
const DYNAMIC = /\b(?:import|require|getBuiltinModule)\(\s*(['"])(?<specifier>[^'"\n]+)\1/g
/** How a worker's file is named. */
const WORKER = /\bnew URL\(\s*(['"])(?<specifier>[^'"\n]+)\1\s*,\s*import\.meta\.url/g

/** Every import of a TypeScript source: static, dynamic, and the files of workers. */
export function importsOf(source: string): Import[] {
  const found: Import[] = []
  for (const pattern of [STATIC, DYNAMIC, WORKER]) {
    for (const { groups } of source.matchAll(pattern)) {
      const specifier = groups?.['specifier']
      if (specifier !== undefined)
        found.push({ specifier, typeOnly: groups?.['type'] !== undefined })
    }
  }
  return found
}

/** The row that a file belongs to: the one with the longest path. */
export function wallOf(path: string): Wall | undefined {
  const rows = walls.filter((wall) => {
    if (path === wall.path) return true
    if (!path.startsWith(`${wall.path}/`)) return false
    return wall.shallow !== true || !path.slice(wall.path.length + 1).includes('/')
  })
  return rows.toSorted((a, b) => b.path.length - a.path.length)[0]
}

/** What is wrong with the imports of one file, a line each: `server/src/doors/rest/x.ts -> #crypto`, and why. */
export function violations(path: string, source: string): string[] {
  const wall = wallOf(path)
  if (wall === undefined) return [`${path}: no row of test/walls.ts covers it`]
  return importsOf(source).flatMap((found) => {
    const why = objection(wall, path, found)
    return why === undefined ? [] : [`${path} -> ${found.specifier} (${why})`]
  })
}

function objection(wall: Wall, path: string, { specifier, typeOnly }: Import): string | undefined {
  if (specifier.startsWith('node:')) return builtinObjection(wall, specifier.slice('node:'.length))
  if (specifier.startsWith('.')) return relativeObjection(wall, path, specifier, typeOnly)
  const target = targetOf(specifier)
  if (target !== undefined) return edgeObjection(wall, path, target, typeOnly)
  if (specifier.startsWith('#') || specifier.startsWith('@claviger/'))
    return 'there is no such folder'
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  return wall.packages.includes(name) ? undefined : `${wall.name} does not use this package`
}

function builtinObjection(wall: Wall, name: string): string | undefined {
  if (wall.builtins === 'all') return undefined
  const [head = ''] = name.split('/')
  if (wall.builtins.includes(head)) return undefined
  const may = wall.builtins.length === 0 ? 'nothing' : `only ${wall.builtins.join(', ')}`
  return `${wall.name} uses ${may} of Node`
}

/** The name of the row that an alias or a workspace package leads to. */
function targetOf(specifier: string): string | undefined {
  const [, name] = /^(?:#|@claviger\/)([a-z]+)(?:\/|$)/.exec(specifier) ?? []
  return walls.some((wall) => wall.name === name) ? name : undefined
}

function edgeObjection(
  wall: Wall,
  path: string,
  target: string,
  typeOnly: boolean,
): string | undefined {
  // A folder inside a folder reaches its parent's front page by the parent's name.
  if (target === wall.name)
    return childOf(wall, path) === undefined ? 'inside a folder, write ./' : undefined
  if (wall.imports.includes(target)) return undefined
  if (wall.typesOf?.includes(target))
    return typeOnly ? undefined : `${wall.name} may use only types of ${target}: write import type`
  return `${wall.name} may not import ${target}`
}

function relativeObjection(
  wall: Wall,
  path: string,
  specifier: string,
  typeOnly: boolean,
): string | undefined {
  const reached = new URL(specifier, `file:///${path}`).pathname.slice(1)
  // A package may read its own manifest, for its version.
  if (reached === `${path.slice(0, path.indexOf('/'))}/package.json`) return undefined
  const other = wallOf(reached)
  if (other === undefined) return 'it leads out of the source folders'
  if (other !== wall) {
    return wall.name === 'main'
      ? edgeObjection(wall, path, other.name, typeOnly)
      : `write #${other.name}, if the table allows it`
  }
  const from = childOf(wall, path)
  const to = childOf(wall, reached)
  if (wall.siblings === true && from !== undefined && to !== undefined && from !== to) {
    return `${wall.name}/${from} and ${wall.name}/${to} never import each other`
  }
  return undefined
}

/** The folder directly inside the wall's that a file stands in. */
function childOf(wall: Wall, path: string): string | undefined {
  const [head, ...rest] = path.slice(wall.path.length + 1).split('/')
  return rest.length === 0 ? undefined : head
}
