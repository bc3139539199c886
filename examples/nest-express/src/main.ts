/** Starts the app. The middleware comes first: guards, controllers and filters then have the session. */

import 'reflect-metadata'
import { NestFactory } from '@nestjs/core'
import type { NestExpressApplication } from '@nestjs/platform-express'
import { sessionMiddleware } from 'sojourn/express'
import { AppModule } from './app.module.js'
import { sessions } from './sessions.js'

const app = await NestFactory.create<NestExpressApplication>(AppModule)
app.use(sessionMiddleware(sessions))

const port = process.env.PORT ?? 3000
await app.listen(port)
console.log(`http://localhost:${port}`)
