import { read } from '../repository.ts'
import type { Workbench } from './client.ts'

/**
 * Runs a page of the manual as a reader would: every block that names a file after its language is written to that file, and every block
 * of `sh` is run, in their order, in one shell that stops at the first line that fails.
 */

const BLOCK = /^```(?<language>[a-z]+)(?: (?<file>\S+))?\n(?<body>[\s\S]*?)^```$/gm

/** What the page's lines printed. @throws Error with what they printed, where a line fails. */
export async function runPage(bench: Workbench, path: string): Promise<string> {
  const lines: string[] = []
  for (const { groups } of read(path).matchAll(BLOCK)) {
    const { language, file, body = '' } = groups ?? {}
    if (file !== undefined) await bench.write(file, body)
    else if (language === 'sh') lines.push(body)
  }
  if (lines.length === 0) throw new Error(`${path} has no lines to run`)
  const { environment } = bench.server
  const variables = Object.entries(environment).filter(([name]) => /^(AWS|CLAVIGER)_/.test(name))
  await bench.write('aws.env', variables.map(([name, value]) => `${name}=${value}\n`).join(''))
  return bench.ok('bash', ['-euo', 'pipefail', '-c', lines.join('\n')])
}
