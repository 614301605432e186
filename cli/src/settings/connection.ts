import { readFile } from 'node:fs/promises'
import { createCaller, type Caller, type ClientOptions, type Fetch } from '@claviger/sdk/call'
import { systemReason, usageFailure } from '../command-failure.ts'
import type { Shell } from '../shell.ts'
import { PROFILE_NAME, readProfiles, type Profile } from './profiles.ts'
import { send } from './send.ts'

/** The options that every command has. */
export interface Globals {
  readonly output?: 'table' | 'json' | 'yaml' | 'raw'
  readonly field?: string
  readonly profile?: string
  readonly address?: string
  readonly caFile?: string
  readonly timeout?: number
  readonly insecurePlainHttp?: boolean
  readonly curl?: boolean
  readonly quiet?: boolean
  readonly yes?: boolean
  /** The id of an approved request to do just this. */
  readonly approval?: string
}

/** Where the calls go and with which token. */
export interface Connection {
  readonly address: string
  readonly token: string | undefined
  readonly caFile: string | undefined
  /** Where the settings came from, for `doctor`. */
  readonly source: string
}

export const ADDRESS_DEFAULT = 'http://127.0.0.1:8200'
/** Making an RSA-4096 key takes seconds, and `doctor` reads every row. */
export const TIMEOUT_SECONDS_DEFAULT = 60

function given(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value
}

async function chosenProfile(
  shell: Shell,
  globals: Globals,
): Promise<{ name: string; profile: Profile } | undefined> {
  const wanted = globals.profile ?? given(shell.environment['CLAVIGER_PROFILE'])
  const file = await readProfiles(shell)
  const name = wanted ?? file.current
  if (name === undefined) return undefined
  const profile = Object.hasOwn(file.profiles, name) ? file.profiles[name] : undefined
  if (profile !== undefined) return { name, profile }
  throw usageFailure(`There is no profile ${name}`, "'claviger profile list' shows them.")
}

/**
 * Address and token: options win over the environment, and the environment over the profile. `--profile` is an option, so it wins over
 * CLAVIGER_ADDR and CLAVIGER_TOKEN too. A profile's token is sent to that profile's address and to no other.
 */
export async function findConnection(shell: Shell, globals: Globals): Promise<Connection> {
  const environment = globals.profile === undefined ? shell.environment : {}
  const addressGiven = given(globals.address) ?? given(environment['CLAVIGER_ADDR'])
  const tokenGiven = given(environment['CLAVIGER_TOKEN'])
  const complete = addressGiven !== undefined && tokenGiven !== undefined
  const chosen = complete ? undefined : await chosenProfile(shell, globals)
  const address = addressGiven ?? chosen?.profile.address ?? ADDRESS_DEFAULT
  const itsOwn = chosen !== undefined && address === chosen.profile.address
  return {
    address,
    token: tokenGiven ?? (itsOwn ? chosen.profile.token : undefined),
    caFile:
      given(globals.caFile) ??
      given(environment['CLAVIGER_CA_FILE']) ??
      (itsOwn ? chosen.profile.caFile : undefined),
    source:
      globals.address !== undefined
        ? '--address'
        : addressGiven !== undefined
          ? 'CLAVIGER_ADDR'
          : chosen !== undefined
            ? `profile ${chosen.name}`
            : 'default',
  }
}

/** Where a login is made, and the profile that keeps it. */
export interface LoginTarget {
  readonly name: string
  readonly address: string
  readonly caFile: string | undefined
}

/** What a profile is called that a login makes where there is none. */
const PROFILE_DEFAULT = 'default'
/** How the token of a login begins. */
const LOGIN_TOKEN = 'clvs_'

/**
 * The profile that a login goes to: the one that is named, or the current one, or a new one. A login is kept for the address it was
 * made at, and puts out no token of a program: that may be kept nowhere else.
 */
export async function loginTarget(shell: Shell, globals: Globals): Promise<LoginTarget> {
  const environment = globals.profile === undefined ? shell.environment : {}
  const file = await readProfiles(shell)
  const name =
    globals.profile ?? given(environment['CLAVIGER_PROFILE']) ?? file.current ?? PROFILE_DEFAULT
  if (!PROFILE_NAME.test(name))
    throw usageFailure('A profile is named with letters, digits and . _ -')
  const profile = Object.hasOwn(file.profiles, name) ? file.profiles[name] : undefined
  const addressGiven = given(globals.address) ?? given(environment['CLAVIGER_ADDR'])
  const address = addressGiven ?? profile?.address ?? ADDRESS_DEFAULT
  if (profile !== undefined && profile.address !== address)
    throw usageFailure(
      `The profile ${name} is for another address`,
      'Choose a profile for this login with --profile NAME.',
    )
  if (profile?.token !== undefined && !profile.token.startsWith(LOGIN_TOKEN))
    throw usageFailure(
      `The profile ${name} has the token of a program, which a login would put out`,
      'Choose another profile for the login with --profile NAME.',
    )
  const caFile = given(globals.caFile) ?? given(environment['CLAVIGER_CA_FILE']) ?? profile?.caFile
  return { name, address, caFile }
}

/** Trusts the authority in the file beside the usual ones, for this process. */
async function trust(caFile: string): Promise<void> {
  const pem = await readFile(caFile, 'utf8').catch((error: unknown) => {
    throw usageFailure(`Cannot read the certificate authority ${caFile}: ${systemReason(error)}`)
  })
  // Loaded when it is needed: most servers need no authority of their own, or have no TLS.
  const { getCACertificates, setDefaultCACertificates } = process.getBuiltinModule('node:tls')
  try {
    setDefaultCACertificates([...getCACertificates('default'), pem])
  } catch {
    throw usageFailure(`${caFile} is not a certificate in PEM form`)
  }
}

/** What a client of the connection is made with. Trusts the connection's authority. */
export async function clientOptions(
  globals: Globals,
  connection: Pick<Connection, 'address' | 'token' | 'caFile'>,
  fetch: Fetch = send,
): Promise<ClientOptions> {
  if (connection.caFile !== undefined) await trust(connection.caFile)
  return {
    address: connection.address,
    token: connection.token,
    fetch,
    timeoutMs: (globals.timeout ?? TIMEOUT_SECONDS_DEFAULT) * 1_000,
    insecurePlainHttp: globals.insecurePlainHttp,
  }
}

/** Makes calls over the connection, each from its row. */
export async function callerFor(shell: Shell, globals: Globals): Promise<Caller> {
  return createCaller(await clientOptions(globals, await findConnection(shell, globals)))
}
