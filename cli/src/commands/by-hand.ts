import type { Command } from 'commander'
import type { Making } from './globals.ts'

/**
 * The commands that are written by hand, because they ask, read or check more than a row says. Each stands at the words that call it, and
 * its module is loaded when the command is made.
 */
type Make = (making: Making) => Promise<Command>

/** Commands of one word. */
export const commandsByHand: Readonly<Record<string, Make>> = Object.freeze({
  encrypt: async (making) => (await import('./encrypt.ts')).encryptCommand(making),
  decrypt: async (making) => (await import('./decrypt.ts')).decryptCommand(making),
  login: async (making) => (await import('./login.ts')).loginCommand(making),
  logout: async (making) => (await import('./login.ts')).logoutCommand(making),
  init: async (making) => (await import('./init.ts')).initCommand(making),
  unseal: async (making) => (await import('./unseal.ts')).unsealCommand(making),
  'rotate-root': async (making) => (await import('./root-key.ts')).rotateRootCommand(making),
  'reissue-seal': async (making) => (await import('./root-key.ts')).reissueSealCommand(making),
  doctor: async (making) => (await import('./doctor.ts')).doctorCommand(making),
  rewrap: async (making) => (await import('./rewrap.ts')).rewrapCommand(making),
  statement: async (making) => (await import('./statement-verify.ts')).statementCommand(making),
  events: async (making) => (await import('./events.ts')).eventsCommand(making),
  profile: async (making) => (await import('./profile.ts')).profileCommand(making),
  completion: async (making) => (await import('./completion.ts')).completionCommand(making),
  version: async (making) => (await import('./version.ts')).versionCommand(making),
})

/** Commands of a group, by its word and theirs. */
export const verbsByHand: Readonly<Record<string, Readonly<Record<string, Make>>>> = Object.freeze({
  key: {
    import: async (making) => (await import('./import.ts')).importCommand(making),
    compromise: async (making) =>
      (await import('./key-compromise.ts')).keyCompromiseCommand(making),
  },
  logins: {
    'provider-link': async (making) =>
      (await import('./provider-link.ts')).providerLinkCommand(making),
  },
  ledger: {
    prove: async (making) => (await import('./ledger-prove.ts')).ledgerProveCommand(making),
    tail: async (making) => (await import('./ledger-tail.ts')).ledgerTailCommand(making),
    verify: async (making) => (await import('./ledger-verify.ts')).ledgerVerifyCommand(making),
    export: async (making) => (await import('./ledger-export.ts')).ledgerExportCommand(making),
  },
})
