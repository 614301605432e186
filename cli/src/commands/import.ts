import type { Command } from 'commander'
import { usageFailure } from '../command-failure.ts'
import { fieldsOf } from '../fields/field.ts'
import { readSource } from '../input/source.ts'
import { callerFor } from '../settings/connection.ts'
import type { Making } from './globals.ts'
import { rowOf } from './names.ts'
import { operationCommand, runOperation, type Given } from './operation.ts'

/** The longest key material, in bytes: an RSA-4096 private key has 2.4 kB, the largest SLH-DSA less. */
const MATERIAL_BYTES_MAX = 16_384

/** `key import`, which can also do the wrapping: `--material @file` asks for a one-time key and wraps under it here. */
export function importCommand(making: Making): Command {
  const { shell } = making
  const command = operationCommand(making, 'key.import').option(
    '--material <source>',
    'the key material, which is wrapped here before it is sent (@file or - for stdin)',
  )
  return command.action(async () => {
    const { material, ...given } = command.opts<Given & { material?: string }>()
    await runOperation(
      making,
      command,
      'key.import',
      fieldsOf(rowOf('key.import')),
      given,
      async (input, globals) => {
        if (material === undefined) return
        if (globals.curl === true)
          throw usageFailure('--material is wrapped here, so --curl cannot show it')
        const source = readSource(shell, material, MATERIAL_BYTES_MAX, '--material')
        if (source === undefined)
          throw usageFailure(
            '--material takes @file or - (stdin), because other processes can read a command line',
          )
        const bytes = await source
        const call = await callerFor(shell, globals)
        const { id, publicKey } = await call(rowOf('key.importParameters'), {})
        const { wrapKeyMaterial } = await import('@claviger/sdk')
        input['parameters'] = id
        input['wrapped'] = wrapKeyMaterial(publicKey, bytes)
        bytes.fill(0)
      },
    )
  })
}
