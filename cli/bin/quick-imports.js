import { registerHooks } from 'node:module'

/**
 * Loaded before anything else, by the launcher: finds modules without looking for them. Our own imports name files to the letter, so that
 * for most of them there is nothing to look up; Node would ask the disk for each what it is, whether it is a link, and which package it
 * is of, which is a sixth of the time of a start and 7 MB. What else is not ours Node resolves as always, and without this file all is the
 * same, but later. It is JavaScript, since what strips types would have to be loaded for it alone.
 */

/** The words of 50 languages, which zod loads with itself and nothing here says. */
const LOCALES = '../locales/index.js'
const NOTHING = 'data:text/javascript,'
/** Packages that every command loads, and that are modules throughout: their files name each other to the letter, too. */
const LETTERED = ['/node_modules/zod/', '/node_modules/commander/']

/**
 * What aliases and packages are, once for all of our files: an alias is of one workspace, and each package is there once.
 *
 * @type {Map<string, import('node:module').ResolveFnOutput>}
 */
const found = new Map()

registerHooks({
  resolve(specifier, context, next) {
    const { parentURL } = context
    if (parentURL === undefined || specifier.startsWith('node:')) return next(specifier, context)
    if (specifier === LOCALES && parentURL.includes('/node_modules/zod/'))
      return { url: NOTHING, format: 'module', shortCircuit: true }
    if (LETTERED.some((place) => parentURL.includes(place)) && /^\.\.?\/.*\.js$/.test(specifier))
      return { url: new URL(specifier, parentURL).href, format: 'module', shortCircuit: true }
    if (!parentURL.endsWith('.ts')) return next(specifier, context)
    if (specifier.startsWith('.') && specifier.endsWith('.ts'))
      return {
        url: new URL(specifier, parentURL).href,
        format: 'module-typescript',
        shortCircuit: true,
      }
    if (specifier.startsWith('.')) return next(specifier, context)
    const held = found.get(specifier)
    if (held !== undefined) return held
    const resolved = next(specifier, context)
    const { url, format } = resolved
    if (typeof format === 'string') found.set(specifier, { url, format, shortCircuit: true })
    return resolved
  },
})
