import { encode } from './uqr.js'

/** A text as a QR code. */

const SVG = 'http://www.w3.org/2000/svg'
/** ISO/IEC 18004 asks for four modules of nothing around it. */
const MARGIN = 4

/**
 * Dark on light in every colour scheme, since some cameras read nothing else.
 *
 * @param {string} text
 * @param {string} label what it is, for those who cannot see it
 */
export function qrCode(text, label) {
  const { data, size } = encode(text, { ecc: 'M', border: MARGIN })
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', `0 0 ${size} ${size}`)
  svg.setAttribute('class', 'qr')
  svg.setAttribute('role', 'img')
  svg.setAttribute('aria-label', label)
  svg.setAttribute('shape-rendering', 'crispEdges')
  const path = document.createElementNS(SVG, 'path')
  const dark = data.flatMap((row, y) => row.flatMap((on, x) => (on ? [`M${x} ${y}h1v1h-1z`] : [])))
  path.setAttribute('d', dark.join(''))
  svg.append(path)
  return svg
}
