import { fileURLToPath } from 'node:url'
import { build, defineConfig, type Plugin } from 'vite'
import { offlinePage } from './offline/build.ts'

const name = 'keyreeve-theme.css'

/** The theme as a style sheet made now: one made in the browser would need a style in the page, which the CSP refuses. */
const themeSheet: Plugin = {
  name: 'theme-sheet',
  resolveId: id => (id === name ? `\0${name}` : null),
  async load(id) {
    if (id !== `\0${name}`) return null
    const entry = fileURLToPath(new URL('theme-sheet.ts', import.meta.url))
    // Bundled, since Node does not find the parts of these packages as they import each other.
    const options = { write: false, ssr: entry, minify: false, rolldownOptions: { output: { codeSplitting: false } } }
    const made = await build({ configFile: false, logLevel: 'error', ssr: { noExternal: true }, build: options })
    const [chunk] = 'output' in made ? made.output : []
    if (!chunk) throw new Error('The theme was not built.')
    const { sheet } = await import(`data:text/javascript,${encodeURIComponent(chunk.code)}`)
    return sheet
  },
}

export default defineConfig({
  // Relative: the server may have a base path.
  base: './',
  plugins: [themeSheet, offlinePage],
  build: {
    outDir: '../server/console',
    emptyOutDir: true,
    target: 'es2022',
    // Nothing from data: URLs, which the CSP refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2_000,
    rolldownOptions: {
      // Said of each module of the components, which all are for the browser.
      onLog: (level, log, handler) => (log.code === 'MODULE_LEVEL_DIRECTIVE' ? undefined : handler(level, log)),
    },
  },
})
