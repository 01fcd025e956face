import { generateThemeStylesheet } from '@cloudscape-design/components/theming'
import { theme } from './theme.ts'

export const sheet = generateThemeStylesheet({ theme })
