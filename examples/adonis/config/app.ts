/** The HTTP server of AdonisJS. */

import { defineConfig } from '@adonisjs/core/http'

export const http = defineConfig({})
