import { createCaller } from '@claviger/sdk/call'
import { Command } from 'commander'
import { usageFailure } from '../command-failure.ts'
import { readSecret } from '../input/secret.ts'
import { presentValue } from '../output/present.ts'
import { ADDRESS_DEFAULT } from '../settings/connection.ts'
import { PROFILE_NAME, profilesPath, readProfiles, writeProfiles } from '../settings/profiles.ts'
import { say } from '../shell.ts'
import { globalsOf, presentationOf, type Making } from './globals.ts'

/** Profiles: a name for each server, with its address and token, in a file that only its owner reads. */

function addCommand(making: Making): Command {
  const command = new Command('add')
    .description('Store a server and its token; the token is read from stdin or asked for')
    .argument('<name>', 'what you call it')
    .option('--no-token', 'store none: the token comes from CLAVIGER_TOKEN')
    .option('--token-file <file>', 'read the token from this file; - for stdin')
  return command.action(async (name: string, options: { token: boolean; tokenFile?: string }) => {
    const { shell } = making
    const globals = globalsOf(command)
    if (!PROFILE_NAME.test(name))
      throw usageFailure('A profile is named with letters, digits and . _ -')
    const address = globals.address ?? shell.environment['CLAVIGER_ADDR'] ?? ADDRESS_DEFAULT
    const question = `Token for ${address}: `
    const token = options.token
      ? (await readSecret(shell, { what: 'The token', question, file: options.tokenFile })).trim()
      : undefined
    // Says at once what is wrong with the address or the token, and sends nothing.
    createCaller({ address, token, insecurePlainHttp: globals.insecurePlainHttp })
    const file = await readProfiles(shell)
    const profile = {
      address,
      ...(token === undefined ? {} : { token }),
      ...(globals.caFile === undefined ? {} : { caFile: globals.caFile }),
    }
    await writeProfiles(shell, {
      current: file.current ?? name,
      profiles: { ...file.profiles, [name]: profile },
    })
    if (globals.quiet !== true) say(shell, `Stored ${name} in ${profilesPath(shell)}.`)
  })
}

function listCommand(making: Making): Command {
  const command = new Command('list').description('List the profiles, without their tokens')
  return command.action(async () => {
    const file = await readProfiles(making.shell)
    const items = Object.entries(file.profiles).map(([name, { address, token, caFile }]) => ({
      name,
      address,
      token: token === undefined ? 'none' : 'stored',
      current: name === file.current,
      ...(caFile === undefined ? {} : { caFile }),
    }))
    await presentValue(making.shell, 'profile.list', { items }, presentationOf(globalsOf(command)))
  })
}

function useCommand(making: Making): Command {
  const command = new Command('use')
    .description('Use a profile where nothing else is said')
    .argument('<name>')
  return command.action(async (name: string) => {
    const file = await readProfiles(making.shell)
    if (!Object.hasOwn(file.profiles, name)) throw usageFailure(`There is no profile ${name}`)
    await writeProfiles(making.shell, { ...file, current: name })
    if (globalsOf(command).quiet !== true) say(making.shell, `Using ${name}.`)
  })
}

function removeCommand(making: Making): Command {
  const command = new Command('remove')
    .description('Forget a profile and its token; the server still knows the token')
    .argument('<name>')
  return command.action(async (name: string) => {
    const { current, profiles } = await readProfiles(making.shell)
    if (!Object.hasOwn(profiles, name)) throw usageFailure(`There is no profile ${name}`)
    const { [name]: _removed, ...rest } = profiles
    await writeProfiles(making.shell, {
      profiles: rest,
      ...(current === undefined || current === name ? {} : { current }),
    })
    if (globalsOf(command).quiet !== true) say(making.shell, `Removed ${name}.`)
  })
}

export function profileCommand(making: Making): Command {
  return new Command('profile')
    .description('The servers you use, and your tokens for them')
    .addCommand(addCommand(making))
    .addCommand(listCommand(making))
    .addCommand(useCommand(making))
    .addCommand(removeCommand(making))
}
