import { createRoot } from 'react-dom/client'
import 'keyreeve-theme.css'
import './base.css'
import { App } from './app.tsx'

const place = document.querySelector('#app')
if (!place) throw new Error('The page has no place for the app.')
createRoot(place).render(<App />)
