import { Command } from 'commander'
import { callerFor } from '../settings/connection.ts'
import { say } from '../shell.ts'
import { globalsOf, type Making } from './globals.ts'
import { portOf, throughBrowser } from './login-provider.ts'
import { rowOf } from './names.ts'
import { callOrPrint } from './run.ts'
import { callProving } from './step-up.ts'

/** Linking oneself with a login provider: the login there is done in a browser of this machine, as `login --provider` does it. */
export function providerLinkCommand(making: Making): Command {
  const command = new Command('provider-link')
    .description(rowOf('login.providerLink').summary)
    .argument('<provider>', 'The id of a login provider')
    .option('--port <number>', 'where the browser comes back to on this machine; any unless given')
  return command.action(async (provider: string, options: { readonly port?: string }) => {
    const { shell } = making
    const globals = globalsOf(command)
    const port = portOf(options.port)
    if (globals.curl === true) {
      await callOrPrint(shell, globals, rowOf('login.providerLinkStart'), { provider })
      return
    }
    const call = await callerFor(shell, globals)
    await throughBrowser(
      shell,
      port,
      (redirect) =>
        callProving(shell, call, rowOf('login.providerLinkStart'), { provider, redirect }),
      (answer) => callProving(shell, call, rowOf('login.providerLink'), answer),
    )
    if (globals.quiet !== true) say(shell, 'Linked: you can log in with this provider from now on.')
  })
}
