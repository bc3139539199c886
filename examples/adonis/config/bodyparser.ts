/** The body parser of AdonisJS. */

import { defineConfig } from '@adonisjs/core/bodyparser'

export default defineConfig({})
