/** Starts the app. The plugin comes first: guards, controllers and filters then have the session. */

import 'reflect-metadata'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { sessionPlugin } from 'sojourn/fastify'
import { AppModule } from './app.module.js'
import { sessions } from './sessions.js'

const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter())
await app.register(sessionPlugin, { sessions })

const port = process.env.PORT ?? 3000
await app.listen(port)
console.log(`http://localhost:${port}`)
