import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the tools of this folder find the repository: every path they name is relative to its root. */

export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')

/** What holds nothing of ours: folders, and the file that git has in place of its folder in a second working tree. */
const foreign = new Set(['node_modules', '.git', '.claviger', 'dist', 'coverage'])

/** Every file of ours below `folder` whose path passes, sorted; paths are relative to the root and have forward slashes. */
export function filesBelow(folder: string, passes: (path: string) => boolean): string[] {
  const found: string[] = []
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder === '.' ? entry.name : `${folder}/${entry.name}`
    if (foreign.has(entry.name)) continue
    if (entry.isDirectory()) {
      found.push(...filesBelow(path, passes))
    } else if (entry.isFile() && passes(path)) {
      found.push(path)
    }
  }
  return found.toSorted()
}

/** The text of a file of the repository. */
export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

export function isTypeScript(path: string): boolean {
  return path.endsWith('.ts')
}

export function isTest(path: string): boolean {
  return path.endsWith('.test.ts')
}
