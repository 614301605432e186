import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { presentValue } from '../output/present.ts'
import { globalsOf, presentationOf, type Making } from './globals.ts'

/** The version of this command, from its package. */
export function commandVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

export function versionCommand(making: Making): Command {
  const command = new Command('version').description(
    'Show the versions of this command and of what it runs on',
  )
  return command.action(async () => {
    const value = {
      version: commandVersion(),
      node: process.versions.node,
      openssl: process.versions.openssl,
      platform: `${process.platform}-${process.arch}`,
    }
    await presentValue(making.shell, 'version', value, presentationOf(globalsOf(command)))
  })
}
